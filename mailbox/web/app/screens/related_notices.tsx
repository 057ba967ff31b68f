/** A document and its correction point to each other (withdrawal.md §4). */
import { sayCalendarDate } from '../../texts/dates.ts'
import type { Related } from '../core.ts'
import { useSpeech } from '../language.tsx'

/** That there is a correction; nothing if none was found. */
export function Corrected({
  by,
  onOpen,
}: {
  by: Related | null
  onOpen: (deliveryId: string) => void
}) {
  const { say } = useSpeech()
  if (by === null) return null
  return (
    <p class="notice" id="corrected">
      {say('document.corrected')}{' '}
      <button type="button" class="link" onClick={() => onOpen(by.deliveryId)}>
        {say('document.showCorrected')}
      </button>
    </p>
  )
}

/** What a correction replaces: its signed word alone while the other was not found. */
export function Replaces({
  another,
  onOpen,
}: {
  another: Related | null
  onOpen: (deliveryId: string) => void
}) {
  const { say } = useSpeech()
  if (another === null) return <p class="notice">{say('document.replaces')}</p>
  return (
    <p class="notice" id="replaces">
      {say('document.replacesDated', { date: sayCalendarDate(another.date) })}{' '}
      <button type="button" class="link" onClick={() => onOpen(another.deliveryId)}>
        {say('document.showReplaced')}
      </button>
    </p>
  )
}
