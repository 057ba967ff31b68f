/** That a document was taken back: its sender's signed word, or the service's without proof. */
import type { Withdrawn } from '../core.ts'
import { useSpeech } from '../language.tsx'
import { sayWithdrawn } from '../withdrawn_text.ts'

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
  const words = sayWithdrawn(say, withdrawn, language)
  if (words === null) return null
  return (
    <p class={stays ? 'notice withdrawn' : 'withdrawn'}>
      {words}
      {stays ? ` ${say('withdrawn.stays')}` : null}
    </p>
  )
}
