/** HMAC (RFC 2104) and HKDF (RFC 5869), both with SHA-256. */
import { expand, extract } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Bytes } from '../bytes.ts'
import { CryptoUsageError } from './errors.ts'

const NO_BYTES = new Uint8Array(0)
const MAX_OUTPUT_BYTES = 255 * 32 // RFC 5869: a counter of one byte, over blocks of one hash

/** Return the 32-byte MAC of `message`. */
export function hmacSha256({ key, message }: { key: Uint8Array; message: Uint8Array }): Bytes {
  return hmac(sha256, key, message)
}

/**
 * Return `length` bytes derived from `secret`; an absent salt is the empty one.
 *
 * Raises CryptoUsageError for more than 8,160 bytes.
 */
export function hkdfSha256({
  secret,
  salt = NO_BYTES,
  info,
  length = 32,
}: {
  secret: Uint8Array
  salt?: Uint8Array
  info: Uint8Array
  length?: number
}): Bytes {
  return hkdfExpand({ pseudorandomKey: hkdfExtract({ secret, salt }), info, length })
}

/** Return the 32-byte pseudorandom key: HKDF's first half, for protocols that need it apart. */
export function hkdfExtract({ secret, salt }: { secret: Uint8Array; salt: Uint8Array }): Bytes {
  return extract(sha256, secret, salt)
}

/** Return `length` bytes: HKDF's second half. Raises CryptoUsageError for more than 8,160. */
export function hkdfExpand({
  pseudorandomKey,
  info,
  length,
}: {
  pseudorandomKey: Uint8Array
  info: Uint8Array
  length: number
}): Bytes {
  if (length > MAX_OUTPUT_BYTES) throw new CryptoUsageError('HKDF gives 8,160 bytes at most')
  return expand(sha256, pseudorandomKey, info, length)
}
