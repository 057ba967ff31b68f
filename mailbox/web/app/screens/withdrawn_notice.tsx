/** That a document was taken back: its sender's signed word, or the service's without proof. */
import { sayMoment } from '../../texts/dates.ts'
import type { Withdrawn } from '../core.ts'
import { useSpeech } from '../language.tsx'

const REASONS = {
  'wrong-patient': 'withdrawn.wrongPatient',
  'wrong-document': 'withdrawn.wrongDocument',
  replaced: 'withdrawn.replaced',
  other: 'withdrawn.other',
} as const

export function WithdrawnNotice({
  withdrawn,
  stays = false,
}: {
  /** Null draws nothing. */
  withdrawn: Withdrawn | null
  /** Whether to say that it can be read all the same: on the document's own screen, in a box. */
  stays?: boolean
}) {
  const { say, language } = useSpeech()
  if (withdrawn === null) return null
  const words = withdrawn.proved
    ? say('withdrawn.by', {
        organisation: withdrawn.organisation,
        date: sayMoment(withdrawn.at, language),
        reason: say(REASONS[withdrawn.reason]),
      })
    : say('withdrawn.unproved')
  return (
    <p class={stays ? 'notice withdrawn' : 'withdrawn'}>
      {words}
      {stays ? ` ${say('withdrawn.stays')}` : null}
    </p>
  )
}
