/**
 * age's classical identity: reading only, to be tested against all of age's vectors.
 *
 * The product never imports it: a file sealed to an X25519 recipient can be kept
 * today and opened once quantum computers exist. `sealed_header` refuses such files.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { type Bytes, concatBytes, utf8 } from '../bytes.ts'
import { AEAD_NONCE_BYTES } from '../crypto/aead.ts'
import { hkdfSha256 } from '../crypto/hkdf.ts'
import { X25519_BYTES, x25519PublicKey, x25519SharedSecret } from '../crypto/x25519.ts'
import { decodeBech32 } from './bech32.ts'
import { HeaderError, KeyStringError } from './errors.ts'
import { FileKey } from './filekey.ts'
import type { Stanza } from './header.ts'
import { checkShare, checkWrappedLength } from './hybrid.ts'
import { decodeRawBase64 } from './rawbase64.ts'
import type { Identity } from './unwrap.ts'

/** age's name for the recipient type. */
export const X25519 = 'X25519'

const IDENTITY_PREFIX = 'age-secret-key-'
const INFO = utf8('age-encryption.org/v1/X25519')
const NONCE = new Uint8Array(AEAD_NONCE_BYTES) // fixed by age: each wrap key seals one file key

/** An X25519 secret key: `AGE-SECRET-KEY-1…`. Prints as `…`. */
export class X25519Identity implements Identity {
  readonly #secret: Bytes

  /** Raises KeyStringError for another length than 32 bytes. */
  constructor(secret: Uint8Array) {
    if (secret.length !== X25519_BYTES) {
      throw new KeyStringError(`an identity is ${X25519_BYTES} bytes long`)
    }
    this.#secret = Uint8Array.from(secret)
  }

  /** Return the identity that `AGE-SECRET-KEY-1…` spells, or raise KeyStringError. */
  static parse(text: string): X25519Identity {
    return new X25519Identity(decodeBech32(text, { prefix: IDENTITY_PREFIX }))
  }

  /**
   * Return the file key, or null if the stanza is for somebody else.
   *
   * Raises HeaderError for a stanza of type X25519 of the wrong shape, or whose
   * share is a point of low order. https://c2sp.org/age (X25519 recipient stanza).
   */
  unwrap(stanza: Stanza): FileKey | null {
    if (stanza.recipientType !== X25519) return null
    const [spelled, ...rest] = stanza.arguments
    if (spelled === undefined || rest.length > 0) {
      throw new HeaderError('an X25519 stanza has two arguments')
    }
    const share = decodeRawBase64(spelled)
    if (share.length !== X25519_BYTES) {
      throw new HeaderError(`the ephemeral share is ${share.length} bytes long`)
    }
    const cipher = chacha20poly1305(this.#wrapKey(checkShare(share)), NONCE)
    const wrapped = checkWrappedLength(stanza.body)
    let secret: Uint8Array
    try {
      secret = cipher.decrypt(wrapped)
    } catch {
      return null
    }
    return new FileKey(secret)
  }

  #wrapKey(share: Bytes): Bytes {
    return hkdfSha256({
      secret: x25519SharedSecret({ secret: this.#secret, point: share }),
      salt: concatBytes(share, x25519PublicKey(this.#secret)),
      info: INFO,
    })
  }

  toString(): string {
    return 'X25519Identity(…)'
  }
}
