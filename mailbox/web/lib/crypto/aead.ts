/**
 * ChaCha20-Poly1305 (RFC 8439) as its users see it, whoever implements it.
 *
 * `chacha20poly1305.ts` chooses the implementation.
 */
import type { Bytes } from '../bytes.ts'
import { checkLength } from './lengths.ts'

export const AEAD_KEY_BYTES = 32
export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16

/** Fastest first: the order in which they are tried. */
export const AEAD_BACKENDS = ['native', 'libsodium', 'noble'] as const
export type AeadBackend = (typeof AEAD_BACKENDS)[number]

/** The cipher in one implementation. */
export interface Aead {
  readonly backend: AeadBackend
  /**
   * Return the cipher under one key.
   *
   * For the implementer: raise CryptoUsageError unless `key` is AEAD_KEY_BYTES
   * long; keep a copy, since the caller may overwrite it.
   */
  withKey(key: Bytes): Promise<AeadKey>
}

/** The cipher under one key. Several calls may be under way at once. */
export interface AeadKey {
  /**
   * Return the ciphertext, the tag of AEAD_TAG_BYTES at its end.
   *
   * Raises CryptoUsageError unless `nonce` is AEAD_NONCE_BYTES long. A nonce must never be used twice under one key: that gives both plaintexts
   * away and lets anyone forge more.
   */
  seal(nonce: Bytes, plaintext: Bytes, additionalData?: Bytes): Promise<Bytes>
  /**
   * Return the plaintext.
   *
   * Raises AuthenticationError if anything is not what was sealed, a ciphertext
   * shorter than a tag included, and nothing of the plaintext gets out;
   * CryptoUsageError unless `nonce` is AEAD_NONCE_BYTES long.
   */
  open(nonce: Bytes, ciphertext: Bytes, additionalData?: Bytes): Promise<Bytes>
}

/** Return `key` if it can be one, or raise CryptoUsageError. */
export function checkKey(key: Bytes): Bytes {
  return checkLength(key, { length: AEAD_KEY_BYTES, what: 'a ChaCha20-Poly1305 key' })
}

/** Return `nonce` if it can be one, or raise CryptoUsageError. */
export function checkNonce(nonce: Bytes): Bytes {
  return checkLength(nonce, { length: AEAD_NONCE_BYTES, what: 'a ChaCha20-Poly1305 nonce' })
}
