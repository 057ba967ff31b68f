/** One document: received, decrypted, verified; then read or downloaded. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { FORGET, type OpenedDocument, type Progress, type Session } from '../core.ts'
import { TroubleBox } from '../form/problem.tsx'
import { useTask } from '../form/task.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import { useTellOpened } from '../opened.ts'
import type { Trouble } from '../trouble.ts'
import { DocumentFacts } from './document_facts.tsx'
import { FileView } from './file_view.tsx'
import { ReceivingDocument } from './receiving.tsx'

export function Document({
  session,
  deliveryId,
  intercept,
  onRead,
  onOpen,
  onBack,
}: {
  session: Session
  deliveryId: string
  intercept: (trouble: Trouble) => boolean
  /** The document was opened: it is no longer unread. */
  onRead: (deliveryId: string) => void
  /** Go to another document of the list. */
  onOpen: (deliveryId: string) => void
  onBack: () => void
}) {
  const { say } = useSpeech()
  const [opened, setOpened] = useState<OpenedDocument | null>(null)
  const [progress, setProgress] = useState<Progress | null>(null)
  const leaving = useRef(new AbortController())
  const task = useTask(intercept)
  useTellOpened(session, opened)

  function open(): void {
    task.run(async () => {
      setProgress(null)
      const { signal } = leaving.current
      const document = await session.openDocument(deliveryId, { progress: setProgress, signal })
      // Left at the last moment: nobody else would close it.
      if (signal.aborted) return document.close()
      setOpened(document)
      onRead(deliveryId)
    })
  }
  // One screen, one document, opened once.
  useEffect(() => {
    open()
    return () => leaving.current.abort()
  }, [])
  useEffect(() => () => opened?.close(), [opened])

  function cancel(): void {
    leaving.current.abort(FORGET)
    onBack()
  }

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
      <Title key={opened === null ? 'opening' : 'open'} words={title} tab={say('document.tab')} />
      {task.trouble ? <TroubleBox trouble={task.trouble} onRetry={open} /> : null}
      <ReceivingDocument busy={task.busy} progress={progress} onCancel={cancel} />
      {opened === null ? null : (
        <>
          <DocumentFacts
            document={opened}
            relations={session.relationsOf(deliveryId)}
            onOpen={onOpen}
          />
          {opened.files.map((file, place) => (
            <FileView key={file.name} file={file} place={place} alone={opened.files.length === 1} />
          ))}
        </>
      )}
    </>
  )
}
