/** Random octets from the browser's cryptographic source. */
import type { Bytes } from '../bytes.ts'

/** Return `length` random octets, at most 65,536: more than any key, salt or nonce needs. */
export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length))
}
