/**
 * Opens one large document again and again, for `benchmarks/browser.py` to take the time.
 *
 * The page's own parts, in the page's own worker; what is left out is the network.
 */
import { WorkerReader } from '../app/worker/contents.ts'
import { chacha20Poly1305 } from '../lib/crypto/chacha20poly1305.ts'
import type { ContentsQuestion } from '../lib/exchange/contents_opener.ts'
import type { ContentsReader } from '../lib/exchange/contents_reader.ts'
import { SegmentLayout } from '../lib/exchange/segments.ts'
import { sealContents } from '../tests/support/seal.ts'

const CREATED_AT = 1_800_000_000

let question: ContentsQuestion
let segments: readonly Blob[] = []
let open: ContentsReader | null = null

/** Seal a document with one file of so many bytes, and keep its segments. */
async function prepare(size: number): Promise<void> {
  const content = new Uint8Array(size)
  for (let start = 0; start < size; start += 65_536) {
    crypto.getRandomValues(content.subarray(start, start + 65_536))
  }
  const file = { name: 'scan.bin', mediaType: 'application/octet-stream', content }
  const aead = await chacha20Poly1305()
  const { documentKey, sealed, contents } = await sealContents([file], {
    createdAt: CREATED_AT,
    aead,
  })
  const { padded_length, tar_length, tree_hash } = contents
  const layout = new SegmentLayout(Number(padded_length))
  question = {
    documentKey,
    createdAt: CREATED_AT,
    contents: {
      // Above 64 MiB a manifest has no hash of the file alone.
      files: [{ name: file.name, mediaType: file.mediaType, size, sha256: null }],
      paddedLength: layout.stream.plainBytes,
      sealedLength: layout.sealedLength,
      tarLength: Number(tar_length),
      treeHash: String(tree_hash),
    },
  }
  segments = Array.from({ length: layout.count }, (_, index) => {
    const { start, end } = layout.sealedRange(index)
    return new Blob([sealed.slice(start, end)])
  })
  await keep()
}

/** Have the sealed segments in a private file, as a download leaves them. */
async function keep(): Promise<void> {
  const reader = new WorkerReader(question)
  await reader.begin(() => {})
  for (const segment of segments) {
    await reader.openNext(new Uint8Array(await segment.arrayBuffer()))
  }
  await reader.end({ keep: true })
  segments = []
}

/** From sealed segments in a private file to «verified», in a new worker. */
async function verify(): Promise<void> {
  await open?.end({ keep: true })
  open = new WorkerReader(question)
  await open.begin(() => {})
  await open.finish()
}

/** From the private file of sealed segments to a file to download. */
async function save(): Promise<void> {
  const { copy } = (await open?.readFile(0, () => {})) ?? { copy: null }
  const root = await navigator.storage.getDirectory()
  const copies = await root.getDirectoryHandle('copies')
  if (copy !== null) await copies.removeEntry(copy)
}

Object.assign(globalThis, { prepare, verify, save })
