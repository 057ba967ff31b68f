/**
 * Opening the contents: sealed segments in, a verdict out, and only then the files.
 *
 * sealed-document.md §7 rule 4. Runs in the page or in a worker; knows neither.
 */
import { AgeError } from '../age/errors.ts'
import { openStart, SEALED_START_BYTES } from '../age/file.ts'
import type { ByteRange } from '../age/lengths.ts'
import type { PayloadOpener } from '../age/stream.ts'
import type { HybridIdentity } from '../age/unwrap.ts'
import { type Bytes, equalBytes } from '../bytes.ts'
import type { Aead } from '../crypto/aead.ts'
import { LeafMemory, treeHash } from '../keys/tree.ts'
import { encodeHex } from '../keys/values.ts'
import { Bundle } from './bundle.ts'
import { ContentsRefusedError, ExchangeUsageError } from './errors.ts'
import { FileCollector } from './file_collector.ts'
import type { KeptSegments } from './kept_segments.ts'
import type { Contents } from './manifest.ts'
import { SegmentLayout } from './segments.ts'

const NOTHING = new Uint8Array(0)

/** What of a verified cover is needed to open its contents. Holds the document key. */
export interface ContentsQuestion {
  readonly contents: Contents
  readonly createdAt: number
  readonly documentKey: HybridIdentity
}

/** Hears how many of how many bytes are done. */
export type ReportBytes = (done: number, total: number) => void

/** How a long piece of work is followed, and ended: AbortSignal's reason is raised. */
export interface Following {
  readonly report: ReportBytes
  readonly signal: AbortSignal
}

/**
 * Return the bundle and the layout that a manifest's files give.
 *
 * Raises ContentsRefusedError if the manifest's lengths do not belong to them.
 */
export function checkLengths({ contents, createdAt }: Omit<ContentsQuestion, 'documentKey'>): {
  bundle: Bundle
  layout: SegmentLayout
} {
  const bundle = new Bundle(contents.files, { createdAt })
  const layout = new SegmentLayout(bundle.paddedLength)
  if (
    contents.tarLength !== bundle.tarLength ||
    contents.paddedLength !== bundle.paddedLength ||
    contents.sealedLength !== layout.sealedLength
  ) {
    throw new ContentsRefusedError("the manifest's lengths are not those of its files")
  }
  return { bundle, layout }
}

/**
 * Verifies and decrypts the contents of one document, segment after segment.
 *
 * With `kept`, sealed segments are kept there and no plaintext is: after `finish`,
 * `readFile` decrypts them once more. Without it the files are collected as blobs. One
 * call at a time. After any error every further call raises ExchangeUsageError.
 */
export class ContentsOpener {
  readonly layout: SegmentLayout
  readonly #question: ContentsQuestion
  readonly #aead: Aead
  readonly #kept: KeptSegments | null
  readonly #bundle: Bundle
  readonly #files: FileCollector
  readonly #leafHashes: Promise<Bytes>[] = []
  /** The plaintext of one segment at a time. */
  readonly #plain: LeafMemory
  #payload: PayloadOpener | null = null
  #state: 'opening' | 'verified' | 'failed' = 'opening'

  /** Raises ContentsRefusedError if the manifest's lengths do not belong together. */
  constructor(
    question: ContentsQuestion,
    { aead, kept = null }: { aead: Aead; kept?: KeptSegments | null },
  ) {
    const { bundle, layout } = checkLengths(question)
    this.layout = layout
    this.#question = question
    this.#aead = aead
    this.#kept = kept
    this.#bundle = bundle
    this.#files = new FileCollector(question.contents.files, { keep: kept === null })
    this.#plain = new LeafMemory(this.layout.plainRange(0).end)
  }

  /** The index of the segment to give to `openNext`: how many are verified. */
  get nextIndex(): number {
    return this.#leafHashes.length
  }

  /** Its bytes of the sealed file; null after the last. */
  get nextRange(): ByteRange | null {
    return this.nextIndex < this.layout.count ? this.layout.sealedRange(this.nextIndex) : null
  }

