/** ChaCha20-Poly1305 by noble, in plain JavaScript: works everywhere, slowly. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import type { Bytes } from '../bytes.ts'
import { type Aead, type AeadKey, checkKey, checkNonce } from './aead.ts'
import { AuthenticationError } from './errors.ts'

/** Return noble's cipher. */
export function nobleAead(): Aead {
  return {
    backend: 'noble',
    withKey: async (key) => new NobleKey(checkKey(key)),
  }
}

class NobleKey implements AeadKey {
  readonly #key: Bytes

  constructor(key: Bytes) {
    this.#key = key.slice()
  }

  async seal(nonce: Bytes, plaintext: Bytes, additionalData?: Bytes): Promise<Bytes> {
    checkNonce(nonce)
    return chacha20poly1305(this.#key, nonce, additionalData).encrypt(plaintext)
  }

  async open(nonce: Bytes, ciphertext: Bytes, additionalData?: Bytes): Promise<Bytes> {
    checkNonce(nonce)
    const cipher = chacha20poly1305(this.#key, nonce, additionalData)
    try {
      return cipher.decrypt(ciphertext)
    } catch {
      throw new AuthenticationError('not what was sealed')
    }
  }
}
