/**
 * The file key: the secret that opens one file, and the two keys made from it.
 *
 * https://c2sp.org/age (File key, Header MAC, Payload).
 */
import { type Bytes, equalBytes, utf8 } from '../bytes.ts'
import { hkdfSha256, hmacSha256 } from '../crypto/hkdf.ts'
import { randomBytes } from '../crypto/random.ts'
import { AgeUsageError, HmacError } from './errors.ts'
import type { Header } from './header.ts'

export const FILE_KEY_BYTES = 16

/** Sixteen secret bytes, used for one file and never again. Prints as `…`. */
export class FileKey {
  readonly #secret: Bytes

  /**
   * Hold a file key that was unwrapped; a new file takes `generate`.
   *
   * Raises AgeUsageError for another length than 16 bytes.
   */
  constructor(secret: Uint8Array) {
    if (secret.length !== FILE_KEY_BYTES) {
      throw new AgeUsageError(`a file key is ${FILE_KEY_BYTES} bytes long`)
    }
    this.#secret = Uint8Array.from(secret)
  }

  /** Return a new file key from the browser's random source. */
  static generate(): FileKey {
    return new FileKey(randomBytes(FILE_KEY_BYTES))
  }

  /** Return the secret, to be wrapped for a recipient and for nothing else. */
  secretBytes(): Bytes {
    return this.#secret.slice()
  }

  /** Return the MAC of a header, over its bytes up to and including `---`. */
  headerMac(authenticated: Uint8Array): Bytes {
    const key = hkdfSha256({ secret: this.#secret, info: utf8('header') })
    return hmacSha256({ key, message: authenticated })
  }

  /**
   * Return `header` if whoever wrote it knew this file key; raise HmacError if not.
   *
   * Covers all stanzas: none was added, removed or changed by anybody else.
   */
  checkHeader(header: Header): Header {
    if (!equalBytes(this.headerMac(header.authenticated), header.mac)) {
      throw new HmacError('the header was changed after it was written')
    }
    return header
  }

  /** Return the 32-byte key of the payload that begins with this nonce. */
  payloadKey(nonce: Uint8Array): Bytes {
    return hkdfSha256({ secret: this.#secret, salt: nonce, info: utf8('payload') })
  }

  toString(): string {
    return 'FileKey(…)'
  }
}
