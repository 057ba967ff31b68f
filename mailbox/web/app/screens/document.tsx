/** One document: received, decrypted, verified; then read or downloaded. */
import { useEffect, useState } from 'preact/hooks'
import type { OpenedDocument, Session } from '../core.ts'
import { Busy } from '../form/busy.tsx'
import { TroubleBox } from '../form/problem.tsx'
import { useTask } from '../form/task.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import { useTellOpened } from '../opened.ts'
import type { Trouble } from '../trouble.ts'
import { DocumentFacts } from './document_facts.tsx'
import { FileView } from './file_view.tsx'

export function Document({
  session,
  deliveryId,
  intercept,
  onRead,
  onBack,
}: {
  session: Session
  deliveryId: string
  intercept: (trouble: Trouble) => boolean
  /** The document was opened: it is no longer unread. */
  onRead: (deliveryId: string) => void
  onBack: () => void
}) {
  const { say } = useSpeech()
  const [opened, setOpened] = useState<OpenedDocument | null>(null)
  const [share, setShare] = useState<number | null>(null)
  const task = useTask(intercept)
  useTellOpened(session, opened)

  function open(): void {
    task.run(async () => {
      setShare(null)
      setOpened(await session.openDocument(deliveryId, setShare))
      onRead(deliveryId)
    })
  }
  // One screen, one document, opened once.
  useEffect(open, [])

  const title = opened
    ? opened.cover.title
    : say(task.trouble ? 'document.errorTitle' : 'document.loading')
  return (
    <>
      <p class="back">
        <button type="button" class="link" id="back" onClick={onBack}>
          {say('document.back')}
        </button>
      </p>
      <Title key={opened === null ? 'opening' : 'open'} words={title} />
      {task.trouble ? <TroubleBox trouble={task.trouble} onRetry={open} /> : null}
      <Busy words={task.busy ? sayProgress(say, share) : null} />
      {opened === null ? null : (
        <>
          <DocumentFacts document={opened} />
          {opened.files.map((file, place) => (
            <FileView key={file.name} file={file} place={place} alone={opened.files.length === 1} />
          ))}
        </>
      )}
    </>
  )
}

function sayProgress(say: ReturnType<typeof useSpeech>['say'], share: number | null): string {
  if (share === null) return say('document.loading')
  if (share >= 1) return say('document.verifying')
  // In steps of ten: a live region that counts every percent is noise.
  return say('document.receiving', { percent: Math.floor(share * 10) * 10 })
}
