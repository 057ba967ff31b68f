import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AgeUsageError, HeaderError, HeaderIncompleteError } from '../../lib/age/errors.ts'
import {
  authenticatedPart,
  encodeHeader,
  MAX_HEADER_BYTES,
  parseHeader,
  type Stanza,
} from '../../lib/age/header.ts'
import { concatBytes, utf8 } from '../../lib/bytes.ts'

const argument = fc.stringMatching(/^[\x21-\x7e]+$/)
const stanza: fc.Arbitrary<Stanza> = fc.record({
  recipientType: argument,
  arguments: fc.array(argument, { maxLength: 3 }),
  body: fc.uint8Array({ maxLength: 150 }).map((octets) => Uint8Array.from(octets)),
})
const MAC = new Uint8Array(32).fill(9)
const STANZA = { recipientType: 'example', arguments: ['a'], body: new Uint8Array(48) }
const HEADER = encodeHeader({ authenticated: authenticatedPart([STANZA]), mac: MAC })

test('what is written is read back, whatever follows it', () => {
  fc.assert(
    fc.property(
      fc.array(stanza, { minLength: 1, maxLength: 4 }),
      fc.uint8Array(),
      (stanzas, after) => {
        const written = encodeHeader({ authenticated: authenticatedPart(stanzas), mac: MAC })
        const { header, length } = parseHeader(concatBytes(written, after))
        expect(header.stanzas).toEqual(stanzas)
        expect(header.mac).toEqual(MAC)
        expect(length).toBe(written.length)
      },
    ),
  )
})

test('a header cut anywhere asks for more', () => {
  for (let length = 0; length < HEADER.length; length += 1) {
    expect(() => parseHeader(HEADER.subarray(0, length))).toThrow(HeaderIncompleteError)
  }
})

test('arbitrary bytes raise HeaderError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (octets, isPlausible) => {
      const start = isPlausible ? utf8('age-encryption.org/v1\n-> a\n') : new Uint8Array(0)
      expect(() => parseHeader(concatBytes(start, octets))).toThrow(HeaderError)
    }),
  )
})

test('another kind of file is told from its first bytes', () => {
  const refusal = () => parseHeader(utf8('%PDF'))
  expect(refusal).toThrow(HeaderError)
  expect(refusal).not.toThrow(HeaderIncompleteError)
})

const VERSION = 'age-encryption.org/v1\n'
const END = `--- ${'A'.repeat(43)}\n`

test.each([
  ['no stanza', `${VERSION}${END}`],
  ['a line of a body with more than 64 columns', `${VERSION}-> a\n${'A'.repeat(68)}\n${END}`],
  ['a body that ends with a full line', `${VERSION}-> a\n${'A'.repeat(64)}\n${END}`],
  ['a stanza without arguments', `${VERSION}-> \n\n${END}`],
  ['a MAC of 33 bytes', `${VERSION}-> a\n\n--- ${'A'.repeat(44)}\n`],
])('a header with %s is refused', (_fact, text) => {
  expect(parseHeader(utf8(`${VERSION}-> a\n\n${END}`)).header.stanzas).toHaveLength(1)
  const refusal = () => parseHeader(utf8(text))
  expect(refusal).toThrow(HeaderError)
  expect(refusal).not.toThrow(HeaderIncompleteError)
})

describe('a header without end', () => {
  const endless = (bytes: number) => {
    const data = new Uint8Array(bytes).fill(0x41)
    data.set(utf8('age-encryption.org/v1\n-> a '))
    return data
  }

  test('asks for more up to the limit', () => {
    expect(() => parseHeader(endless(MAX_HEADER_BYTES))).toThrow(HeaderIncompleteError)
  })

  test('is refused beyond it', () => {
    const refusal = () => parseHeader(endless(MAX_HEADER_BYTES + 1))
    expect(refusal).toThrow(HeaderError)
    expect(refusal).not.toThrow(HeaderIncompleteError)
  })
})

test('octets above ASCII are no arguments', () => {
  const text = 'age-encryption.org/v1\n-> caf\u00e9\n\n--- '
  expect(() => parseHeader(Uint8Array.from(Buffer.from(text, 'latin1')))).toThrow(HeaderError)
})

describe('writing refuses', () => {
  test.each([
    ['no stanza', []],
    ['an empty argument', [{ ...STANZA, arguments: [''] }]],
    ['a space in an argument', [{ ...STANZA, arguments: ['a b'] }]],
    ['a line feed, which would begin a line of its own', [{ ...STANZA, arguments: ['a\n-> b'] }]],
    ['a line feed at the end', [{ ...STANZA, arguments: ['a\n'] }]],
    ['a letter beyond ASCII', [{ ...STANZA, recipientType: 'é' }]],
  ])('%s', (_fact, stanzas) => {
    expect(() => authenticatedPart(stanzas)).toThrow(AgeUsageError)
  })
})
