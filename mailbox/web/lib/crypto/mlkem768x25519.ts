/**
 * MLKEM768-X25519, the hybrid KEM 0x647a of draft-ietf-hpke-pq (the same as X-Wing).
 *
 * The shared secret stays secret as long as either ML-KEM-768 (FIPS 203) or X25519
 * (RFC 7748) holds.
 */
import { x25519 } from '@noble/curves/ed25519.js'
import { sha3_256, shake256 } from '@noble/hashes/sha3.js'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { type Bytes, concatBytes, utf8 } from '../bytes.ts'
import { CryptoUsageError, LowOrderPointError } from './errors.ts'
import { checkLength } from './lengths.ts'
import { randomBytes } from './random.ts'

export const HYBRID_SEED_BYTES = 32
export const X25519_BYTES = 32
export const MLKEM768_PUBLIC_BYTES = 1_184 // FIPS 203, encapsulation key
export const MLKEM768_CIPHERTEXT_BYTES = 1_088 // FIPS 203
export const HYBRID_PUBLIC_BYTES = MLKEM768_PUBLIC_BYTES + X25519_BYTES
export const HYBRID_ENC_BYTES = MLKEM768_CIPHERTEXT_BYTES + X25519_BYTES

const MLKEM768_SEED_BYTES = 64 // FIPS 203: d, then z
const COMBINER_LABEL = utf8('\\.//^\\') // the draft's drawing of an X-Wing

// Any scalar does: X25519 clamps each to a multiple of the cofactor that is no
// multiple of the group's order, so exactly the points of low order give zero.
const ANY_SCALAR = new Uint8Array(X25519_BYTES).fill(1)

/** What a sender gets: `enc` for the recipient, `sharedSecret` (32 bytes) to encrypt with. */
export interface Encapsulation {
  readonly enc: Bytes
  readonly sharedSecret: Bytes
}

/** The secret half, expanded from its 32-byte seed. Prints nothing of it. */
export class HybridPrivateKey {
  /** The ML-KEM-768 encapsulation key, then the X25519 point: HYBRID_PUBLIC_BYTES. */
  readonly publicKey: Bytes
  readonly #mlkem: Uint8Array
  readonly #x25519: Uint8Array

  /** Raises CryptoUsageError for another length than 32 bytes. */
  constructor(seed: Uint8Array) {
    checkLength(seed, { length: HYBRID_SEED_BYTES, what: 'a seed' })
    const expanded = shake256(seed, { dkLen: MLKEM768_SEED_BYTES + X25519_BYTES })
    const mlkem = ml_kem768.keygen(expanded.subarray(0, MLKEM768_SEED_BYTES))
    this.#mlkem = mlkem.secretKey
    this.#x25519 = expanded.slice(MLKEM768_SEED_BYTES)
    this.publicKey = concatBytes(mlkem.publicKey, x25519.getPublicKey(this.#x25519))
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
    checkX25519Point(share)
    return combine({
      mlkemSecret: ml_kem768.decapsulate(enc.subarray(0, MLKEM768_CIPHERTEXT_BYTES), this.#mlkem),
      x25519Secret: x25519.getSharedSecret(this.#x25519, share),
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
  const mlkem = ml_kem768.encapsulate(publicKey.subarray(0, MLKEM768_PUBLIC_BYTES))
  const ephemeral = randomBytes(X25519_BYTES)
  const share = x25519.getPublicKey(ephemeral)
  const sharedSecret = combine({
    mlkemSecret: mlkem.sharedSecret,
    x25519Secret: x25519.getSharedSecret(ephemeral, recipientPoint),
    share,
    recipientPoint,
  })
  return { enc: concatBytes(mlkem.cipherText, share), sharedSecret }
}

/**
 * Return `publicKey` if it is one that can be encrypted to.
 *
 * Raises CryptoUsageError for another length than HYBRID_PUBLIC_BYTES or an
 * encapsulation key that fails FIPS 203's check (section 7.2: each coefficient
 * reduced), LowOrderPointError for a point whose shared secret everybody knows.
 */
export function checkHybridPublicKey<Key extends Uint8Array>(publicKey: Key): Key {
  checkLength(publicKey, { length: HYBRID_PUBLIC_BYTES, what: 'a public key' })
  const coefficients = publicKey.subarray(0, MLKEM768_PUBLIC_BYTES - MLKEM768_RHO_BYTES)
  for (let i = 0; i < coefficients.length; i += 3) {
    const [a = 0, b = 0, c = 0] = coefficients.subarray(i, i + 3)
    if ((a | ((b & 0x0f) << 8)) >= MLKEM_Q || ((b >> 4) | (c << 4)) >= MLKEM_Q) {
      throw new CryptoUsageError('not an ML-KEM-768 encapsulation key')
    }
  }
  checkX25519Point(publicKey.subarray(MLKEM768_PUBLIC_BYTES))
  return publicKey
}

const MLKEM768_RHO_BYTES = 32 // the seed at the end of an encapsulation key
const MLKEM_Q = 3_329 // FIPS 203: coefficients are below it, in 12 bits each

/**
 * Return `point` if it is not of low order; raise LowOrderPointError if it is.
 *
 * A shared secret of zero is an attack or a fault, and has to be told apart from a
 * ciphertext for somebody else (RFC 7748 section 6.1).
 */
export function checkX25519Point<Point extends Uint8Array>(point: Point): Point {
  checkLength(point, { length: X25519_BYTES, what: 'an X25519 point' })
  try {
    x25519.getSharedSecret(ANY_SCALAR, point)
  } catch {
    throw new LowOrderPointError('an X25519 point of low order')
  }
  return point
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
