/**
 * Who opens contents, seen from the page: in its own thread or in a worker's.
 *
 * `PageReader` is the straight path for documents of one segment; `app/worker/` has the
 * other implementation.
 */
import type { Bytes } from '../bytes.ts'
import type { Aead } from '../crypto/aead.ts'
import { ContentsOpener, type ContentsQuestion, type ReportBytes } from './contents_opener.ts'
import { ExchangeUsageError } from './errors.ts'

/** A file's bytes, ready to be shown or saved. */
export interface ReadFile {
  readonly blob: Blob
  /** The name of the plaintext copy on this disk that `blob` is; null if there is none. */
  readonly copy: string | null
}

/**
 * Opens the contents of one document; calls in this order, each awaited before the next.
 *
 * For the implementer: raise what `ContentsOpener` raises, StorageErrors, and LeftError
 * from any call that is under way when `end` is called.
 */
export interface ContentsReader {
  /** Verify what an earlier visit kept; return the index of the first segment to fetch. */
  begin(report: ReportBytes): Promise<number>
  /** Open the next segment, keep its sealed bytes. `sealed` is given away. */
  openNext(sealed: Bytes): Promise<void>
  /** Verify the whole; return each file's blob, or null for one that `readFile` returns. */
  finish(): Promise<readonly (Blob | null)[]>
  /** Return a file of contents that `finish` has verified and of which it gave no blob. */
  readFile(fileIndex: number, report: ReportBytes): Promise<ReadFile>
  /**
   * Forget the document key and everything of the plaintext. May be called at any time,
   * and again. The sealed segments stay for another visit if `keep` says so.
   */
  end(how: { keep: boolean }): Promise<void>
}

/** Returns a new reader; it holds the document key until it is ended. */
export type StartReader = (question: ContentsQuestion) => ContentsReader

/** Opens in this thread and in memory: for short documents, and where there is no worker. */
export class PageReader implements ContentsReader {
  #opener: ContentsOpener | null

  constructor(question: ContentsQuestion, { aead }: { aead: Aead }) {
    this.#opener = new ContentsOpener(question, { aead })
  }

  async begin(): Promise<number> {
    return this.#open().nextIndex
  }

  openNext(sealed: Bytes): Promise<void> {
    return this.#open().openNext(sealed)
  }

  finish(): Promise<readonly (Blob | null)[]> {
    return this.#open().finish()
  }

  async readFile(): Promise<ReadFile> {
    throw new ExchangeUsageError('all files were given out as blobs')
  }

  async end(): Promise<void> {
    this.#opener = null
  }

  #open(): ContentsOpener {
    if (this.#opener === null) throw new ExchangeUsageError('this reader was ended')
    return this.#opener
  }
}
