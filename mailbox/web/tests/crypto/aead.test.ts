import { describe, expect, test } from 'vitest'
import { utf8 } from '../../lib/bytes.ts'
import { AEAD_BACKENDS } from '../../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { AuthenticationError, CryptoUsageError } from '../../lib/crypto/errors.ts'
import { randomBytes } from '../../lib/crypto/random.ts'
import { flipped } from '../support/flip.ts'
import { hex } from '../support/hex.ts'

// RFC 8439 section 2.8.2
const KEY = hex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f')
const NONCE = hex('070000004041424344454647')
const ADDITIONAL = hex('50515253c0c1c2c3c4c5c6c7')
const PLAINTEXT = utf8(
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
    'sunscreen would be it.',
)
const SEALED = hex(`
  d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b
  1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc
  3ff4def08e4b7a9de576d26586cec64b6116 1ae10b594f09e26a7e902ecbd0600691`)

test('all three implementations run here', () => {
  expect(AEAD_BACKENDS).toEqual(['native', 'libsodium', 'noble'])
})

describe.each(AEAD_BACKENDS)('ChaCha20-Poly1305, %s', (backend) => {
  async function key(octets = KEY) {
    const aead = await chacha20Poly1305(backend)
    expect(aead.backend).toBe(backend)
    return aead.withKey(octets)
  }

  test('seals what RFC 8439 section 2.8.2 prints', async () => {
    expect(await (await key()).seal(NONCE, PLAINTEXT, ADDITIONAL)).toEqual(SEALED)
  })

  test('opens it', async () => {
    expect(await (await key()).open(NONCE, SEALED, ADDITIONAL)).toEqual(PLAINTEXT)
  })

  test('seals nothing into a tag alone, and opens that', async () => {
    const tag = await (await key()).seal(NONCE, new Uint8Array(0))
    expect(tag).toHaveLength(16)
    expect(await (await key()).open(NONCE, tag)).toEqual(new Uint8Array(0))
  })

  test.each([
    ['the first octet', SEALED, 0],
    ['the last octet of the text', SEALED, -17],
    ['the tag', SEALED, -1],
  ])('refuses a changed bit in %s', async (_where, sealed, index) => {
    const opening = (await key()).open(NONCE, flipped(sealed, index), ADDITIONAL)
    await expect(opening).rejects.toBeInstanceOf(AuthenticationError)
  })

  test.each([
    ['no additional data', KEY, NONCE, new Uint8Array(0)],
    ['other additional data', KEY, NONCE, flipped(ADDITIONAL, 0)],
    ['another nonce', KEY, flipped(NONCE, 0), ADDITIONAL],
    ['another key', flipped(KEY, 0), NONCE, ADDITIONAL],
  ])('refuses %s', async (_fact, octets, nonce, additionalData) => {
    const opening = (await key(octets)).open(nonce, SEALED, additionalData)
    await expect(opening).rejects.toBeInstanceOf(AuthenticationError)
  })

  test.each([0, 1, 15])('refuses a ciphertext of %i bytes, too short for a tag', async (length) => {
    const opening = (await key()).open(NONCE, new Uint8Array(length))
    await expect(opening).rejects.toBeInstanceOf(AuthenticationError)
  })

  test('tells a key or a nonce of the wrong length from a wrong ciphertext', async () => {
    const aead = await chacha20Poly1305(backend)
    await expect(aead.withKey(new Uint8Array(31))).rejects.toBeInstanceOf(CryptoUsageError)
    const right = await key()
    const shortNonce = new Uint8Array(11)
    await expect(right.seal(shortNonce, PLAINTEXT)).rejects.toBeInstanceOf(CryptoUsageError)
    await expect(right.open(shortNonce, SEALED)).rejects.toBeInstanceOf(CryptoUsageError)
  })

  test('keeps its key when the caller wipes his', async () => {
    const mine = KEY.slice()
    const held = await key(mine)
    mine.fill(0)
    expect(await held.open(NONCE, SEALED, ADDITIONAL)).toEqual(PLAINTEXT)
  })

  test.each(AEAD_BACKENDS)('opens a full chunk that %s sealed', async (other) => {
    const chunk = randomBytes(65_536)
    const sealed = await (await (await chacha20Poly1305(other)).withKey(KEY)).seal(NONCE, chunk)
    expect(await (await key()).open(NONCE, sealed)).toEqual(chunk)
  })
})
