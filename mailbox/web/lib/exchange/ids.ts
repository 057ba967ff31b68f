/** Ids and salts of 128 random bits, as 32 lower-case hexadecimal digits (encoding.md §2). */
import { randomBytes } from '../crypto/random.ts'
import { encodeHex, ID_BYTES } from '../keys/values.ts'

/** Return 128 new random bits: an id, or a salt. */
export function randomHex(): string {
  return encodeHex(randomBytes(ID_BYTES))
}
