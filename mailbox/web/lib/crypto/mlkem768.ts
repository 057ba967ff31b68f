/** ML-KEM-768 (FIPS 203): a secret carried to the holder of a key, safe from quantum computers. */
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import type { Bytes } from '../bytes.ts'
import { CryptoUsageError } from './errors.ts'
import { checkLength } from './lengths.ts'
import { randomBytes } from './random.ts'

export const MLKEM768_SEED_BYTES = 64 // FIPS 203: d, then z
export const MLKEM768_PUBLIC_BYTES = 1_184 // encapsulation key
export const MLKEM768_CIPHERTEXT_BYTES = 1_088
export const MLKEM768_RANDOMNESS_BYTES = 32 // m of FIPS 203 section 7.2

const RHO_BYTES = 32 // the seed at the end of an encapsulation key
const Q = 3_329 // coefficients are below it, in 12 bits each

/** What a sender gets: `ciphertext` for the recipient, `sharedSecret` (32 bytes) to go on with. */
export interface MlKem768Encapsulation {
  readonly ciphertext: Bytes
  readonly sharedSecret: Bytes
}

/** The secret half, expanded from its seed. Prints nothing of it. */
export class MlKem768PrivateKey {
  /** The encapsulation key: MLKEM768_PUBLIC_BYTES. */
  readonly publicKey: Bytes
  readonly #decapsulationKey: Uint8Array

  /** Raises CryptoUsageError for another length than MLKEM768_SEED_BYTES. */
  constructor(seed: Uint8Array) {
    checkLength(seed, { length: MLKEM768_SEED_BYTES, what: 'an ML-KEM-768 seed' })
    const { publicKey, secretKey } = ml_kem768.keygen(seed)
    this.publicKey = publicKey
    this.#decapsulationKey = secretKey
  }

  /**
   * Return the shared secret that `ciphertext` carries. For another key's it is some
   * other secret (FIPS 203's implicit rejection), which only its use finds out.
   *
   * Raises CryptoUsageError for another length than MLKEM768_CIPHERTEXT_BYTES.
   */
  decapsulate(ciphertext: Uint8Array): Bytes {
    checkLength(ciphertext, { length: MLKEM768_CIPHERTEXT_BYTES, what: 'an ML-KEM-768 ciphertext' })
    return ml_kem768.decapsulate(ciphertext, this.#decapsulationKey)
  }
}

/**
 * Return a new shared secret, and its encapsulation for the holder of `publicKey`.
 *
 * Raises what `checkMlKem768PublicKey` raises.
 */
export function encapsulateMlKem768(publicKey: Uint8Array): MlKem768Encapsulation {
  return encapsulateMlKem768ForTestVectors(publicKey, randomBytes(MLKEM768_RANDOMNESS_BYTES))
}

/**
 * Encapsulate with chosen randomness. Only tests may call this: whoever can guess it has
 * the secret.
 */
export function encapsulateMlKem768ForTestVectors(
  publicKey: Uint8Array,
  randomness: Uint8Array,
): MlKem768Encapsulation {
  checkLength(randomness, { length: MLKEM768_RANDOMNESS_BYTES, what: 'the randomness' })
  checkMlKem768PublicKey(publicKey)
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, randomness)
  return { ciphertext: cipherText, sharedSecret }
}

/**
 * Return `publicKey` if it is one that can be encapsulated to.
 *
 * Raises CryptoUsageError for another length than MLKEM768_PUBLIC_BYTES, or one that
 * fails the check of FIPS 203 section 7.2: each coefficient reduced.
 */
export function checkMlKem768PublicKey<Key extends Uint8Array>(publicKey: Key): Key {
  checkLength(publicKey, { length: MLKEM768_PUBLIC_BYTES, what: 'an ML-KEM-768 key' })
  const coefficients = publicKey.subarray(0, MLKEM768_PUBLIC_BYTES - RHO_BYTES)
  for (let i = 0; i < coefficients.length; i += 3) {
    const [a = 0, b = 0, c = 0] = coefficients.subarray(i, i + 3)
    if ((a | ((b & 0x0f) << 8)) >= Q || ((b >> 4) | (c << 4)) >= Q) {
      throw new CryptoUsageError('not an ML-KEM-768 encapsulation key')
    }
  }
  return publicKey
}
