/**
 * Opening the contents: sealed segments in, the manifest's files out, or nothing.
 *
 * sealed-document.md §7 rule 4.
 */
import { AgeError } from '../age/errors.ts'
import { openStart, SEALED_START_BYTES } from '../age/file.ts'
import type { ByteRange } from '../age/lengths.ts'
import type { PayloadOpener } from '../age/stream.ts'
import { type Bytes, concatBytes } from '../bytes.ts'
import type { Aead } from '../crypto/aead.ts'
import { sha256 } from '../crypto/sha256.ts'
import { leafHash, treeHash } from '../keys/tree.ts'
import { encodeHex } from '../keys/values.ts'
import { Verified } from '../verified.ts'
import { Bundle } from './bundle.ts'
import { ContentsRefusedError, ExchangeUsageError } from './errors.ts'
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
  /** Without a type of its own, so that no address made of it is a page. */
  readonly blob: Blob
}

const FINISHED = Symbol('finished')

/** All contents of `cover`, verified. Only `ContentsOpener.finish` makes one. */
export class VerifiedContents extends Verified {
  readonly cover: VerifiedCover
  readonly files: readonly VerifiedFile[]

  constructor(_: typeof FINISHED, cover: VerifiedCover, files: readonly VerifiedFile[]) {
    super()
    this.cover = cover
    this.files = files
  }
}

/**
 * Verifies and decrypts the contents of one verified cover, segment after segment.
 *
 * The files' bytes are collected in blobs, which browsers move to the disk when there are
 * many, and given out by `finish` only. After any error every further call raises
 * ExchangeUsageError.
 */
export class ContentsOpener {
  readonly layout: SegmentLayout
  readonly #cover: VerifiedCover
  readonly #aead: Aead
  readonly #bundle: Bundle
  readonly #leafHashes: Bytes[] = []
  readonly #parts: readonly Blob[][]
  #payload: PayloadOpener | null = null
  #failed = false

  /** Raises ContentsRefusedError if the manifest's lengths do not belong together. */
  constructor(cover: VerifiedCover, { aead }: { aead: Aead }) {
    const { contents, createdAt } = cover.manifest
    this.#cover = cover
    this.#aead = aead
    this.#bundle = new Bundle(contents.files, { createdAt })
    this.layout = new SegmentLayout(this.#bundle.paddedLength)
    this.#parts = contents.files.map(() => [])
    if (
      contents.tarLength !== this.#bundle.tarLength ||
      contents.paddedLength !== this.#bundle.paddedLength ||
      contents.sealedLength !== this.layout.sealedLength
    ) {
      throw new ContentsRefusedError("the manifest's lengths are not those of its files")
    }
  }

  /** The bytes of the sealed file to give to `openNext`; null after the last. */
  get nextRange(): ByteRange | null {
    const index = this.#leafHashes.length
    return index < this.layout.count ? this.layout.sealedRange(index) : null
  }

  /** Decrypt and check the next segment. Raises ContentsRefusedError if anything is wrong. */
  async openNext(sealed: Bytes): Promise<void> {
    const range = this.nextRange
    if (this.#failed || range === null) {
      throw new ExchangeUsageError('these contents are opened, or were refused')
    }
    this.#failed = true
    if (sealed.length !== range.end - range.start) {
      throw new ContentsRefusedError('the contents were cut short or added to')
    }
    const index = this.#leafHashes.length
    const plain = await this.#decrypt(index, sealed)
    this.#leafHashes.push(await leafHash(plain))
    this.#bundle.compare(this.layout.plainRange(index).start, plain, (fileIndex, data) => {
      // The blob holds a copy, so that the segment's own memory can go.
      this.#parts[fileIndex]?.push(new Blob([concatBytes(data)]))
    })
    this.#failed = false
  }

  /**
   * Return the files; only now may anything of them be used.
   *
   * Raises ContentsRefusedError if segments are missing, or a hash differs.
   */
  async finish(): Promise<VerifiedContents> {
    if (this.#failed) throw new ExchangeUsageError('these contents were refused, or given out')
    this.#failed = true
    const { contents } = this.#cover.manifest
    if (this.nextRange !== null) throw new ContentsRefusedError('the contents were cut short')
    if (encodeHex(treeHash(this.#leafHashes)) !== contents.treeHash) {
      throw new ContentsRefusedError('the contents are not the ones that were signed')
    }
    const names = safeNames(contents.files.map(({ name }) => name))
    const files: VerifiedFile[] = []
    for (const [index, { mediaType, size, sha256: expected }] of contents.files.entries()) {
      const blob = new Blob(this.#parts[index])
      if (expected !== null) await checkHash(blob, expected)
      files.push({ name: names[index] ?? '', mediaType, size, blob })
    }
    return new VerifiedContents(FINISHED, this.#cover, files)
  }

  async #decrypt(index: number, sealed: Bytes): Promise<Bytes> {
    const { stream } = this.layout
    const { firstChunkIndex } = stream.segmentChunks(index)
    try {
      const chunks = index === 0 ? sealed.subarray(SEALED_START_BYTES) : sealed
      const payload = this.#payload ?? (await this.#openStart(sealed))
      return await payload.openRange(chunks, { layout: stream, firstChunkIndex })
    } catch (failure) {
      if (!(failure instanceof AgeError)) throw failure
      throw new ContentsRefusedError("the contents are damaged, or another's")
    }
  }

  async #openStart(segment: Bytes): Promise<PayloadOpener> {
    const start = segment.subarray(0, SEALED_START_BYTES)
    const identity = this.#cover.secretDocumentKey()
    this.#payload = await openStart(start, { identity, aead: this.#aead })
    return this.#payload
  }
}

async function checkHash(blob: Blob, expected: string): Promise<void> {
  const bytes = new Uint8Array(await blob.arrayBuffer())
  if (encodeHex(await sha256(bytes)) !== expected) {
    throw new ContentsRefusedError('a file is not the one that was signed')
  }
}
