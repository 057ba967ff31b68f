/** All documents in one archive: begun, followed, stopped; and what is not in it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Exported, ExportProgress, Session } from '../core.ts'
import { download } from '../download.ts'
import { TroubleBox } from '../form/problem.tsx'
import { ProgressBar } from '../form/progress.tsx'
import { useTask } from '../form/task.ts'
import { useSpeech } from '../language.tsx'
import { saySize } from '../sizes.ts'
import type { Trouble } from '../trouble.ts'
import { ExportResult } from './export_result.tsx'

/** Where links to the export lead. */
export const EXPORT_ID = 'export'

export function Export({
  session,
  intercept,
}: {
  session: Session
  intercept: (trouble: Trouble) => boolean
}) {
  const { say, language } = useSpeech()
  const [progress, setProgress] = useState<ExportProgress | null>(null)
  const [result, setResult] = useState<{ exported: Exported; isLong: boolean } | null>(null)
  const [stopped, setStopped] = useState(false)
  const leaving = useRef(new AbortController())
  const button = useRef<HTMLButtonElement>(null)
  const task = useTask(intercept)
  useEffect(() => () => leaving.current.abort(), [])

  function begin(): void {
    task.run(async () => {
      setProgress(null)
      setResult(null)
      setStopped(false)
      leaving.current = new AbortController()
      const { signal } = leaving.current
      try {
        const exported = await session.exportDocuments({ language, progress: setProgress, signal })
        // Left at the last moment: nobody else would delete it.
        if (signal.aborted) return await exported.discard()
        const isLong = exported.file !== null && (await download(exported.file))
        setResult({ exported, isLong })
      } catch (failure) {
        if (!signal.aborted) throw failure
      }
    })
  }

  function stop(): void {
    leaving.current.abort()
    setStopped(true)
    // The button that was pressed goes away.
    button.current?.focus()
  }

  const isStopping = task.busy && stopped
  return (
    <section class="card export" aria-labelledby="export-title">
      <h2 id="export-title">{say('export.title')}</h2>
      <p>{say('export.lead')}</p>
      <p class="hint">{say('export.plain')}</p>
      <button
        type="button"
        id={EXPORT_ID}
        ref={button}
        aria-disabled={task.busy}
        onClick={() => task.busy || begin()}
      >
        {say('export.begin')}
      </button>
      <p role="status" class="busy" id="export-state">
        {sayState()}
      </p>
      {task.busy && !isStopping ? <ExportUnderWay progress={progress} onStop={stop} /> : null}
      {task.trouble ? <TroubleBox trouble={task.trouble} onRetry={begin} /> : null}
      {result === null || task.busy ? null : (
        <ExportResult exported={result.exported} isLong={result.isLong} />
      )}
    </section>
  )

  function sayState(): string {
    if (stopped) return say('export.stopped')
    if (!task.busy) return ''
    if (progress === null) return say('export.listing')
    // In steps of ten: a live region that counts every percent is noise.
    return say('export.working', { percent: Math.floor(progress.share * 10) * 10 })
  }
}

function ExportUnderWay({
  progress,
  onStop,
}: {
  /** Null while the list is read. */
  progress: ExportProgress | null
  onStop: () => void
}) {
  const { say, language } = useSpeech()
  return (
    <ProgressBar label={say('export.progress')} share={progress?.share ?? 0}>
      {progress === null ? null : (
        <p class="hint" id="export-amount">
          {say('export.amount', {
            document: progress.document,
            documents: progress.documents,
            done: saySize(say, language, progress.share * progress.total),
            total: saySize(say, language, progress.total),
          })}
        </p>
      )}
      <p>{say('export.stay')}</p>
      <p class="actions">
        <button type="button" class="secondary" id="export-stop" onClick={onStop}>
          {say('export.stop')}
        </button>
      </p>
    </ProgressBar>
  )
}
