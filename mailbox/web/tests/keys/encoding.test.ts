import { describe, expect, test } from 'vitest'
import { parseAddress, parseOrigin } from '../../lib/keys/address.ts'
import {
  checkText,
  decodeCanonical,
  decodePadded,
  encodeCanonical,
  encodePadded,
} from '../../lib/keys/canonical.ts'
import { AddressError, CanonicalError, MisuseError, SpellingError } from '../../lib/keys/errors.ts'
import { derive, frame } from '../../lib/keys/framing.ts'
import { Secret } from '../../lib/keys/secret.ts'
import { leafHash, treeHash } from '../../lib/keys/tree.ts'
import { checkHex, decodeHex, encodeBase64, encodeHex, readBase64 } from '../../lib/keys/values.ts'
import { hex, toHex } from '../support/hex.ts'
import { canonicalCount, readVectors, vectorCases } from '../support/vectors.ts'

describe('framing', () => {
  test.each(vectorCases('framing'))('%s', (_name, vector) => {
    const items = (vector.bodyJson() as string[]).map(hex)
    expect(toHex(frame(vector.text('label'), ...items))).toBe(vector.text('framed'))
  })

  test.each(vectorCases('derive'))('%s', (_name, vector) => {
    const derived = derive(vector.hex('key'), vector.text('label'))
    expect(toHex(derived)).toBe(vector.text('derived'))
  })

  test.each([
    ['without its prefix', () => frame('vectors')],
    ['that is nothing but its prefix', () => frame('souspli/v1/')],
    ['in deriving', () => derive(new Uint8Array(32), 'other')],
  ])('a label %s is misuse', (_what, call) => {
    expect(call).toThrow(MisuseError)
  })

  test('a text with half a character is misuse, since UTF-8 has no bytes for it', () => {
    expect(() => frame('souspli/v1/vectors', '\ud83e')).toThrow(MisuseError)
  })

  test('only 32 bytes are derived from', () => {
    expect(() => derive(new Uint8Array(31), 'souspli/v1/vectors')).toThrow(MisuseError)
  })
})

describe('values', () => {
  test.each(vectorCases('base64', 'accept'))('%s', (_name, vector) => {
    const value = vector.hex('value')
    expect(readBase64(vector.bodyText())).toEqual(value)
    expect(encodeBase64(value)).toBe(vector.bodyText())
  })

  test.each(vectorCases('base64', 'refuse'))('%s', (_name, vector) => {
    expect(() => readBase64(vector.bodyText())).toThrow(SpellingError)
  })

  test('base64 of another length than asked for is refused', () => {
    expect(() => readBase64('YWJj', { length: 4 })).toThrow(SpellingError)
  })

  test.each(['AB', 'a', 'abc', 'g0', 'a\n'])('%j is no hexadecimal of one byte', (text) => {
    expect(() => checkHex(text, { length: 1 })).toThrow(SpellingError)
  })

  test('hexadecimal goes both ways', () => {
    expect(decodeHex('00ff10', { length: 3 })).toEqual(Uint8Array.of(0, 255, 16))
    expect(encodeHex(Uint8Array.of(0, 255, 16))).toBe('00ff10')
  })
})

describe('canonical JSON', () => {
  test.each(vectorCases('canonical', 'accept'))('%s', (_name, vector) => {
    const value = decodeCanonical(vector.body)
    expect(encodeCanonical(value)).toEqual(vector.body)
  })

  test.each(vectorCases('canonical', 'refuse'))('%s', (_name, vector) => {
    expect(() => decodeCanonical(vector.body)).toThrow(CanonicalError)
  })

  test('as many vectors are read as the generator wrote', () => {
    expect(readVectors('canonical')).toHaveLength(canonicalCount())
  })

  test('a text of Unicode 14 is in NFC or not whatever this engine knows beyond', () => {
    // The engine's own answers, for what Python 3.11 takes for unassigned.
    expect('a\u1acf\u0334'.normalize('NFC')).not.toBe('a\u1acf\u0334')
    expect(() => checkText('a\u1acf\u0334')).toThrow(CanonicalError)
    expect(checkText('\u1e69')).toBe('\u1e69')
  })

  test.each(vectorCases('padded', 'accept'))('%s', (_name, vector) => {
    const multiple = vector.integer('multiple')
    const value = decodePadded(vector.body, { multiple })
    expect(encodePadded(value, { multiple })).toEqual(vector.body)
  })

  test.each(vectorCases('padded', 'refuse'))('%s', (_name, vector) => {
    const multiple = vector.integer('multiple')
    expect(() => decodePadded(vector.body, { multiple })).toThrow(CanonicalError)
  })

  class Hidden extends Secret {
    readonly shown = 1
  }

  test.each([
    ['a fraction', { a: 0.5 }],
    ['minus zero', { a: -0 }],
    ['2^53', { a: 2 ** 53 }],
    ['not a number', { a: Number.NaN }],
    ['undefined', { a: undefined }],
    ['a big integer', { a: 1n }],
    ['an object of a class, which may hold a secret', { a: new Hidden() }],
    ['bytes', { a: new Uint8Array(1) }],
    ['a Map', { a: new Map() }],
    ['a hole in an array', { a: new Array<number>(1) }],
    ['a text that is not in NFC', { a: 'e\u0301' }],
    ['half a character', { a: '\ude7a' }],
    ['a key with a capital', { A: 1 }],
    ['nine containers', { a: [[[[[[[[]]]]]]]] }],
  ])('is not written for %s', (_what, value) => {
    expect(() => encodeCanonical(value)).toThrow(CanonicalError)
  })

  test('a refusal quotes nothing of what was read', () => {
    let failure: unknown
    try {
      decodeCanonical(new TextEncoder().encode('{"a":"Martin",}'))
    } catch (thrown) {
      failure = thrown
    }
    expect(failure).toBeInstanceOf(CanonicalError)
    expect(String(failure)).not.toContain('Martin')
    expect((failure as Error).cause).toBeUndefined()
  })
})

describe('addresses and origins', () => {
  test.each(vectorCases('address', 'accept'))('%s', (_name, vector) => {
    const address = vector.text('address')
    expect(parseAddress(address)).toBe(address)
  })

  test.each(vectorCases('address'))('read as it was typed, %s', (_name, vector) => {
    const typed = vector.bodyText()
    const isCanonical = vector.accepted && typed === vector.text('address')
    if (isCanonical) expect(parseAddress(typed)).toBe(typed)
    else expect(() => parseAddress(typed)).toThrow(AddressError)
  })

  test.each(vectorCases('origin'))('%s', (_name, vector) => {
    const typed = vector.bodyText()
    if (vector.accepted) expect(parseOrigin(typed)).toBe(typed)
    else expect(() => parseOrigin(typed)).toThrow(AddressError)
  })
})

describe('the tree hash', () => {
  test.each(vectorCases('tree'))('%s', async (_name, vector) => {
    const leaves = (vector.bodyJson() as string[]).map(hex)
    const hashes = await Promise.all(leaves.map(leafHash))
    expect(toHex(treeHash(hashes))).toBe(vector.text('tree_hash'))
  })
})
