/** A header has one spelling: whatever is read would be written the same. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HeaderError } from '../../lib/age/errors.ts'
import { FileKey } from '../../lib/age/filekey.ts'
import { authenticatedPart, encodeHeader, parseHeader, type Stanza } from '../../lib/age/header.ts'
import { parseHybridStanza, toStanza } from '../../lib/age/hybrid.ts'
import { parseSealedHeader, SEALED_HEADER_BYTES } from '../../lib/age/sealed_header.ts'
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import { wrapFileKey } from '../../lib/age/wrap.ts'
import { concatBytes, utf8 } from '../../lib/bytes.ts'
import { areSame, bytes, change, changed } from './arbitrary.ts'

const word = fc.stringMatching(/^[\x21-\x7e]{1,12}$/)
const stanza: fc.Arbitrary<Stanza> = fc.record({
  recipientType: word,
  arguments: fc.array(word, { maxLength: 3 }),
  body: bytes({ maxLength: 150 }),
})
const stanzas = fc.array(stanza, { minLength: 1, maxLength: 3 })
const mac = bytes({ minLength: 32, maxLength: 32 })

function encode(parts: readonly Stanza[], headerMac: Uint8Array) {
  return encodeHeader({ authenticated: authenticatedPart(parts), mac: Uint8Array.from(headerMac) })
}

/** Read a header; if it is one, it is what writing its parts gives. */
function readsAsWritten(data: Uint8Array): boolean {
  let read: ReturnType<typeof parseHeader>
  try {
    read = parseHeader(data)
  } catch (failure) {
    expect(failure).toBeInstanceOf(HeaderError)
    return false
  }
  const { header, length } = read
  expect(areSame(encode(header.stanzas, header.mac), data.subarray(0, length))).toBe(true)
  expect(areSame(header.authenticated, authenticatedPart(header.stanzas))).toBe(true)
  return true
}

test('what is written is read back', () => {
  fc.assert(
    fc.property(stanzas, mac, bytes({ maxLength: 50 }), (parts, headerMac, after) => {
      const written = encode(parts, headerMac)
      const { header, length } = parseHeader(concatBytes(written, after))
      expect(header).toEqual({
        stanzas: parts,
        mac: headerMac,
        authenticated: authenticatedPart(parts),
      })
      expect(length).toBe(written.length)
    }),
  )
})

test('a changed header is refused, or is the one spelling of something else', () => {
  let accepted = 0
  fc.assert(
    fc.property(
      stanzas,
      mac,
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (parts, m, done) => {
        const written = encode(parts, m)
        const damaged = done.reduce(changed, written)
        if (!readsAsWritten(damaged)) return
        accepted += 1
        const { header, length } = parseHeader(damaged)
        if (areSame(damaged.subarray(0, length), written)) return
        expect({ ...header, authenticated: null }).not.toEqual({
          stanzas: parts,
          mac: m,
          authenticated: null,
        })
      },
    ),
    { numRuns: 1_000 },
  )
  // Or nothing would have been said of the headers that are read.
  expect(accepted).toBeGreaterThan(0)
})

// Pieces that headers are made of, right and almost right, in any order.
const piece = fc.constantFrom(
  'age-encryption.org/v1\n',
  'age-encryption.org/v1\r\n',
  '-> a\n',
  '-> a b\n',
  '-> a  b\n',
  '-> \n',
  '->\n',
  '\n',
  '\r\n',
  'AA\n',
  'AB\n',
  'AA==\n',
  'AAA\n',
  `${'A'.repeat(64)}\n`,
  `${'A'.repeat(65)}\n`,
  `--- ${'A'.repeat(43)}\n`,
  `--- ${'A'.repeat(42)}B\n`,
  `---${'A'.repeat(43)}\n`,
  `--- ${'A'.repeat(43)}`,
)

test('pieces of headers in any order are refused, or are the one spelling', () => {
  let accepted = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, isStarted) => {
      const start = isStarted ? ['age-encryption.org/v1\n', '-> x\n'] : []
      if (readsAsWritten(utf8([...start, ...pieces].join('')))) accepted += 1
    }),
    { numRuns: 2_000 },
  )
  expect(accepted).toBeGreaterThan(0)
})

test("a sealed file's stanza is read as it is written, and any change is seen or refused", () => {
  const { recipient } = new HybridIdentity(new Uint8Array(32))
  const wrapped = wrapFileKey(FileKey.generate(), recipient)
  expect(parseHybridStanza(toStanza(wrapped))).toEqual(wrapped)
  const written = encode([toStanza(wrapped)], new Uint8Array(32))
  expect(written).toHaveLength(SEALED_HEADER_BYTES)
  fc.assert(
    fc.property(change, bytes({ maxLength: 20 }), (damage, after) => {
      const damaged = changed(written, damage)
      fc.pre(!areSame(damaged.subarray(0, SEALED_HEADER_BYTES), written))
      let read: ReturnType<typeof parseSealedHeader>
      try {
        read = parseSealedHeader(concatBytes(damaged, after))
      } catch (failure) {
        expect(failure).toBeInstanceOf(HeaderError)
        return
      }
      expect({ ...read.stanza, mac: read.header.mac }).not.toEqual({
        ...wrapped,
        mac: new Uint8Array(32),
      })
      const again = encode([toStanza(read.stanza)], read.header.mac)
      expect(areSame(again, concatBytes(damaged, after).subarray(0, SEALED_HEADER_BYTES))).toBe(
        true,
      )
    }),
    { numRuns: 300 },
  )
})
