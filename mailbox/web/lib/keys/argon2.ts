/** Argon2id as its callers see it: slow, and often at home in a worker (keys.md §3). */
import type { Bytes } from '../bytes.ts'
import { sha256Sync } from '../crypto/sha256.ts'
import { frame } from './framing.ts'

/**
 * Returns 32 bytes from a password or code at the one cost there is.
 *
 * `lib/crypto/argon2id.ts` is one; the page passes another that runs it in a worker,
 * since the thread stands still for a third of a second.
 */
export type Argon2id = (input: {
  readonly password: Uint8Array
  readonly salt: Uint8Array
}) => Promise<Bytes>

const SALT_BYTES = 16

/** Return the salt that stands for these framed items. */
export function saltOf(label: string, ...items: readonly (Uint8Array | string)[]): Bytes {
  return sha256Sync(frame(label, ...items)).slice(0, SALT_BYTES)
}
