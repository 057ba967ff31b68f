/** The public key that a file is encrypted to: `age1pq1…`. */
import type { Bytes } from '../bytes.ts'
import { CryptoError } from '../crypto/errors.ts'
import { checkHybridPublicKey } from '../crypto/mlkem768x25519.ts'
import { decodeBech32, encodeBech32 } from './bech32.ts'
import { KeyStringError } from './errors.ts'

export const RECIPIENT_PREFIX = 'age1pq'

/**
 * An MLKEM768-X25519 public key, checked: encrypting to it can't fail.
 *
 * That the key is the right person's is for `lib/keys` to say.
 */
export class HybridRecipient {
  /** The ML-KEM-768 encapsulation key, then the X25519 point: 1,216 bytes. */
  readonly publicBytes: Bytes

  /**
   * Raises KeyStringError for another length, an encapsulation key that fails FIPS
   * 203's check, or a point of low order, whose shared secret everybody knows.
   */
  constructor(publicBytes: Uint8Array) {
    this.publicBytes = Uint8Array.from(publicBytes)
    try {
      checkHybridPublicKey(this.publicBytes)
    } catch (failure) {
      if (!(failure instanceof CryptoError)) throw failure
      throw new KeyStringError('the recipient is not a valid key')
    }
  }

  /** Return the recipient that `age1pq1…` spells, or raise KeyStringError. */
  static parse(text: string): HybridRecipient {
    return new HybridRecipient(decodeBech32(text, { prefix: RECIPIENT_PREFIX }))
  }

  /** Spell the recipient as age does: `age1pq1…`, 1,959 characters. */
  toString(): string {
    return encodeBech32(RECIPIENT_PREFIX, this.publicBytes)
  }
}
