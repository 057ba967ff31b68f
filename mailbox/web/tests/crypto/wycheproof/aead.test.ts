import { describe, expect, test } from 'vitest'
import { concatBytes } from '../../../lib/bytes.ts'
import { AEAD_BACKENDS } from '../../../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../../../lib/crypto/chacha20poly1305.ts'
import { AuthenticationError, CryptoUsageError } from '../../../lib/crypto/errors.ts'
import {
  openXChaCha20Poly1305,
  sealXChaCha20Poly1305,
} from '../../../lib/crypto/xchacha20poly1305.ts'
import { hex } from '../../support/hex.ts'
import { named, readWycheproof, type WycheproofTest } from './read.ts'
import { SETS } from './sets.ts'
import { Tally } from './tally.ts'

interface AeadVector {
  readonly key: string
  readonly iv: string
  readonly aad: string
  readonly msg: string
  readonly ct: string
  readonly tag: string
}

/** What docs/vectors.md calls them. */
const BACK_ENDS = {
  native: 'WebCrypto, in `crypto/aead_native`',
  libsodium: 'libsodium, in `crypto/aead_libsodium`',
  noble: 'noble, in `crypto/aead_noble`',
}

const readSet = (path: string) => named(readWycheproof<unknown, AeadVector>(path))

/** A nonce that is not one is our caller's mistake; anything else is the sender's. */
function refusalOf({ flags }: WycheproofTest) {
  return flags?.includes('InvalidNonceSize') ? CryptoUsageError : AuthenticationError
}

function decode({ key, iv, aad, msg, ct, tag }: AeadVector) {
  return {
    key: hex(key),
    nonce: hex(iv),
    additionalData: hex(aad),
    plaintext: hex(msg),
    sealed: concatBytes(hex(ct), hex(tag)),
  }
}

describe.each(AEAD_BACKENDS)('ChaCha20-Poly1305, %s', (backend) => {
  const tally = new Tally(SETS.chacha20Poly1305, BACK_ENDS[backend])

  test.each(readSet(SETS.chacha20Poly1305))('%s', async (_name, { vector }) => {
    const aead = await chacha20Poly1305(backend)
    expect(aead.backend).toBe(backend)
    const { key, nonce, additionalData, plaintext, sealed } = decode(vector)
    const cipher = await aead.withKey(key)
    const opening = cipher.open(nonce, sealed, additionalData)
    const sealing = () => cipher.seal(nonce, plaintext, additionalData)
    if (vector.result === 'valid') {
      expect(await opening).toEqual(plaintext)
      expect(await sealing()).toEqual(sealed)
      tally.taken(vector)
    } else {
      const refusal = refusalOf(vector)
      await expect(opening).rejects.toBeInstanceOf(refusal)
      if (refusal === CryptoUsageError) await expect(sealing()).rejects.toBeInstanceOf(refusal)
      else expect(await sealing()).not.toEqual(sealed)
      tally.refused(vector)
    }
  })

  test('docs/vectors.md says how many', () => tally.expectOnPage())
})

describe('XChaCha20-Poly1305', () => {
  const tally = new Tally(SETS.xchacha20Poly1305, 'noble, in `crypto/xchacha20poly1305`')

  test.each(readSet(SETS.xchacha20Poly1305))('%s', (_name, { vector }) => {
    const { plaintext, sealed, ...parameters } = decode(vector)
    const opening = () => openXChaCha20Poly1305(sealed, parameters)
    const sealing = () => sealXChaCha20Poly1305(plaintext, parameters)
    if (vector.result === 'valid') {
      expect(opening()).toEqual(plaintext)
      expect(sealing()).toEqual(sealed)
      tally.taken(vector)
    } else {
      const refusal = refusalOf(vector)
      expect(opening).toThrow(refusal)
      if (refusal === CryptoUsageError) expect(sealing).toThrow(refusal)
      else expect(sealing()).not.toEqual(sealed)
      tally.refused(vector)
    }
  })

  test('docs/vectors.md says how many', () => tally.expectOnPage())
})
