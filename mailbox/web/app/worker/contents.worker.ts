/** Opens one document's contents away from the page's thread, then is ended by the page. */
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import type { ContentsReader } from '../../lib/exchange/contents_reader.ts'
import { ExchangeUsageError } from '../../lib/exchange/errors.ts'
import {
  type Answer,
  type Call,
  failureAnswer,
  type Numbered,
  type Value,
} from './contents_messages.ts'
import { StoringReader } from './storing_reader.ts'

let reader: ContentsReader | null = null

self.addEventListener('message', ({ data }: MessageEvent<Numbered<Call>>) => {
  const { number } = data
  const answer = (given: Answer) => self.postMessage({ ...given, number })
  const report = (done: number, total: number) => answer({ kind: 'progress', done, total })
  carryOut(data, report).then(
    (value) => answer({ kind: 'value', value }),
    (failure: unknown) => answer(failureAnswer(failure)),
  )
})

async function carryOut(call: Call, report: (done: number, total: number) => void): Promise<Value> {
  switch (call.call) {
    case 'start': {
      const { contents, createdAt } = call
      const documentKey = new HybridIdentity(call.documentKey)
      reader = new StoringReader({ contents, createdAt, documentKey })
      return null
    }
    case 'begin':
      return started().begin(report)
    case 'openNext':
      await started().openNext(call.sealed)
      return null
    case 'finish':
      return started().finish()
    case 'readFile':
      return started().readFile(call.fileIndex, report)
    case 'end':
      await started().end({ keep: call.keep })
      return null
  }
}

function started(): ContentsReader {
  if (reader === null) throw new ExchangeUsageError('start first')
  return reader
}
