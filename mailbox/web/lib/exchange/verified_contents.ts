/** Contents of which every byte was verified, and the one way to them. */
import type { ByteRange } from '../age/lengths.ts'
import type { Bytes } from '../bytes.ts'
import { Verified } from '../verified.ts'
import type { ReportBytes } from './contents_opener.ts'
import type { ContentsReader, ReadFile, StartReader } from './contents_reader.ts'
import { ContentsCutShortError, LeftError, RefusedError } from './errors.ts'
import { safeNames } from './filenames.ts'
import type { VerifiedCover } from './sealed.ts'
import { SegmentLayout } from './segments.ts'

/** One file of which every byte was verified. */
export interface VerifiedFile {
  /** Safe to show and to store: not always the manifest's name. */
  readonly name: string
  /** What the sender says it is. Never let a browser open it as that in this page's origin. */
  readonly mediaType: string
  readonly size: number
  /**
   * Return its bytes; of a large document they are decrypted once more, from the segments
   * on this disk. The blob has no type of its own, so that no address made of it is a page.
   */
  read(report?: ReportBytes): Promise<ReadFile>
}

/** What the person who waits is told: bytes of the sealed file. */
export interface Progress {
  /** `resuming` is what an earlier visit kept, being verified. */
  readonly phase: 'resuming' | 'receiving' | 'verifying'
  readonly done: number
  readonly total: number
}

export type ReportProgress = (progress: Progress) => void

/** What `VerifiedContents.collect` works with. */
export interface Collecting {
  readonly startReader: StartReader
  /** Return these bytes of the sealed file, all of them. */
  readonly fetch: (range: ByteRange, onBytes: (count: number) => void) => Promise<Bytes>
  readonly report: ReportProgress
  /** Its reason is a LeftError. */
  readonly signal: AbortSignal
}

/** All contents of `cover`, verified. Only `collect` makes one. */
export class VerifiedContents extends Verified {
  readonly cover: VerifiedCover
  readonly files: readonly VerifiedFile[]
  readonly #reader: ContentsReader

  private constructor(
    cover: VerifiedCover,
    { reader, blobs }: { reader: ContentsReader; blobs: readonly (Blob | null)[] },
  ) {
    super()
    const { files } = cover.manifest.contents
    const names = safeNames(files.map(({ name }) => name))
    this.cover = cover
    this.#reader = reader
    this.files = files.map(({ mediaType, size }, index) => ({
      name: names[index] ?? '',
      mediaType,
      size,
      read: async (report = () => {}) => {
        const blob = blobs[index]
        return blob ? { blob, copy: null } : reader.readFile(index, report)
      },
    }))
  }

  /**
   * Fetch and verify all contents of `cover`; only then return them.
   *
   * While one segment is opened the next one is fetched. Raises ContentsRefusedError,
   * StorageError, LeftError, and what `fetch` raises; of a refused document nothing is
   * kept, of an unfinished one the sealed segments are.
   */
  static async collect(cover: VerifiedCover, collecting: Collecting): Promise<VerifiedContents> {
    const { startReader, signal } = collecting
    signal.throwIfAborted()
    const { contents, createdAt } = cover.manifest
    const documentKey = cover.secretDocumentKey()
    const reader = startReader({ contents, createdAt, documentKey })
    try {
      const blobs = await unlessLeft(signal, openAll(cover, reader, collecting))
      // The document key has done its work.
      if (blobs.every((blob) => blob !== null)) await reader.end({ keep: false })
      return new VerifiedContents(cover, { reader, blobs })
    } catch (failure) {
      // What was cut short says nothing against the segments that came whole.
      const isRefused =
        failure instanceof RefusedError && !(failure instanceof ContentsCutShortError)
      const isOver = failure instanceof LeftError ? !failure.keep : isRefused
      await reader.end({ keep: !isOver })
      throw failure
    }
  }

  /**
   * Forget the document key and the plaintext; no file can be read afterwards.
   *
   * The sealed segments of a large document stay for the next time, unless `keep` is false.
   */
  close({ keep = true } = {}): Promise<void> {
    return this.#reader.end({ keep })
  }
}

async function openAll(
  cover: VerifiedCover,
  reader: ContentsReader,
  { fetch, report, signal }: Collecting,
): Promise<readonly (Blob | null)[]> {
  const layout = new SegmentLayout(cover.manifest.contents.paddedLength)
  const total = layout.sealedLength
  const first = await reader.begin((done) => report({ phase: 'resuming', done, total }))
  let received = first < layout.count ? layout.sealedRange(first).start : total
  const onBytes = (count: number) => {
    received += count
    report({ phase: 'receiving', done: received, total })
  }
  let opening = Promise.resolve()
  for (let index = first; index < layout.count; index += 1) {
    // A refusal is told at once, however slowly the next segment comes.
    const sealed = await Promise.race([fetch(layout.sealedRange(index), onBytes), never(opening)])
    await opening
    signal.throwIfAborted()
    opening = reader.openNext(sealed)
    // A refusal is raised above, or after the loop; until then nobody misses it.
    opening.catch(() => {})
  }
  report({ phase: 'verifying', done: total, total })
  await opening
  return reader.finish()
}

/** Raise what `work` raises; return never. */
function never(work: Promise<void>): Promise<never> {
  return work.then(() => new Promise<never>(() => {}))
}

/** Return what `work` returns, or raise at once when the signal says that nobody waits. */
function unlessLeft<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
