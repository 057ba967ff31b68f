import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Base64Error, decodeBase64, encodeBase64 } from '../lib/base64.ts'
import { concatBytes, equalBytes, joinBytes, utf8 } from '../lib/bytes.ts'

describe('concatBytes', () => {
  test('puts the parts one after the other, empty ones included', () => {
    expect(concatBytes(utf8('a'), utf8(''), utf8('bc'))).toEqual(utf8('abc'))
  })

  test('takes more parts than a call takes arguments', () => {
    expect(joinBytes(new Array(200_000).fill(utf8('a'))).length).toBe(200_000)
  })

  test('gives memory of its own', () => {
    const part = utf8('a')
    const joined = concatBytes(part)
    part.fill(0)
    expect(joined).toEqual(utf8('a'))
  })
})

describe('equalBytes', () => {
  test('agrees with a comparison octet by octet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => {
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
      }),
    )
  })

  test('sees a difference in any octet', () => {
    for (const index of [0, 15, 31]) {
      const other = new Uint8Array(32)
      other[index] = 0x80
      expect(equalBytes(new Uint8Array(32), other)).toBe(false)
    }
  })
})

describe('base64', () => {
  test('writes what other implementations write, and reads it back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000 }), (value) => {
        const text = encodeBase64(value)
        expect(text).toBe(Buffer.from(value).toString('base64'))
        expect(decodeBase64(text)).toEqual(Uint8Array.from(value))
      }),
    )
  })

  test.each([
    ['padding is missing', 'YQ'],
    ['padding is too long', 'YQ==='],
    ['the bits after the last byte are not zero', 'YR=='],
    ['there is white space', 'YQ= ='],
    ['there is a line feed at the end', 'YQ==\n'],
    ['the alphabet is that of URLs', '_-8='],
    ['a character is no base64 at all', 'Y*=='],
  ])('is refused when %s', (_fact, text) => {
    expect(() => decodeBase64(text)).toThrow(Base64Error)
  })
})
