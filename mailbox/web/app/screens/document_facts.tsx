/** What the verified manifest says of a document. */
import { sayCalendarDate, sayMoment } from '../../texts/dates.ts'
import type { OpenedDocument } from '../core.ts'
import { useSpeech } from '../language.tsx'

export function DocumentFacts({ document }: { document: OpenedDocument }) {
  const { say, language } = useSpeech()
  const { cover, storedAt } = document
  const { sender, patient } = cover
  return (
    <div class="about">
      <p class="notice notice-good" id="verified">
        {say('document.verified', { organisation: sender.organisation })}
      </p>
      {cover.urgent ? (
        <p>
          <span class="mark mark-urgent">{say('inbox.urgent')}</span>
        </p>
      ) : null}
      {cover.soon ? (
        <p>
          <span class="mark">{say('inbox.soon')}</span>
        </p>
      ) : null}
      {cover.replacesAnother ? <p class="notice">{say('document.replaces')}</p> : null}
      {cover.withdrawsAnother ? <p class="notice">{say('document.withdraws')}</p> : null}
      <dl class="facts">
        <dt>{say('document.from')}</dt>
        <dd>
          {sender.name === sender.organisation
            ? sender.name
            : `${sender.name}, ${sender.organisation}`}
        </dd>
        {patient === null ? null : (
          <>
            <dt>{say('document.patient')}</dt>
            <dd>
              {say('document.born', {
                name: patient.name,
                date: sayCalendarDate(patient.birthDate),
              })}
            </dd>
          </>
        )}
        <dt>{say('document.date')}</dt>
        <dd>{sayCalendarDate(cover.date)}</dd>
        <dt>{say('document.received')}</dt>
        <dd>{sayMoment(storedAt, language)}</dd>
      </dl>
    </div>
  )
}
