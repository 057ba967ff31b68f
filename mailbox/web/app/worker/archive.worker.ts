/** Writes one archive into a private file, then is ended by the page. */
import { ArchiveLostError } from '../../lib/exchange/errors.ts'
import { ArchiveFile } from '../files/archive_file.ts'
import type { ArchiveAnswer, ArchiveCall } from './archive_messages.ts'
import { failureAnswer } from './contents_messages.ts'

let file: ArchiveFile | null = null

self.addEventListener('message', ({ data }: MessageEvent<ArchiveCall>) => {
  const answer = (given: ArchiveAnswer) => self.postMessage(given)
  carryOut(data).then(
    () => answer({ failure: null }),
    (failure: unknown) => answer({ failure: failureAnswer(failure) }),
  )
})

async function carryOut(call: ArchiveCall): Promise<void> {
  switch (call.call) {
    case 'open':
      file = await ArchiveFile.open(call.name)
      return
    case 'append':
      return opened().append(call.data)
    case 'cut':
      return opened().cut(call.length)
    case 'close':
      return opened().close()
  }
}

function opened(): ArchiveFile {
  if (file === null) throw new ArchiveLostError('open first')
  return file
}
