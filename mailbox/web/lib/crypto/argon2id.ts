/** Argon2id (RFC 9106) with the one cost that Souspli uses. */
import { type Bytes, concatBytes } from '../bytes.ts'
import { checkLength } from './lengths.ts'
import { libsodium } from './libsodium.ts'

export const ARGON2ID_SALT_BYTES = 16

/**
 * The cost, docs/specs/keys.md: a constant of the client. A server that could lower
 * it could guess passwords. RFC 9106's second recommended choice, but for one lane
 * in place of four: WebAssembly has a single thread here.
 */
export const ARGON2ID_MEMORY_BYTES = 67_108_864 // 64 MiB
export const ARGON2ID_PASSES = 3
const OUTPUT_BYTES = 32

/**
 * Return the 32 bytes that `password` and `salt` give. Version 1.3, one lane.
 *
 * Takes 64 MiB and a third of a second, and the thread stands still meanwhile: call
 * it in a worker. Raises CryptoUsageError unless `salt` is ARGON2ID_SALT_BYTES long.
 */
export async function argon2id({
  password,
  salt,
}: {
  password: Uint8Array
  salt: Uint8Array
}): Promise<Bytes> {
  checkLength(salt, { length: ARGON2ID_SALT_BYTES, what: 'a salt' })
  const sodium = await libsodium()
  const key = sodium.crypto_pwhash(
    OUTPUT_BYTES,
    password,
    salt,
    ARGON2ID_PASSES,
    ARGON2ID_MEMORY_BYTES,
    sodium.crypto_pwhash_ALG_ARGON2ID13,
  )
  return concatBytes(key)
}
