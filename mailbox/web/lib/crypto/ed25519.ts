/** Ed25519 signatures (RFC 8032). */
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Bytes } from '../bytes.ts'
import { SignatureError } from './errors.ts'
import { checkLength } from './lengths.ts'

export const ED25519_SEED_BYTES = 32
export const ED25519_PUBLIC_KEY_BYTES = 32
export const ED25519_SIGNATURE_BYTES = 64

/** Return the public key of the key that `seed` is. */
export function ed25519PublicKey(seed: Uint8Array): Bytes {
  return ed25519.getPublicKey(checkSeed(seed))
}

/** Return the signature, 64 bytes. The same seed and message give the same one. */
export function signEd25519({ seed, message }: { seed: Uint8Array; message: Uint8Array }): Bytes {
  return ed25519.sign(message, checkSeed(seed))
}

/**
 * Return `message` if `signature` is by the holder of `publicKey`'s seed over it.
 *
 * Raises SignatureError if not, or if the key or the signature is not canonical or
 * of the wrong length, or the key is not in the subgroup of prime order: under one of
 * small order signatures exist that fit any message.
 */
export function verifyEd25519<Message extends Uint8Array>({
  publicKey,
  message,
  signature,
}: {
  publicKey: Uint8Array
  message: Message
  signature: Uint8Array
}): Message {
  const lengthsFit =
    publicKey.length === ED25519_PUBLIC_KEY_BYTES && signature.length === ED25519_SIGNATURE_BYTES
  // noble's default follows ZIP 215, which takes several spellings of one point.
  if (
    !lengthsFit ||
    !ed25519.verify(signature, message, publicKey, { zip215: false }) ||
    !isOfPrimeOrder(publicKey) ||
    !isOfPrimeOrder(signature.subarray(0, ED25519_PUBLIC_KEY_BYTES))
  ) {
    throw new SignatureError('the Ed25519 signature does not fit')
  }
  return message
}

/**
 * Say whether a point, which decodes, is what an honest signer makes.
 *
 * noble multiplies by the cofactor and libsodium does not: with other points a hostile
 * signer could make an envelope that this page takes and every program refuses.
 */
function isOfPrimeOrder(point: Uint8Array): boolean {
  const decoded = ed25519.Point.fromBytes(point)
  return decoded.isTorsionFree() && !decoded.isSmallOrder()
}

function checkSeed(seed: Uint8Array): Uint8Array {
  return checkLength(seed, { length: ED25519_SEED_BYTES, what: 'an Ed25519 seed' })
}
