/** One file of a document: download, and reading where the page can show it. */
import { useState } from 'preact/hooks'
import { sayNumber } from '../../texts/dates.ts'
import type { Language, Say } from '../../texts/texts.ts'
import type { OpenedFile } from '../core.ts'
import { download } from '../download.ts'
import { useSpeech } from '../language.tsx'
import { isPdf } from '../pdf/kind.ts'
import { PdfView } from '../pdf/view.tsx'

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
  const [downloaded, setDownloaded] = useState(false)
  const [reading, setReading] = useState(alone)
  const pdf = isPdf(file)
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
          onClick={() => {
            download(file)
            setDownloaded(true)
          }}
        >
          {alone ? say('document.download') : say('document.downloadNamed', { name: file.name })}
        </button>
        {pdf && !reading ? (
          <button type="button" id={`read-${place}`} onClick={() => setReading(true)}>
            {say('document.read', { name: file.name })}
          </button>
        ) : null}
        <span class="hint">{saySize(say, language, file.size)}</span>
      </div>
      <p role="status" class="notice-line">
        {downloaded ? say('document.downloaded', { name: file.name }) : ''}
      </p>
      {pdf && reading ? <PdfView file={file} place={place} /> : null}
      {pdf ? null : <p>{say('document.notShown')}</p>}
    </section>
  )
}

const KILOBYTE = 1_000
const MEGABYTE = 1_000_000

function saySize(say: Say, language: Language, bytes: number): string {
  if (bytes < KILOBYTE) return say('document.octets', { count: bytes })
  if (bytes < MEGABYTE) {
    return say('document.kilobytes', { count: sayNumber(bytes / KILOBYTE, language) })
  }
  return say('document.megabytes', { count: sayNumber(bytes / MEGABYTE, language, 1) })
}
