/** What the verified manifest says of a document. */
import { sayCalendarDate, sayMoment } from '../../texts/dates.ts'
import type { OpenedDocument, Relations } from '../core.ts'
import { useSpeech } from '../language.tsx'
import { saySender } from '../sender_text.ts'
import { Corrected, Replaces } from './related_notices.tsx'
import { WithdrawnNotice } from './withdrawn_notice.tsx'

export function DocumentFacts({
  document,
  relations,
  onOpen,
}: {
  document: OpenedDocument
  relations: Relations
  onOpen: (deliveryId: string) => void
}) {
  const { say, language } = useSpeech()
  const { cover, storedAt, withdrawn } = document
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
      <WithdrawnNotice withdrawn={withdrawn} stays />
      <Corrected by={relations.correctedBy} onOpen={onOpen} />
      {cover.replacesAnother ? <Replaces another={relations.replaces} onOpen={onOpen} /> : null}
      {cover.withdrawsAnother ? <p class="notice">{say('document.withdraws')}</p> : null}
      <dl class="facts">
        <dt>{say('document.from')}</dt>
        <dd>
          {saySender(say, sender)}
          {sender.bridge ? <p class="hint">{say('document.bridge')}</p> : null}
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
