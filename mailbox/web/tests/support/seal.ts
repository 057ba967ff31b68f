/** Contents sealed as a sender seals them: what the page never does, and its tests need. */
import { beginFile } from '../../lib/age/file.ts'
import { SEGMENT_CHUNKS } from '../../lib/age/lengths.ts'
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import type { Aead } from '../../lib/crypto/aead.ts'
import { sha256 } from '../../lib/crypto/sha256.ts'
import { Bundle } from '../../lib/exchange/bundle.ts'
import { SegmentLayout } from '../../lib/exchange/segments.ts'
import { leafHash, treeHash } from '../../lib/keys/tree.ts'
import { encodeHex } from '../../lib/keys/values.ts'

export interface PlainFile {
  readonly name: string
  readonly mediaType: string
  readonly content: Bytes
}

export interface SealedContents {
  readonly documentKey: HybridIdentity
  readonly sealed: Bytes
  /** The manifest's `contents`. */
  readonly contents: Record<string, unknown>
}

/** Return the padded tar of files with these contents. */
export function fillBundle(bundle: Bundle, contents: readonly Uint8Array[]): Bytes {
  const tar = new Uint8Array(bundle.paddedLength)
  for (const { piece, inside, at, length } of bundle.runs(0, tar.length)) {
    const source = piece.fileIndex === undefined ? piece.fixed : contents[piece.fileIndex]
    if (source !== undefined) tar.set(source.subarray(inside, inside + length), at)
  }
  return tar
}

/** Return files sealed to a new document key, and what a manifest says of them. */
export async function sealContents(
  files: readonly PlainFile[],
  { createdAt, aead }: { createdAt: number; aead: Aead },
): Promise<SealedContents> {
  const bundled = files.map(({ name, content }) => ({ name, size: content.length }))
  const bundle = new Bundle(bundled, { createdAt })
  const layout = new SegmentLayout(bundle.paddedLength)
  const tar = fillBundle(
    bundle,
    files.map(({ content }) => content),
  )
  const documentKey = HybridIdentity.generate()
  const { start, sealer } = await beginFile(documentKey.recipient, { aead })
  const parts: Bytes[] = [start]
  const leaves: Bytes[] = []
  for (let index = 0; index < layout.count; index += 1) {
    const range = layout.plainRange(index)
    const segment = tar.slice(range.start, range.end)
    leaves.push(await leafHash(segment))
    const run = { firstChunkIndex: index * SEGMENT_CHUNKS, last: index === layout.count - 1 }
    parts.push(await sealer.sealSegment(segment, run))
  }
  const contents = {
    files: await Promise.all(
      files.map(async ({ name, mediaType, content }) => ({
        media_type: mediaType,
        name,
        sha256: encodeHex(await sha256(content)),
        size: content.length,
      })),
    ),
    padded_length: bundle.paddedLength,
    sealed_length: layout.sealedLength,
    tar_length: bundle.tarLength,
    tree_hash: encodeHex(treeHash(leaves)),
  }
  return { documentKey, sealed: concatBytes(...parts), contents }
}
