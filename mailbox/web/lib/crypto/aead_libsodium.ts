/** ChaCha20-Poly1305 by libsodium, in WebAssembly. */
import { type Bytes, concatBytes } from '../bytes.ts'
import { AEAD_TAG_BYTES, type Aead, type AeadKey, checkKey, checkNonce } from './aead.ts'
import { AuthenticationError, BackendUnavailableError } from './errors.ts'
import { libsodium } from './libsodium.ts'

type Sodium = Awaited<ReturnType<typeof libsodium>>

/** Return libsodium's cipher, or raise BackendUnavailableError if it can't be loaded. */
export async function libsodiumAead(): Promise<Aead> {
  let sodium: Sodium
  try {
    sodium = await libsodium()
  } catch {
    // A policy without 'wasm-unsafe-eval', or an engine with WebAssembly switched off.
    throw new BackendUnavailableError('this browser does not run WebAssembly here')
  }
  return {
    backend: 'libsodium',
    withKey: async (key) => new LibsodiumKey(sodium, checkKey(key)),
  }
}

class LibsodiumKey implements AeadKey {
  readonly #sodium: Sodium
  readonly #key: Bytes

  constructor(sodium: Sodium, key: Bytes) {
    this.#sodium = sodium
    this.#key = key.slice()
  }

  async seal(nonce: Bytes, plaintext: Bytes, additionalData?: Bytes): Promise<Bytes> {
    checkNonce(nonce)
    return ownMemory(
      this.#sodium.crypto_aead_chacha20poly1305_ietf_encrypt(
        plaintext,
        additionalData ?? null,
        null,
        nonce,
        this.#key,
      ),
    )
  }

  async open(nonce: Bytes, ciphertext: Bytes, additionalData?: Bytes): Promise<Bytes> {
    checkNonce(nonce)
    if (ciphertext.length < AEAD_TAG_BYTES) throw new AuthenticationError('no room for a tag')
    let plaintext: Uint8Array
    try {
      plaintext = this.#sodium.crypto_aead_chacha20poly1305_ietf_decrypt(
        null,
        ciphertext,
        additionalData ?? null,
        nonce,
        this.#key,
      )
    } catch (failure) {
      // A wrong tag is a plain Error; what the engine raises (no memory left) has a class.
      if (!(failure instanceof Error) || failure.constructor !== Error) throw failure
      throw new AuthenticationError('not what was sealed')
    }
    return ownMemory(plaintext)
  }
}

function ownMemory(value: Uint8Array): Bytes {
  return value.buffer instanceof ArrayBuffer ? (value as Bytes) : concatBytes(value)
}
