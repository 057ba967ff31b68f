/** Opens contents in a worker, long ones with their segments in a private file. */
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import {
  ContentsOpener,
  type ContentsQuestion,
  checkLengths,
  type ReportBytes,
} from '../../lib/exchange/contents_opener.ts'
import type { ContentsReader, ReadFile } from '../../lib/exchange/contents_reader.ts'
import { ExchangeUsageError, LeftError } from '../../lib/exchange/errors.ts'
import { randomHex } from '../../lib/exchange/ids.ts'
import { choosePlace, keptName, MOST_WITHOUT_FILES } from '../../lib/exchange/kept_segments.ts'
import type { Contents } from '../../lib/exchange/manifest.ts'
import { writeCopy } from '../files/copy_file.ts'
import { KeptFile } from '../files/kept_file.ts'

/** `ContentsReader` where the work is done: one document, then the worker is ended. */
export class StoringReader implements ContentsReader {
  readonly #question: ContentsQuestion
  readonly #leaving = new AbortController()
  #opener: ContentsOpener | null = null
  #kept: KeptFile | null = null
  #atWork: Promise<unknown> = Promise.resolve()

  constructor(question: ContentsQuestion) {
    this.#question = question
  }

  begin(report: ReportBytes): Promise<number> {
    return this.#work(async () => {
      const { contents, documentKey } = this.#question
      // Before other documents' segments make room for lengths that no document has.
      checkLengths(this.#question)
      const aead = await chacha20Poly1305()
      this.#kept = await choosePlace(contents.sealedLength, () =>
        KeptFile.open(keptName(documentKey), {
          sealedLength: contents.sealedLength,
          copyLength: longestCopy(contents),
        }),
      )
      this.#opener = new ContentsOpener(this.#question, { aead, kept: this.#kept })
      await this.#opener.resume({ report, signal: this.#leaving.signal })
      return this.#opener.nextIndex
    })
  }

  openNext(sealed: Bytes): Promise<void> {
    return this.#work(() => this.#open().openNext(sealed))
  }

  finish(): Promise<readonly (Blob | null)[]> {
    return this.#work(() => this.#open().finish())
  }

  readFile(fileIndex: number, report: ReportBytes): Promise<ReadFile> {
    return this.#work(async () => {
      const size = this.#question.contents.files[fileIndex]?.size ?? 0
      const fill = (write: (data: Uint8Array) => void) => {
        const following = { report, signal: this.#leaving.signal }
        return this.#open().readFile(fileIndex, write, following)
      }
      if (size <= MOST_WITHOUT_FILES) {
        const parts: Uint8Array[] = []
        await fill((data) => parts.push(data.slice()))
        return { blob: new Blob([concatBytes(...parts)]), copy: null }
      }
      const copy = randomHex()
      return { blob: await writeCopy(copy, fill), copy }
    })
  }

  async end({ keep }: { keep: boolean }): Promise<void> {
    this.#leaving.abort(new LeftError({ keep }))
    // Whatever was at work has raised, and cleaned up after itself, when this goes on.
    await this.#atWork.catch(() => {})
    this.#opener = null
    const kept = this.#kept
    this.#kept = null
    if (keep) kept?.close()
    else await kept?.remove()
  }

  #work<Value>(step: () => Promise<Value>): Promise<Value> {
    const before = this.#atWork.catch(() => {})
    const work = before.then(() => {
      this.#leaving.signal.throwIfAborted()
      return step()
    })
    this.#atWork = work
    return work
  }

  #open(): ContentsOpener {
    if (this.#opener === null) throw new ExchangeUsageError('begin first')
    return this.#opener
  }
}

/** Room for the longest file's copy too: better told now than after the download. */
function longestCopy({ files }: Contents): number {
  const longest = Math.max(...files.map(({ size }) => size))
  return longest > MOST_WITHOUT_FILES ? longest : 0
}
