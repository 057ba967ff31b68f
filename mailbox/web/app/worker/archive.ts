/** An archive in a private file that a worker writes: `ArchivePlace` as the page calls it. */
import type { ArchivePlace } from '../../lib/exchange/archive.ts'
import type { ReadFile } from '../../lib/exchange/contents_reader.ts'
import {
  ArchiveLostError,
  LeftError,
  NoRoomError,
  NoStorageError,
} from '../../lib/exchange/errors.ts'
import { randomHex } from '../../lib/exchange/ids.ts'
import { deleteHeldCopy, holdCopy } from '../files/handed_copies.ts'
import { deleteFiles, hasRoomFor, readFile } from '../files/private_files.ts'
import type { ArchiveAnswer, ArchiveCall } from './archive_messages.ts'
import { failureOf } from './contents_messages.ts'
import { startWorker } from './start.ts'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (failure: Error) => void
}

/**
 * One worker for one archive: a page's own thread can't write private files everywhere.
 *
 * The file is plaintext. What a closed window leaves of it goes with the other copies
 * (files/visit.ts); its name says nothing.
 */
export class WorkerArchive implements ArchivePlace {
  readonly #name = randomHex()
  readonly #worker = startWorker('archive')
  #waiting: Waiting | null = null
  /** Why it answers no more. */
  #over: Error | null = null

  private constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<ArchiveAnswer>) =>
      this.#hear(data),
    )
    this.#worker.addEventListener('error', () => this.#end(new ArchiveLostError('broke down')))
    this.#worker.addEventListener('messageerror', () => this.#end(new ArchiveLostError('garbled')))
  }

  /**
   * Begin an archive, with room for so many bytes.
   *
   * Segments that are kept of documents make room if they must: they can come again. Raises
   * NoStorageError, NoRoomError.
   */
  static async open(needed: number): Promise<WorkerArchive> {
    if (!(await hasRoomFor(needed))) {
      await deleteFiles('sealed')
      if (!(await hasRoomFor(needed))) throw new NoRoomError('not enough room for this archive')
    }
    const archive = new WorkerArchive()
    try {
      await archive.#ask({ call: 'open', name: archive.#name })
      return archive
    } catch (failure) {
      await archive.discard()
      throw failure
    }
  }

  append(data: Blob): Promise<void> {
    return this.#ask({ call: 'append', data })
  }

  cut(length: number): Promise<void> {
    return this.#ask({ call: 'cut', length })
  }

  async finish(): Promise<ReadFile> {
    await this.#ask({ call: 'close' })
    this.#end(new ArchiveLostError('finished'))
    holdCopy(this.#name)
    return { blob: await readFile('copies', this.#name), copy: this.#name }
  }

  async discard(): Promise<void> {
    this.#end(new LeftError({ keep: false }))
    await deleteHeldCopy(this.#name)
  }

  #ask(call: ArchiveCall): Promise<void> {
    if (this.#over !== null) return Promise.reject(this.#over)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#worker.postMessage(call)
    })
  }

  #hear({ failure }: ArchiveAnswer): void {
    const waiting = this.#waiting
    this.#waiting = null
    if (failure === null) waiting?.resolve()
    else waiting?.reject(storageError(failure))
  }

  #end(why: Error): void {
    this.#worker.terminate()
    this.#over ??= why
    this.#waiting?.reject(why)
    this.#waiting = null
  }
}

/** Whatever is wrong in the worker is wrong with the whole archive. */
function storageError(said: { name: string; message: string }): Error {
  const failure = failureOf(said)
  const isTold = failure instanceof NoRoomError || failure instanceof NoStorageError
  return isTold ? failure : new ArchiveLostError('the archive could not be written')
}
