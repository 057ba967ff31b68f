/** One document of the list; or why it can't be read. */
import { sayMoment } from '../../texts/dates.ts'
import type { DocumentEntry } from '../core.ts'
import { useSpeech } from '../language.tsx'
import { sayTrouble } from '../trouble_text.ts'

export function InboxRow({ entry, onOpen }: { entry: DocumentEntry; onOpen: () => void }) {
  const { say, language } = useSpeech()
  const received = say('inbox.received', { date: sayMoment(entry.storedAt, language) })
  if (!('cover' in entry)) {
    return (
      <li class="document document-unreadable">
        <h2>{say('inbox.unreadable')}</h2>
        <p>{sayTrouble(say, entry.trouble, language)}</p>
        <p class="hint">{received}</p>
      </li>
    )
  }
  const { cover, unread } = entry
  return (
    <li class={unread ? 'document document-unread' : 'document'}>
      <h2>
        <button type="button" class="document-link" onClick={onOpen}>
          {cover.title}
        </button>
        {unread ? <span class="mark">{say('inbox.unread')}</span> : null}
        {cover.urgent ? <span class="mark mark-urgent">{say('inbox.urgent')}</span> : null}
        {cover.soon ? <span class="mark">{say('inbox.soon')}</span> : null}
      </h2>
      <p>
        {cover.sender.name === cover.sender.organisation
          ? say('inbox.fromOne', { name: cover.sender.name })
          : say('inbox.from', cover.sender)}
      </p>
      <p class="hint">{received}</p>
    </li>
  )
}
