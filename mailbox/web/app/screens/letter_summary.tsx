/** Whose letter it is, before the person goes on. The name was authenticated by the letter's code. */
import { useState } from 'preact/hooks'
import { sayMoment } from '../../texts/dates.ts'
import type { CheckedLetter } from '../core.ts'
import { useSpeech } from '../language.tsx'

export function LetterSummary({
  letter,
  busy,
  onConfirm,
}: {
  letter: CheckedLetter
  busy: boolean
  onConfirm: () => void
}) {
  const { say, language } = useSpeech()
  const [notMine, setNotMine] = useState(false)
  return (
    <section class="card" aria-labelledby="summary-title">
      <h2 id="summary-title">{letter.organisation.name}</h2>
      <dl class="facts">
        <dt>{say('letter.phone')}</dt>
        <dd>{letter.organisation.phone}</dd>
        <dt>{say('letter.validUntil')}</dt>
        <dd>{sayMoment(letter.notAfter, language)}</dd>
      </dl>
      <p>{say('letter.confirm')}</p>
      <div class="actions">
        <button type="button" id="continue" aria-disabled={busy} onClick={onConfirm}>
          {say('frame.continue')}
        </button>
        <button type="button" class="secondary" id="not-mine" onClick={() => setNotMine(true)}>
          {say('letter.notMine')}
        </button>
      </div>
      <p role="status">{notMine ? say('letter.notMineText') : ''}</p>
    </section>
  )
}
