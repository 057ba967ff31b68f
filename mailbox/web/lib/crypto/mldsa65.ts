/** ML-DSA-65 signatures (FIPS 204), pure, with the empty context. */
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import type { Bytes } from '../bytes.ts'
import { SignatureError } from './errors.ts'
import { checkLength } from './lengths.ts'

export const MLDSA65_SEED_BYTES = 32
export const MLDSA65_PUBLIC_KEY_BYTES = 1_952
export const MLDSA65_SIGNATURE_BYTES = 3_309

/** Return the public key of the key pair that FIPS 204 generates from `seed` (its ξ). */
export function mlDsa65PublicKey(seed: Uint8Array): Bytes {
  return ml_dsa65.keygen(checkSeed(seed)).publicKey
}

/**
 * Return a signature, 3,309 bytes, in some 40 ms.
 *
 * Hedged with fresh randomness, as FIPS 204 prefers: a fault in the processor then
 * gives nothing away, and two signatures over one message differ.
 */
export function signMlDsa65({ seed, message }: { seed: Uint8Array; message: Uint8Array }): Bytes {
  const { secretKey } = ml_dsa65.keygen(checkSeed(seed))
  try {
    return ml_dsa65.sign(message, secretKey)
  } finally {
    secretKey.fill(0)
  }
}

/**
 * Return `message` if `signature` is by the holder of `publicKey`'s seed over it.
 *
 * Raises SignatureError if not, or if the key or the signature has the wrong length.
 */
export function verifyMlDsa65<Message extends Uint8Array>({
  publicKey,
  message,
  signature,
}: {
  publicKey: Uint8Array
  message: Message
  signature: Uint8Array
}): Message {
  const lengthsFit =
    publicKey.length === MLDSA65_PUBLIC_KEY_BYTES && signature.length === MLDSA65_SIGNATURE_BYTES
  if (!lengthsFit || !ml_dsa65.verify(signature, message, publicKey)) {
    throw new SignatureError('the ML-DSA-65 signature does not fit')
  }
  return message
}

function checkSeed(seed: Uint8Array): Uint8Array {
  return checkLength(seed, { length: MLDSA65_SEED_BYTES, what: 'an ML-DSA-65 seed' })
}
