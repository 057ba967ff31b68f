/** Keys, base64, hexadecimal and armor: each value has one spelling, and no other is read. */
import { armor } from 'age-encryption'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeArmor } from '../../lib/age/armor.ts'
import { decodeBech32, encodeBech32 } from '../../lib/age/bech32.ts'
import { AgeError } from '../../lib/age/errors.ts'
import { decodeRawBase64, encodeRawBase64 } from '../../lib/age/rawbase64.ts'
import { Base64Error, decodeBase64, encodeBase64 } from '../../lib/base64.ts'
import type { Bytes } from '../../lib/bytes.ts'
import { KeysError } from '../../lib/keys/errors.ts'
import { decodeHex, encodeHex } from '../../lib/keys/values.ts'
import { areSame, bytes, change, changed } from './arbitrary.ts'

interface Spelling {
  readonly encode: (value: Bytes) => string
  readonly decode: (text: string) => Uint8Array
  readonly error: new (text: string) => Error
  /** The one spelling that a text which is read stands for; itself, unless said otherwise. */
  readonly canonical?: (text: string) => string
  /** What near misses are made of. */
  readonly characters: string
}

const PREFIX = 'age1pq'
const SYMBOLS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l' // BIP 173
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] // BIP 173
const HEX_BYTES = 3

const SPELLINGS: readonly (readonly [string, Spelling])[] = [
  [
    'Bech32',
    {
      encode: (value) => encodeBech32(PREFIX, value),
      decode: (text) => decodeBech32(text, { prefix: PREFIX }),
      error: AgeError,
      canonical: (text) => text.toLowerCase(), // age allows both cases, never mixed
      characters: 'qpzry9x8gf2tvdw0s3jn54khce6mua7lbio1AGE \n\u212a',
    },
  ],
  [
    'raw base64',
    {
      encode: encodeRawBase64,
      decode: decodeRawBase64,
      error: AgeError,
      characters: 'ABwxyz019+/=-_ \n\r\t\u00c1',
    },
  ],
  [
    'base64',
    {
      encode: encodeBase64,
      decode: decodeBase64,
      error: Base64Error,
      characters: 'ABwxyz019+/=-_ \n\r\t\u00c1',
    },
  ],
  [
    'hexadecimal',
    {
      encode: encodeHex,
      decode: (text) => decodeHex(text, { length: Math.ceil(text.length / 2) }),
      error: KeysError,
      characters: '09afAFgx \n\u0660',
    },
  ],
  [
    'armor',
    {
      encode: (value) => armor.encode(value),
      decode: (text) => decodeArmor(Uint8Array.from(Buffer.from(text, 'latin1'))),
      error: AgeError,
      canonical: (text) =>
        `${text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').replaceAll('\r\n', '\n')}\n`,
      characters: 'AB=- \n\r\t\u00c1',
    },
  ],
]

describe.each(SPELLINGS)('%s', (_name, { encode, decode, error, canonical, characters }) => {
  const value = bytes({ maxLength: 120 })
  const noise = fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 })

  function readsAsWritten(text: string): boolean {
    let read: Uint8Array
    try {
      read = decode(text)
    } catch (failure) {
      expect(failure).toBeInstanceOf(error)
      return false
    }
    expect(encode(Uint8Array.from(read))).toBe(canonical === undefined ? text : canonical(text))
    return true
  }

  test('what is written is read back', () => {
    fc.assert(
      fc.property(value, (octets) => {
        expect(areSame(decode(encode(octets)), octets)).toBe(true)
        expect(readsAsWritten(encode(octets))).toBe(true)
      }),
    )
  })

  test('two values are never written alike', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(encode(one) === encode(other)).toBe(areSame(one, other))
      }),
    )
  })

  test('a changed text is refused, or is the one spelling of something else', () => {
    fc.assert(
      fc.property(value, change, (octets, damage) => {
        const text = Buffer.from(changed(Buffer.from(encode(octets), 'latin1'), damage))
        readsAsWritten(text.toString('latin1'))
      }),
      { numRuns: 300 },
    )
  })

  test('a text of right and wrong characters is refused, or is the one spelling', () => {
    fc.assert(
      fc.property(value, noise, fc.nat(), fc.boolean(), (octets, extra, at, isAlone) => {
        const text = encode(octets)
        const split = at % (text.length + 1)
        readsAsWritten(isAlone ? extra : text.slice(0, split) + extra + text.slice(split))
      }),
      { numRuns: 300 },
    )
  })
})

test('any symbols under a right Bech32 checksum are refused, or are the one spelling', () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 31 }), { maxLength: 20 }), (symbols) => {
      const text = withChecksum(symbols)
      let read: Uint8Array
      try {
        read = decodeBech32(text, { prefix: PREFIX })
      } catch (failure) {
        expect(failure).toBeInstanceOf(AgeError)
        return
      }
      accepted += 1
      expect(encodeBech32(PREFIX, read)).toBe(text)
    }),
    { numRuns: 1_000 },
  )
  expect(accepted).toBeGreaterThan(0)
})

/** Return the symbols with their checksum, as BIP 173 defines it. */
function withChecksum(symbols: readonly number[]): string {
  const codes = [...PREFIX].map((character) => character.charCodeAt(0))
  const prefix = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)]
  let check = 1
  for (const symbol of [...prefix, ...symbols, 0, 0, 0, 0, 0, 0]) {
    const top = check >> 25
    check = ((check & 0x1ffffff) << 5) ^ symbol
    for (const [bit, generator] of GENERATOR.entries()) if ((top >> bit) & 1) check ^= generator
  }
  const checksum = [25, 20, 15, 10, 5, 0].map((shift) => ((check ^ 1) >> shift) & 31)
  return `${PREFIX}1${[...symbols, ...checksum].map((symbol) => SYMBOLS.charAt(symbol)).join('')}`
}

test('any four characters are refused as base64, or are the one spelling of three bytes or fewer', () => {
  const unit = fc.constantFrom('A', 'B', 'Q', 'g', 'w', 'x', '/', '+', '=', '-', ' ', '\n')
  fc.assert(
    fc.property(fc.string({ unit, minLength: 4, maxLength: 4 }), (text) => {
      let read: Uint8Array
      try {
        read = decodeBase64(text)
      } catch (failure) {
        expect(failure).toBeInstanceOf(Base64Error)
        return
      }
      expect(Buffer.from(read).toString('base64')).toBe(text)
    }),
    { numRuns: 2_000 },
  )
})

test(`hexadecimal of another length than ${HEX_BYTES} bytes is refused where that is asked`, () => {
  fc.assert(
    fc.property(bytes({ maxLength: 6 }), (octets) => {
      const read = () => decodeHex(encodeHex(octets), { length: HEX_BYTES })
      if (octets.length === HEX_BYTES) expect(read()).toEqual(octets)
      else expect(read).toThrow(KeysError)
    }),
  )
})
