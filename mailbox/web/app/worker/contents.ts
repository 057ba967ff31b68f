/** Opens contents in a worker of their own: `ContentsReader` as the page calls it. */
import type { Bytes } from '../../lib/bytes.ts'
import type { ContentsQuestion, ReportBytes } from '../../lib/exchange/contents_opener.ts'
import type { ContentsReader, ReadFile } from '../../lib/exchange/contents_reader.ts'
import { LeftError } from '../../lib/exchange/errors.ts'
import {
  type Answer,
  type Call,
  ContentsWorkerError,
  failureOf,
  type Numbered,
  type Value,
} from './contents_messages.ts'
import { startWorker } from './start.ts'

interface Waiting {
  readonly resolve: (value: Value) => void
  readonly reject: (failure: Error) => void
  readonly report: ReportBytes
}

// Deleting what is to be deleted takes milliseconds; a worker that hangs is ended anyway.
const END_LIMIT_MS = 5_000

/**
 * One worker for one document: it alone gets the document key, and is ended by `end`.
 *
 * One and no pool: the browser's own cipher and hash run on threads of their own already,
 * and what is left, comparing and writing, has an order. Nor is a line ever as fast as the
 * slowest cipher in one worker (docs/performance.md).
 */
export class WorkerReader implements ContentsReader {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  readonly #started: Promise<unknown>
  #number = 0
  #ended: Promise<void> | null = null
  /** Why it answers no more: it may have broken down while nobody waited. */
  #broken: ContentsWorkerError | null = null

  constructor({ contents, createdAt, documentKey }: ContentsQuestion) {
    this.#worker = startWorker('contents')
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Numbered<Answer>>) =>
      this.#hear(data),
    )
    this.#worker.addEventListener('error', () => this.#break('did not start, or broke down'))
    this.#worker.addEventListener('messageerror', () => this.#break('said what nobody can read'))
    const seed = documentKey.secretSeed()
    this.#started = this.#ask({ call: 'start', contents, createdAt, documentKey: seed })
    // Raised by `begin`, which waits for it.
    this.#started.catch(() => {})
  }

  async begin(report: ReportBytes): Promise<number> {
    await this.#started
    return Number(await this.#ask({ call: 'begin' }, { report }))
  }

  async openNext(sealed: Bytes): Promise<void> {
    // Moved, not copied: the page has no use for it any more.
    await this.#ask({ call: 'openNext', sealed }, { transfer: [sealed.buffer] })
  }

  async finish(): Promise<readonly (Blob | null)[]> {
    const blobs = await this.#ask({ call: 'finish' })
    if (!Array.isArray(blobs)) throw new ContentsWorkerError('no verdict came')
    return blobs
  }

  async readFile(fileIndex: number, report: ReportBytes): Promise<ReadFile> {
    const read = await this.#ask({ call: 'readFile', fileIndex }, { report })
    if (read === null || typeof read === 'number' || !('blob' in read)) {
      throw new ContentsWorkerError('no file came')
    }
    return read
  }

  end({ keep }: { keep: boolean }): Promise<void> {
    this.#ended ??= this.#end(keep)
    return this.#ended
  }

  async #end(keep: boolean): Promise<void> {
    const limit = new Promise<void>((resolve) => {
      setTimeout(resolve, END_LIMIT_MS)
    })
    try {
      // A worker that broke down has nothing more to say.
      await Promise.race([this.#ask({ call: 'end', keep }).catch(() => null), limit])
    } finally {
      this.#worker.terminate()
      this.#rejectAll(new LeftError({ keep }))
    }
  }

  #ask(
    call: Call,
    {
      report = () => {},
      transfer = [],
    }: { report?: ReportBytes; transfer?: readonly Transferable[] } = {},
  ): Promise<Value> {
    if (this.#ended !== null && call.call !== 'end') {
      return Promise.reject(new LeftError({ keep: true }))
    }
    if (this.#broken !== null) return Promise.reject(this.#broken)
    this.#number += 1
    const number = this.#number
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject, report })
      this.#worker.postMessage({ ...call, number }, [...transfer])
    })
  }

  #hear(answer: Numbered<Answer>): void {
    const waiting = this.#waiting.get(answer.number)
    if (waiting === undefined) return
    if (answer.kind === 'progress') {
      waiting.report(answer.done, answer.total)
      return
    }
    this.#waiting.delete(answer.number)
    if (answer.kind === 'value') waiting.resolve(answer.value)
    else waiting.reject(failureOf(answer))
  }

  #break(how: string): void {
    this.#broken ??= new ContentsWorkerError(`the worker ${how}`)
    this.#rejectAll(this.#broken)
  }

  #rejectAll(failure: Error): void {
    for (const { reject } of this.#waiting.values()) reject(failure)
    this.#waiting.clear()
  }
}
