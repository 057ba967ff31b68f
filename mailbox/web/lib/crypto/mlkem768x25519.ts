/**
 * MLKEM768-X25519, the hybrid KEM 0x647a of draft-ietf-hpke-pq (the same as X-Wing).
 *
 * The shared secret stays secret as long as either ML-KEM-768 (FIPS 203) or X25519
 * (RFC 7748) holds.
 */
import { sha3_256, shake256 } from '@noble/hashes/sha3.js'
import { type Bytes, concatBytes, utf8 } from '../bytes.ts'
import { checkLength } from './lengths.ts'
import {
  checkMlKem768PublicKey,
  encapsulateMlKem768,
  MLKEM768_CIPHERTEXT_BYTES,
  MLKEM768_PUBLIC_BYTES,
  MLKEM768_SEED_BYTES,
  MlKem768PrivateKey,
} from './mlkem768.ts'
import { randomBytes } from './random.ts'
import { checkX25519Point, X25519_BYTES, x25519PublicKey, x25519SharedSecret } from './x25519.ts'

export const HYBRID_SEED_BYTES = 32
export const HYBRID_PUBLIC_BYTES = MLKEM768_PUBLIC_BYTES + X25519_BYTES
export const HYBRID_ENC_BYTES = MLKEM768_CIPHERTEXT_BYTES + X25519_BYTES

const COMBINER_LABEL = utf8('\\.//^\\') // the draft's drawing of an X-Wing

/** What a sender gets: `enc` for the recipient, `sharedSecret` (32 bytes) to encrypt with. */
export interface Encapsulation {
  readonly enc: Bytes
  readonly sharedSecret: Bytes
}

/** The secret half, expanded from its 32-byte seed. Prints nothing of it. */
export class HybridPrivateKey {
  /** The ML-KEM-768 encapsulation key, then the X25519 point: HYBRID_PUBLIC_BYTES. */
  readonly publicKey: Bytes
  readonly #mlkem: MlKem768PrivateKey
  readonly #x25519: Uint8Array

  /** Raises CryptoUsageError for another length than 32 bytes. */
  constructor(seed: Uint8Array) {
    checkLength(seed, { length: HYBRID_SEED_BYTES, what: 'a seed' })
    const expanded = shake256(seed, { dkLen: MLKEM768_SEED_BYTES + X25519_BYTES })
    this.#mlkem = new MlKem768PrivateKey(expanded.subarray(0, MLKEM768_SEED_BYTES))
    this.#x25519 = expanded.slice(MLKEM768_SEED_BYTES)
    this.publicKey = concatBytes(this.#mlkem.publicKey, x25519PublicKey(this.#x25519))
  }

  /**
   * Return the shared secret that `enc` carries. For another recipient's it is
   * some other secret, which only the decryption after it finds out.
   *
   * Raises CryptoUsageError for another length than HYBRID_ENC_BYTES,
   * LowOrderPointError if the X25519 share in it is of low order.
   */
  decapsulate(enc: Uint8Array): Bytes {
    checkLength(enc, { length: HYBRID_ENC_BYTES, what: 'an encapsulated key' })
    const share = enc.subarray(MLKEM768_CIPHERTEXT_BYTES)
    return combine({
      x25519Secret: x25519SharedSecret({ secret: this.#x25519, point: share }),
      mlkemSecret: this.#mlkem.decapsulate(enc.subarray(0, MLKEM768_CIPHERTEXT_BYTES)),
      share,
      recipientPoint: this.publicKey.subarray(MLKEM768_PUBLIC_BYTES),
    })
  }
}

/**
 * Return a new shared secret, and its encapsulation for the holder of `publicKey`.
 *
 * Raises what `checkHybridPublicKey` raises.
 */
export function encapsulate(publicKey: Uint8Array): Encapsulation {
  checkHybridPublicKey(publicKey)
  const recipientPoint = publicKey.subarray(MLKEM768_PUBLIC_BYTES)
  const mlkem = encapsulateMlKem768(publicKey.subarray(0, MLKEM768_PUBLIC_BYTES))
  const ephemeral = randomBytes(X25519_BYTES)
  const share = x25519PublicKey(ephemeral)
  const sharedSecret = combine({
    mlkemSecret: mlkem.sharedSecret,
    x25519Secret: x25519SharedSecret({ secret: ephemeral, point: recipientPoint }),
    share,
    recipientPoint,
  })
  return { enc: concatBytes(mlkem.ciphertext, share), sharedSecret }
}

/**
 * Return `publicKey` if it is one that can be encrypted to.
 *
 * Raises CryptoUsageError for another length than HYBRID_PUBLIC_BYTES or an
 * encapsulation key that fails FIPS 203's check (section 7.2), LowOrderPointError for a
 * point whose shared secret everybody knows.
 */
export function checkHybridPublicKey<Key extends Uint8Array>(publicKey: Key): Key {
  checkLength(publicKey, { length: HYBRID_PUBLIC_BYTES, what: 'a public key' })
  checkMlKem768PublicKey(publicKey.subarray(0, MLKEM768_PUBLIC_BYTES))
  checkX25519Point(publicKey.subarray(MLKEM768_PUBLIC_BYTES))
  return publicKey
}

function combine(parts: {
  mlkemSecret: Uint8Array
  x25519Secret: Uint8Array
  share: Uint8Array
  recipientPoint: Uint8Array
}): Bytes {
  const { mlkemSecret, x25519Secret, share, recipientPoint } = parts
  return sha3_256(concatBytes(mlkemSecret, x25519Secret, share, recipientPoint, COMBINER_LABEL))
}
