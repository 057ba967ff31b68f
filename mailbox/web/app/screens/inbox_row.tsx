/** One document of the list; or why it can't be read. */
import { sayMoment } from '../../texts/dates.ts'
import type { DocumentEntry, Relations } from '../core.ts'
import { useSpeech } from '../language.tsx'
import { saySender } from '../sender_text.ts'
import { sayTrouble } from '../trouble_text.ts'
import { WithdrawnNotice } from './withdrawn_notice.tsx'

export function InboxRow({
  entry,
  relations,
  onOpen,
}: {
  entry: DocumentEntry
  relations: Relations
  onOpen: () => void
}) {
  const { say, language } = useSpeech()
  const received = say('inbox.received', { date: sayMoment(entry.storedAt, language) })
  if (!('cover' in entry)) {
    return (
      <li class={entry.withdrawn === null ? 'document document-unreadable' : 'document'}>
        <h2>{say(entry.withdrawn === null ? 'inbox.unreadable' : 'inbox.withdrawn')}</h2>
        <WithdrawnNotice withdrawn={entry.withdrawn} />
        <p>{sayTrouble(say, entry.trouble, language)}</p>
        <p class="hint">{received}</p>
      </li>
    )
  }
  const { cover, unread, withdrawn } = entry
  return (
    <li class={unread ? 'document document-unread' : 'document'}>
      <h2>
        <button type="button" class="document-link" onClick={onOpen}>
          {cover.title}
        </button>
        {unread ? <span class="mark">{say('inbox.unread')}</span> : null}
        {cover.urgent ? <span class="mark mark-urgent">{say('inbox.urgent')}</span> : null}
        {cover.soon ? <span class="mark">{say('inbox.soon')}</span> : null}
        {withdrawn === null ? null : <span class="mark">{say('inbox.markWithdrawn')}</span>}
        {relations.correctedBy === null ? null : (
          <span class="mark">{say('inbox.markCorrected')}</span>
        )}
      </h2>
      <p>{say('inbox.from', { sender: saySender(say, cover.sender) })}</p>
      <WithdrawnNotice withdrawn={withdrawn} />
      <p class="hint">{received}</p>
    </li>
  )
}
