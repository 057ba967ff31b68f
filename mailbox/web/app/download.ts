/** Hands a verified file to the browser's own download, byte for byte. */
import type { OpenedFile } from './core.ts'
import { deleteCopyAfter } from './files/handed_copies.ts'

/** How long the address of a download stays good: the browser reads it right away. */
const ADDRESS_LIFE_MS = 60_000

/** Bytes in a millisecond, 20 MB/s: a memory stick of the slow kind, which is being saved to. */
const SLOWEST_DISK = 20_000

/**
 * Hand the file over; `progress` hears how far a long one is decrypted.
 *
 * A long file is a plaintext copy on this disk by then, and deleted as soon as the browser
 * has surely taken it: no browser says when that is. Returns whether it is such a file.
 */
export async function download(
  file: OpenedFile,
  progress?: (done: number, total: number) => void,
): Promise<boolean> {
  const { blob, copy } = await file.read(progress)
  // Never the sender's media type: a blob has this page's origin, and one of type
  // text/html that a browser chose to open would run in it.
  const address = URL.createObjectURL(new Blob([blob], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = address
  link.download = file.name
  link.click()
  const life = ADDRESS_LIFE_MS + file.size / SLOWEST_DISK
  window.setTimeout(() => URL.revokeObjectURL(address), life)
  if (copy !== null) void deleteCopyAfter(copy, life)
  return copy !== null
}
