/** One file of a document: download, and reading where the page can show it. */
import { useState } from 'preact/hooks'
import type { OpenedFile } from '../core.ts'
import { download } from '../download.ts'
import { TroubleBox } from '../form/problem.tsx'
import { ProgressBar } from '../form/progress.tsx'
import { useTask } from '../form/task.ts'
import { useSpeech } from '../language.tsx'
import { isPdf } from '../pdf/kind.ts'
import { PdfView } from '../pdf/view.tsx'
import { saySize } from '../sizes.ts'

/** 64 MiB: pdf.js works on a whole file in memory, several times over. */
const LONGEST_SHOWN = 67_108_864

export function FileView({
  file,
  place,
  alone,
}: {
  file: OpenedFile
  place: number
  /** The only file of its document: shown at once. */
  alone: boolean
}) {
  const { say, language } = useSpeech()
  const [downloaded, setDownloaded] = useState<'no' | 'yes' | 'soon'>('no')
  const [prepared, setPrepared] = useState<number | null>(null)
  const [reading, setReading] = useState(alone)
  const task = useTask()
  const pdf = isPdf(file)
  const shown = pdf && file.size <= LONGEST_SHOWN

  function save(): void {
    task.run(async () => {
      setDownloaded('no')
      setPrepared(null)
      const isLong = await download(file, (done, total) => setPrepared(done / total))
      setDownloaded(isLong ? 'soon' : 'yes')
    })
  }

  return (
    <section class="file" aria-labelledby={`file-${place}`}>
      <h2 id={`file-${place}`} class="file-name">
        {file.name}
      </h2>
      <div class="actions">
        <button
          type="button"
          class="secondary"
          id={`download-${place}`}
          aria-disabled={task.busy}
          onClick={save}
        >
          {alone ? say('document.download') : say('document.downloadNamed', { name: file.name })}
        </button>
        {shown && !reading ? (
          <button type="button" id={`read-${place}`} onClick={() => setReading(true)}>
            {say('document.read', { name: file.name })}
          </button>
        ) : null}
        <span class="hint">{saySize(say, language, file.size)}</span>
      </div>
      <p role="status" class="notice-line" id={`saved-${place}`}>
        {sayState()}
      </p>
      {task.busy && prepared !== null ? (
        <ProgressBar
          label={say('document.preparing', { name: file.name, percent: tens(prepared) })}
          share={prepared}
        />
      ) : null}
      {task.trouble ? <TroubleBox trouble={task.trouble} onRetry={save} /> : null}
      {shown && reading ? <PdfView file={file} place={place} /> : null}
      {shown ? null : <p>{say(pdf ? 'document.tooLongToShow' : 'document.notShown')}</p>}
    </section>
  )

  function sayState(): string {
    if (downloaded === 'yes') return say('document.downloaded', { name: file.name })
    if (downloaded === 'soon') return say('document.handedOver', { name: file.name })
    if (!task.busy || prepared === null) return ''
    return say('document.preparing', { name: file.name, percent: tens(prepared) })
  }
}

/** In steps of ten: a live region that counts every percent is noise. */
function tens(share: number): number {
  return Math.floor(share * 10) * 10
}
