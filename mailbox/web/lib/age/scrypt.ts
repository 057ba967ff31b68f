/**
 * age's passphrase identity: reading only, to be tested against all of age's vectors.
 *
 * The product never imports it: a passphrase can be guessed by whoever holds the file.
 * `sealed_header` refuses such files. https://c2sp.org/age (scrypt recipient type),
 * RFC 7914.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { scrypt } from '@noble/hashes/scrypt.js'
import { type Bytes, concatBytes, utf8 } from '../bytes.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES } from '../crypto/aead.ts'
import { HeaderError, KeyStringError } from './errors.ts'
import { FileKey } from './filekey.ts'
import type { Stanza } from './header.ts'
import { checkWrappedLength } from './hybrid.ts'
import { decodeRawBase64 } from './rawbase64.ts'
import { type Identity, SCRYPT } from './unwrap.ts'

/**
 * The base-two logarithm of scrypt's N. Each step doubles time and memory, and whoever
 * wrote the file chooses it: 20 is 1 GiB, four times what the age tool writes (18), and
 * about what one page can have. Without a limit a file of 200 bytes stops the machine.
 */
export const MAX_WORK_FACTOR = 20

const SALT_BYTES = 16
const SALT_LABEL = utf8('age-encryption.org/v1/scrypt')
const BLOCK_SIZE = 8 // fixed by age, as is the parallelisation of one
const DECIMAL = /^[1-9][0-9]*$/ // no sign, no leading zero: one spelling per number
const LONE_SURROGATE = /\p{Cs}/u
const NONCE = new Uint8Array(AEAD_NONCE_BYTES) // fixed by age: each wrap key seals one file key

/** A passphrase. Prints as `…`. */
export class ScryptIdentity implements Identity {
  readonly #passphrase: Bytes

  /** Raises KeyStringError for an empty passphrase, or text that UTF-8 can't hold. */
  constructor(passphrase: string) {
    if (passphrase === '' || LONE_SURROGATE.test(passphrase)) {
      throw new KeyStringError('a passphrase is text, and not empty')
    }
    this.#passphrase = utf8(passphrase)
  }

  /**
   * Return the file key, or null if the passphrase is another. Takes 1 KiB of memory and
   * some microseconds, both doubled as often as the work factor says.
   *
   * Raises HeaderError for a stanza of type scrypt of the wrong shape, or with a work
   * factor above MAX_WORK_FACTOR. That it stands alone is for `unwrapFileKey` to check.
   */
  unwrap(stanza: Stanza): FileKey | null {
    if (stanza.recipientType !== SCRYPT) return null
    const [salt, workFactor, ...rest] = stanza.arguments
    if (salt === undefined || workFactor === undefined || rest.length > 0) {
      throw new HeaderError('a scrypt stanza has three arguments')
    }
    const parameters = { salt: readSalt(salt), workFactor: readWorkFactor(workFactor) }
    const wrapped = checkWrappedLength(stanza.body)
    const cipher = chacha20poly1305(this.#wrapKey(parameters), NONCE)
    let secret: Uint8Array
    try {
      secret = cipher.decrypt(wrapped)
    } catch {
      return null
    }
    return new FileKey(secret)
  }

  #wrapKey({ salt, workFactor }: { salt: Bytes; workFactor: number }): Uint8Array {
    return scrypt(this.#passphrase, concatBytes(SALT_LABEL, salt), {
      N: 2 ** workFactor,
      r: BLOCK_SIZE,
      p: 1,
      dkLen: AEAD_KEY_BYTES,
    })
  }

  toString(): string {
    return 'ScryptIdentity(…)'
  }
}

function readSalt(text: string): Bytes {
  const salt = decodeRawBase64(text)
  if (salt.length !== SALT_BYTES) throw new HeaderError(`the salt is ${salt.length} bytes long`)
  return salt
}

function readWorkFactor(text: string): number {
  // Many digits give Infinity, which is too high as well.
  if (!DECIMAL.test(text) || Number(text) > MAX_WORK_FACTOR) {
    throw new HeaderError(`a work factor is a decimal number up to ${MAX_WORK_FACTOR}`)
  }
  return Number(text)
}
