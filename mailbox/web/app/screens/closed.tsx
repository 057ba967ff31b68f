/** The account is closed: what that means, and where to ask. */
import { sayMoment } from '../../texts/dates.ts'
import type { ClosedAccount } from '../core.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'

export function Closed({ closed }: { closed: ClosedAccount }) {
  const { say, language } = useSpeech()
  return (
    <>
      <Title words={say('closed.title')} />
      <p id="closed-since">{say('closed.since', { date: sayMoment(closed.closedAt, language) })}</p>
      <p>{say('closed.practices')}</p>
      <p class="hint">
        {say('closed.backups', { date: sayMoment(closed.backupsUntil, language) })}
      </p>
      <p>{say('closed.leave')}</p>
    </>
  )
}
