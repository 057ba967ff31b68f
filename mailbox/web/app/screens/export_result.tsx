/** What an export brought: how many documents, and which are not there and why. */
import { useEffect, useRef } from 'preact/hooks'
import { sayMoment } from '../../texts/dates.ts'
import type { Say } from '../../texts/texts.ts'
import type { Exported, ExportedDocument } from '../core.ts'
import { sayRemark } from '../export_texts.ts'
import { useSpeech } from '../language.tsx'

export function ExportResult({ exported, isLong }: { exported: Exported; isLong: boolean }) {
  const { say, language } = useSpeech()
  const words = useRef<HTMLParagraphElement>(null)
  // Read out with all that follows, and where the keyboard goes on from.
  useEffect(() => {
    words.current?.focus()
  }, [])
  const { file, documents } = exported
  const missing = documents.filter((document) => 'trouble' in document)
  return (
    <div class="export-result">
      <p
        class={missing.length === 0 ? 'notice notice-good' : 'notice notice-warning'}
        id="export-done"
        tabIndex={-1}
        ref={words}
      >
        {sayDone(say, documents.length, missing.length)}
      </p>
      {missing.length === 0 ? null : (
        <ul id="export-missing">
          {missing.map((document) => (
            <li key={document.deliveryId}>{sayMissing(document)}</li>
          ))}
        </ul>
      )}
      {file === null ? null : (
        <p>{say(isLong ? 'export.handedOver' : 'export.saved', { name: file.name })}</p>
      )}
    </div>
  )

  function sayMissing(document: ExportedDocument): string {
    const { cover, storedAt } = document
    const reason = sayRemark(document, say, language)
    return cover === null
      ? say('export.missingUnread', { date: sayMoment(storedAt, language), reason })
      : say('export.missing', { title: cover.title, reason })
  }
}

function sayDone(say: Say, count: number, missing: number): string {
  if (count === 0) return say('export.nothing')
  if (missing === 0) return count === 1 ? say('export.doneOne') : say('export.done', { count })
  if (count === 1) return say('export.doneNone')
  return missing === 1
    ? say('export.doneButOne', { count })
    : say('export.doneBut', { count, missing })
}
