/** ChaCha20-Poly1305 as the browser's own WebCrypto has it. */
import type { Bytes } from '../bytes.ts'
import { AEAD_KEY_BYTES, type Aead, type AeadKey, checkKey, checkNonce } from './aead.ts'
import { AuthenticationError, BackendUnavailableError } from './errors.ts'

const NAME = 'ChaCha20-Poly1305'

// The format's name in Modern Algorithms in the Web Cryptography API, newer than
// TypeScript's list of them.
const RAW_SECRET = 'raw-secret' as 'raw'

const NO_DATA = new Uint8Array(0)

/** Return the native cipher, or raise BackendUnavailableError if this browser has none. */
export async function nativeAead(): Promise<Aead> {
  try {
    await importKey(new Uint8Array(AEAD_KEY_BYTES))
  } catch {
    throw new BackendUnavailableError('this browser has no native ChaCha20-Poly1305')
  }
  return {
    backend: 'native',
    withKey: async (key) => new NativeKey(await importKey(checkKey(key))),
  }
}

function importKey(key: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey(RAW_SECRET, key, { name: NAME }, false, ['encrypt', 'decrypt'])
}

class NativeKey implements AeadKey {
  readonly #key: CryptoKey

  constructor(key: CryptoKey) {
    this.#key = key
  }

  async seal(nonce: Bytes, plaintext: Bytes, additionalData = NO_DATA): Promise<Bytes> {
    checkNonce(nonce)
    const parameters = { name: NAME, iv: nonce, additionalData }
    return new Uint8Array(await crypto.subtle.encrypt(parameters, this.#key, plaintext))
  }

  async open(nonce: Bytes, ciphertext: Bytes, additionalData = NO_DATA): Promise<Bytes> {
    checkNonce(nonce)
    const parameters = { name: NAME, iv: nonce, additionalData }
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, this.#key, ciphertext))
    } catch (failure) {
      if (failure instanceof DOMException && failure.name === 'OperationError') {
        throw new AuthenticationError('not what was sealed')
      }
      throw failure
    }
  }
}
