/** XChaCha20-Poly1305: for small secrets under long-lived keys, with a random nonce each time. */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import type { Bytes } from '../bytes.ts'
import { AuthenticationError } from './errors.ts'
import { checkLength } from './lengths.ts'

export const XCHACHA_KEY_BYTES = 32
/** Long enough to be drawn at random for ever: no two will ever be the same. */
export const XCHACHA_NONCE_BYTES = 24

interface Parameters {
  readonly key: Uint8Array
  readonly nonce: Uint8Array
  readonly additionalData: Uint8Array
}

/** Return the ciphertext, with the 16-byte tag at its end. Never one nonce twice under a key. */
export function sealXChaCha20Poly1305(
  plaintext: Uint8Array,
  { key, nonce, additionalData }: Parameters,
): Bytes {
  return cipher({ key, nonce, additionalData }).encrypt(plaintext)
}

/** Return the plaintext, or raise AuthenticationError if anything is not what was sealed. */
export function openXChaCha20Poly1305(
  ciphertext: Uint8Array,
  { key, nonce, additionalData }: Parameters,
): Bytes {
  const opener = cipher({ key, nonce, additionalData })
  try {
    return opener.decrypt(ciphertext)
  } catch {
    throw new AuthenticationError('not what was sealed')
  }
}

function cipher({ key, nonce, additionalData }: Parameters) {
  checkLength(key, { length: XCHACHA_KEY_BYTES, what: 'an XChaCha20-Poly1305 key' })
  checkLength(nonce, { length: XCHACHA_NONCE_BYTES, what: 'an XChaCha20-Poly1305 nonce' })
  return xchacha20poly1305(key, nonce, additionalData)
}
