/**
 * Where the sealed segments of a large document are kept while it is opened.
 *
 * Only ciphertext, as the service has it: a broken line, a reload or a closed window costs
 * no second download, and what stays on the disk says nothing.
 */
import type { ByteRange } from '../age/lengths.ts'
import type { HybridIdentity } from '../age/unwrap.ts'
import { type Bytes, utf8 } from '../bytes.ts'
import { hkdfSha256 } from '../crypto/hkdf.ts'
import { encodeHex } from '../keys/values.ts'
import { NoRoomError, NoStorageError } from './errors.ts'

/**
 * The sealed bytes of one document, from its beginning up to `length`.
 *
 * For the implementer: one holder at a time (OpenElsewhereError for a second one); no
 * promise of durability, since what is kept is verified again before use; raise
 * NoRoomError if there is no room.
 */
export interface KeptSegments {
  readonly length: number
  /** Return these bytes, or fewer if fewer are there. Good until the next call. */
  read(range: ByteRange): Promise<Bytes>
  append(sealed: Bytes): Promise<void>
  /** Forget what stands behind the first `length` bytes. */
  cut(length: number): Promise<void>
}

const NAME_BYTES = 16 // as long as an id: two documents never share it

/**
 * Return the name under which a document's segments are kept.
 *
 * Made from the document key: it names exactly one sequence of sealed bytes, is found
 * again by whoever can open them, and tells nobody else which document it is.
 */
export function keptName(documentKey: HybridIdentity): string {
  const secret = documentKey.secretSeed()
  const info = utf8('souspli/v1/kept-segments-name')
  return encodeHex(hkdfSha256({ secret, info, length: NAME_BYTES }))
}

/**
 * 64 MiB: longer documents have their segments kept in files.
 *
 * A file up to this size is hashed in one piece, in memory, as the manifest asks
 * (sealed-document.md §3). A document up to this size needs no more than that file does.
 */
export const MOST_WITHOUT_FILES = 67_108_864

/**
 * 256 MiB: what is still opened in memory where there are no files.
 *
 * The blobs of one document and one saved copy then fit a telephone with 2 GiB, of which
 * its browsers give a page about a half.
 */
export const MOST_IN_MEMORY = 268_435_456

/**
 * Return where to keep `length` bytes: what `openKept` opens, or null for memory.
 *
 * Raises what `openKept` raises for what is too long for memory.
 */
export async function choosePlace<Kept>(
  length: number,
  openKept: () => Promise<Kept>,
): Promise<Kept | null> {
  if (length <= MOST_WITHOUT_FILES) return null
  try {
    return await openKept()
  } catch (failure) {
    const hasNoPlace = failure instanceof NoStorageError || failure instanceof NoRoomError
    if (!hasNoPlace || length > MOST_IN_MEMORY) throw failure
    return null
  }
}
