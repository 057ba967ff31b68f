import { createHash, createHmac, hkdfSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../lib/bytes.ts'
import { hkdfSha256, hmacSha256 } from '../../lib/crypto/hkdf.ts'
import { sha256, sha256Sync } from '../../lib/crypto/sha256.ts'
import { hex } from '../support/hex.ts'

describe('SHA-256', () => {
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'], // FIPS 180-4
  ])('of %j is what the standard says, native and in JavaScript', async (text, digest) => {
    expect(await sha256(utf8(text))).toEqual(hex(digest))
    expect(sha256Sync(utf8(text))).toEqual(hex(digest))
  })

  test('is the same in OpenSSL, native and in JavaScript', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (octets) => {
        const value = Uint8Array.from(octets)
        const expected = Uint8Array.from(createHash('sha256').update(value).digest())
        expect(await sha256(value)).toEqual(expected)
        expect(sha256Sync(value)).toEqual(expected)
      }),
    )
  })
})

test('HMAC-SHA-256 is what RFC 4231 section 4.3 prints', () => {
  const mac = hmacSha256({ key: utf8('Jefe'), message: utf8('what do ya want for nothing?') })
  expect(mac).toEqual(hex('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'))
})

test('HMAC-SHA-256 is the same in OpenSSL', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array(), (key, message) => {
      const expected = createHmac('sha256', key).update(message).digest()
      expect(hmacSha256({ key, message })).toEqual(Uint8Array.from(expected))
    }),
  )
})

describe('HKDF-SHA-256', () => {
  test('is what RFC 5869 appendix A.1 prints', () => {
    const output = hkdfSha256({
      secret: new Uint8Array(22).fill(0x0b),
      salt: hex('000102030405060708090a0b0c'),
      info: hex('f0f1f2f3f4f5f6f7f8f9'),
      length: 42,
    })
    expect(output).toEqual(
      hex('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'),
    )
  })

  test('without salt and info is what RFC 5869 appendix A.3 prints', () => {
    const secret = new Uint8Array(22).fill(0x0b)
    expect(hkdfSha256({ secret, info: new Uint8Array(0), length: 42 })).toEqual(
      hex('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'),
    )
  })

  test('gives 32 bytes unless told otherwise, the same as OpenSSL', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (secret, salt, info) => {
        const expected = new Uint8Array(hkdfSync('sha256', secret, salt, info, 32))
        expect(hkdfSha256({ secret, salt, info })).toEqual(expected)
      }),
    )
  })
})
