/**
 * The archive that an export writes: a POSIX pax tar of regular files, front to back.
 *
 * export.md §1: the same headers as those of a document's contents (sealed-document.md §1),
 * each file with a moment of its own.
 */
import { BLOCK_BYTES, fileHeaders, restOfBlock } from './bundle.ts'
import type { ReadFile } from './contents_reader.ts'
import { ExchangeUsageError } from './errors.ts'

/**
 * Where an archive is written: in memory, or in a private file.
 *
 * For the implementer: one call at a time, but for `discard`. Raise NoRoomError if there is
 * no room, ArchiveLostError for whatever else makes the written part useless, LeftError from
 * a call that is under way when `discard` is called.
 */
export interface ArchivePlace {
  /** Write `data` behind what is there. After an error, `cut` or `discard` follows. */
  append(data: Blob): Promise<void>
  /** Forget what stands behind the first `length` bytes. */
  cut(length: number): Promise<void>
  /** Return all of it, held until it is handed over or deleted. Nothing is written afterwards. */
  finish(): Promise<ReadFile>
  /** Delete all of it. May be called at any time, and again. */
  discard(): Promise<void>
}

/** A file of the archive: its path in it, its size, and when it was made (Unix seconds). */
export interface ArchivedFile {
  readonly path: string
  readonly size: number
  readonly madeAt: number
}

/** A place in the archive to come back to. */
export interface Mark {
  readonly entries: number
  readonly length: number
}

/** Writes one archive. Holds no file's bytes. */
export class Archive {
  readonly #place: ArchivePlace
  #entries = 0
  #length = 0

  constructor(place: ArchivePlace) {
    this.#place = place
  }

  /** Where the next file will stand. */
  get mark(): Mark {
    return { entries: this.#entries, length: this.#length }
  }

  /**
   * Add a file. Its path has been made safe and is nobody else's.
   *
   * Raises what the place raises, and ExchangeUsageError if `content` is not of this size:
   * what was written is right only up to the last `mark` then.
   */
  async add({ path, size, madeAt }: ArchivedFile, content: Blob): Promise<void> {
    if (content.size !== size) throw new ExchangeUsageError('a file of another size')
    const number = this.#entries + 1
    const headers = fileHeaders({ name: path, size }, { number, createdAt: madeAt })
    await this.#append(new Blob([headers, content, new Uint8Array(restOfBlock(size))]))
    this.#entries = number
  }

  /** Forget everything that was added after `mark`. */
  async rewind({ entries, length }: Mark): Promise<void> {
    await this.#place.cut(length)
    this.#entries = entries
    this.#length = length
  }

  /** Write the two zero blocks that end a tar, and return it. */
  async finish(): Promise<ReadFile> {
    await this.#append(new Blob([new Uint8Array(2 * BLOCK_BYTES)]))
    return this.#place.finish()
  }

  async #append(data: Blob): Promise<void> {
    await this.#place.append(data)
    this.#length += data.size
  }
}
