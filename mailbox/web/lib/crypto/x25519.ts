/** X25519 (RFC 7748): the secret that two key pairs share. */
import { x25519 } from '@noble/curves/ed25519.js'
import type { Bytes } from '../bytes.ts'
import { LowOrderPointError } from './errors.ts'
import { checkLength } from './lengths.ts'

export const X25519_BYTES = 32 // of a secret, a point and a shared secret alike

// Any scalar does: X25519 clamps each to a multiple of the cofactor that is no
// multiple of the group's order, so exactly the points of low order give zero.
const ANY_SCALAR = new Uint8Array(X25519_BYTES).fill(1)

/** Return the public point of a secret of 32 bytes. */
export function x25519PublicKey(secret: Uint8Array): Bytes {
  return x25519.getPublicKey(checkSecret(secret))
}

/**
 * Return what `secret` and the other side's `point` give, 32 bytes.
 *
 * Raises LowOrderPointError if that is zero, CryptoUsageError for other lengths than 32.
 * A point that is not reduced stands for the one it reduces to, as RFC 7748 section 5
 * says.
 */
export function x25519SharedSecret({
  secret,
  point,
}: {
  secret: Uint8Array
  point: Uint8Array
}): Bytes {
  checkSecret(secret)
  checkLength(point, { length: X25519_BYTES, what: 'an X25519 point' })
  try {
    return x25519.getSharedSecret(secret, point)
  } catch {
    // Lengths are checked above: zero is the one thing that is left to refuse.
    throw new LowOrderPointError('an X25519 point of low order')
  }
}

/**
 * Return `point` if it is not of low order; raise LowOrderPointError if it is.
 *
 * A shared secret of zero is an attack or a fault, and has to be told apart from a
 * ciphertext for somebody else (RFC 7748 section 6.1).
 */
export function checkX25519Point<Point extends Uint8Array>(point: Point): Point {
  x25519SharedSecret({ secret: ANY_SCALAR, point })
  return point
}

function checkSecret(secret: Uint8Array): Uint8Array {
  return checkLength(secret, { length: X25519_BYTES, what: 'an X25519 secret' })
}
