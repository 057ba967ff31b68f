/** SHA-256 (FIPS 180-4): at once for small values, natively for large ones. */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import type { Bytes } from '../bytes.ts'

export const SHA256_BYTES = 32

/** Return the hash, computed by the browser: 700 MB/s. For segments and files. */
export async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data))
}

/** Return the hash at once, computed in JavaScript: 100 MB/s. For fingerprints and tree nodes. */
export function sha256Sync(data: Uint8Array): Bytes {
  return nobleSha256(data)
}
