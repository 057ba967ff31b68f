/** The page's side of the worker that opens contents: a worker that dies keeps nobody waiting. */
import { beforeEach, expect, test, vi } from 'vitest'
import { WorkerReader } from '../../app/worker/contents.ts'
import { ContentsWorkerError } from '../../app/worker/contents_messages.ts'
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import { LeftError } from '../../lib/exchange/errors.ts'

/** Answers nothing: what comes from it is what a test says. */
class SilentWorker extends EventTarget {
  static last: SilentWorker
  isEnded = false

  constructor() {
    super()
    SilentWorker.last = this
  }

  postMessage(): void {}

  terminate(): void {
    this.isEnded = true
  }
}

beforeEach(() => {
  vi.stubGlobal('Worker', SilentWorker)
})

function start(): WorkerReader {
  const contents = { files: [], paddedLength: 0, sealedLength: 0, tarLength: 0, treeHash: '' }
  const documentKey = new HybridIdentity(new Uint8Array(32))
  return new WorkerReader({ contents, createdAt: 0, documentKey })
}

test.each(['error', 'messageerror'])(
  'after %s what waits is told, and who comes later',
  async (type) => {
    const reader = start()
    const waiting = reader.openNext(new Uint8Array(1))
    SilentWorker.last.dispatchEvent(new Event(type))
    await expect(waiting).rejects.toBeInstanceOf(ContentsWorkerError)
    await expect(reader.readFile(0, () => {})).rejects.toBeInstanceOf(ContentsWorkerError)
    await expect(reader.begin(() => {})).rejects.toBeInstanceOf(ContentsWorkerError)
  },
)

test('a worker that broke down while nobody waited is ended like any other', async () => {
  const reader = start()
  SilentWorker.last.dispatchEvent(new Event('error'))
  await reader.end({ keep: false })
  expect(SilentWorker.last.isEnded).toBe(true)
  await expect(reader.finish()).rejects.toBeInstanceOf(LeftError)
})