  /**
   * Verify what an earlier visit has kept, before anything else is opened.
   *
   * A kept segment that does not decrypt is no reason to refuse: it and what follows are
   * forgotten, and come from the service again. Raises ContentsRefusedError for what a
   * damaged disk can't explain.
   */
  async resume({ report, signal }: Following): Promise<void> {
    await this.#guard(async () => {
      const kept = this.#kept
      if (kept === null) return
      for (let range = this.nextRange; range !== null; range = this.nextRange) {
        signal.throwIfAborted()
        if (range.end > kept.length) break
        const plain = await this.#decryptKept(kept, this.nextIndex)
        if (plain === null) break
        await this.#take(plain)
        report(range.end, this.layout.sealedLength)
      }
      await kept.cut(this.nextRange?.start ?? this.layout.sealedLength)
    })
  }

  /** Decrypt and check the next segment. Raises ContentsRefusedError if anything is wrong. */
  async openNext(sealed: Bytes): Promise<void> {
    await this.#guard(async () => {
      const range = this.nextRange
      if (range === null) throw new ExchangeUsageError('all segments are opened')
      if (sealed.length !== range.end - range.start) {
        throw new ContentsRefusedError('the contents were cut short or added to')
      }
      await this.#take(await this.#decrypt(this.nextIndex, sealed), () =>
        this.#kept?.append(sealed),
      )
    })
  }

  /**
   * Return a blob for each file, or null for each if their segments are kept.
   *
   * Only now may anything of the files be used. Raises ContentsRefusedError if segments
   * are missing, or a hash differs.
   */
  async finish(): Promise<readonly (Blob | null)[]> {
    return this.#guard(async () => {
      if (this.nextRange !== null) throw new ContentsRefusedError('the contents were cut short')
      const root = treeHash(await Promise.all(this.#leafHashes))
      if (encodeHex(root) !== this.#question.contents.treeHash) {
        throw new ContentsRefusedError('the contents are not the ones that were signed')
      }
      await this.#files.settle()
      const blobs = this.#files.blobs()
      this.#state = 'verified'
      return blobs
    })
  }

  /**
   * Decrypt one file of verified contents from the kept segments; `write` takes it in order,
   * and copies what it wants to keep.
   *
   * What is on the disk may have changed since: each segment must have the hash that was
   * verified. Raises ContentsRefusedError if not; what was written then is to be deleted.
   */
  async readFile(
    fileIndex: number,
    write: (data: Uint8Array) => void,
    { report, signal }: Following,
  ): Promise<void> {
    const kept = this.#kept
    if (this.#state !== 'verified' || kept === null) {
      throw new ExchangeUsageError('these contents are not verified, or not kept')
    }
    const file = this.#bundle.fileRange(fileIndex)
    let written = 0
    for (let index = 0; index < this.layout.count; index += 1) {
      const { start, end } = this.layout.plainRange(index)
      if (end <= file.start || start >= file.end) continue
      signal.throwIfAborted()
      const plain = (await this.#decryptKept(kept, index)) ?? NOTHING
      const hashing = this.#plain.hash(plain.length)
      const part = plain.subarray(Math.max(file.start - start, 0), file.end - start)
      write(part)
      written += part.length
      if (!equalBytes(await hashing, (await this.#leafHashes[index]) ?? NOTHING)) {
        throw new ContentsRefusedError('the kept segments are not those that were verified')
      }
      report(written, file.end - file.start)
    }
  }

  /** Run one step: nothing follows a failed one, and none follows the last. */
  async #guard<Value>(step: () => Promise<Value>): Promise<Value> {
    if (this.#state !== 'opening') {
      throw new ExchangeUsageError('these contents are opened, or were refused')
    }
    try {
      return await step()
    } catch (failure) {
      this.#state = 'failed'
      throw failure
    }
  }

  /** Compare one segment's plaintext, collect its files; `keep` its sealed bytes. */
  async #take(plain: Bytes, keep?: () => Promise<void> | undefined): Promise<void> {
    // The platform takes a copy and hashes it on a thread of its own, while this one
    // compares, keeps, and decrypts what comes next.
    const hashing = this.#plain.hash(plain.length)
    const { start } = this.layout.plainRange(this.nextIndex)
    this.#bundle.compare(start, plain, (fileIndex, data) => this.#files.add(fileIndex, data))
    await Promise.all([keep?.(), this.#files.settle()])
    // Never more than two copies at once.
    await this.#leafHashes.at(-1)
    this.#leafHashes.push(hashing)
  }

  async #decryptKept(kept: KeptSegments, index: number): Promise<Bytes | null> {
    try {
      return await this.#decrypt(index, await kept.read(this.layout.sealedRange(index)))
    } catch (failure) {
      if (!(failure instanceof ContentsRefusedError)) throw failure
      // Its nonce may be the damaged part, and the segment that comes instead has the right one.
      if (index === 0) this.#payload = null
      return null
    }
  }

  async #decrypt(index: number, sealed: Bytes): Promise<Bytes> {
    const { stream } = this.layout
    const { firstChunkIndex } = stream.segmentChunks(index)
    try {
      const chunks = index === 0 ? sealed.subarray(SEALED_START_BYTES) : sealed
      const payload = this.#payload ?? (await this.#openStart(sealed))
      const into = this.#plain.room
      return await payload.openRange(chunks, { layout: stream, firstChunkIndex, into })
    } catch (failure) {
      if (!(failure instanceof AgeError)) throw failure
      throw new ContentsRefusedError("the contents are damaged, or another's")
    }
  }

  async #openStart(segment: Bytes): Promise<PayloadOpener> {
    const start = segment.subarray(0, SEALED_START_BYTES)
    const identity = this.#question.documentKey
    this.#payload = await openStart(start, { identity, aead: this.#aead })
    return this.#payload
  }
}
