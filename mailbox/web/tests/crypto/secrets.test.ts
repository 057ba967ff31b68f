import { argon2Sync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../lib/bytes.ts'
import { ARGON2ID_MEMORY_BYTES, ARGON2ID_PASSES, argon2id } from '../../lib/crypto/argon2id.ts'
import { AuthenticationError, CryptoUsageError } from '../../lib/crypto/errors.ts'
import { randomBytes } from '../../lib/crypto/random.ts'
import { openXChaCha20Poly1305, sealXChaCha20Poly1305 } from '../../lib/crypto/xchacha20poly1305.ts'
import { flipped } from '../support/flip.ts'
import { hex } from '../support/hex.ts'

describe('Argon2id', () => {
  const salt = Uint8Array.from({ length: 16 }, (_, index) => index)

  test.each(['correct horse battery staple', 'déjà vu', ''])(
    'of %j at the specified cost is what OpenSSL computes',
    async (text) => {
      const password = utf8(text)
      const expected = argon2Sync('argon2id', {
        message: password,
        nonce: salt,
        parallelism: 1,
        tagLength: 32,
        memory: 65_536, // KiB: docs/specs/keys.md
        passes: 3,
      })
      expect(await argon2id({ password, salt })).toEqual(Uint8Array.from(expected))
    },
  )

  test('costs what docs/specs/keys.md says: 64 MiB, three passes', () => {
    expect([ARGON2ID_MEMORY_BYTES, ARGON2ID_PASSES]).toEqual([64 * 1024 * 1024, 3])
  })

  test('takes a salt of 16 bytes only', async () => {
    const deriving = argon2id({ password: utf8('x'), salt: new Uint8Array(15) })
    await expect(deriving).rejects.toBeInstanceOf(CryptoUsageError)
  })
})

describe('XChaCha20-Poly1305', () => {
  // draft-irtf-cfrg-xchacha appendix A.3.1
  const parameters = {
    key: hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'),
    nonce: hex('404142434445464748494a4b4c4d4e4f5051525354555657'),
    additionalData: hex('50515253c0c1c2c3c4c5c6c7'),
  }
  const plaintext = utf8(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
      'sunscreen would be it.',
  )
  const sealed = hex(`
    bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39
    ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
    21f9664c97637da9768812f615c68b13b52e c0875924c1c7987947deafd8780acf49`)

  test("seals and opens the draft's vector", () => {
    expect(sealXChaCha20Poly1305(plaintext, parameters)).toEqual(sealed)
    expect(openXChaCha20Poly1305(sealed, parameters)).toEqual(plaintext)
  })

  test.each([
    ['the ciphertext', flipped(sealed, 0), parameters],
    ['the tag', flipped(sealed, -1), parameters],
    ['the key', sealed, { ...parameters, key: flipped(parameters.key, 0) }],
    ['the nonce', sealed, { ...parameters, nonce: flipped(parameters.nonce, 0) }],
    ['the additional data', sealed, { ...parameters, additionalData: new Uint8Array(0) }],
    ['its length, cut to nothing', new Uint8Array(0), parameters],
  ])('refuses when somebody changed %s', (_what, ciphertext, changed) => {
    expect(() => openXChaCha20Poly1305(ciphertext, changed)).toThrow(AuthenticationError)
  })

  test.each([
    ['key', { key: new Uint8Array(31) }],
    ['nonce', { nonce: new Uint8Array(12) }],
  ])('takes a %s of its own length only', (_what, change) => {
    const changed = { ...parameters, ...change }
    expect(() => sealXChaCha20Poly1305(plaintext, changed)).toThrow(CryptoUsageError)
    expect(() => openXChaCha20Poly1305(sealed, changed)).toThrow(CryptoUsageError)
  })
})

test('random octets have the length that was asked for, and are not always the same', () => {
  expect(randomBytes(32)).toHaveLength(32)
  expect(randomBytes(32)).not.toEqual(randomBytes(32))
})
