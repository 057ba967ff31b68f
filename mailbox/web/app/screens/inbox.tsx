/** The list of documents, newest first. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { groupNumber } from '../code_entry.ts'
import { Busy } from '../form/busy.tsx'
import { Field } from '../form/field.tsx'
import { TroubleBox } from '../form/problem.tsx'
import { Title } from '../form/title.tsx'
import { type Inbox as InboxState, searchTitles } from '../inbox_state.ts'
import { useSpeech } from '../language.tsx'
import { InboxRow } from './inbox_row.tsx'

export function Inbox({
  inbox,
  accountNumber,
  notice,
  onAccount,
  onOpen,
}: {
  inbox: InboxState
  accountNumber: string
  /** What the person is to be told before anything else, if anything. */
  notice: ComponentChildren
  onAccount: () => void
  onOpen: (deliveryId: string) => void
}) {
  const { say } = useSpeech()
  const [refreshing, setRefreshing] = useState(false)
  const { entries, search, busy } = inbox
  const searching = search.trim() !== ''
  const found = entries === null ? [] : searchTitles(entries, search)

  useEffect(() => {
    if (entries === null && !busy && inbox.trouble === null) inbox.refresh()
  }, [entries, busy, inbox])

  const words = busy
    ? say(searching ? 'inbox.searching' : 'inbox.loading')
    : searching
      ? sayFound(say, found.length, search)
      : refreshing
        ? say('inbox.refreshed')
        : null
  return (
    <>
      <Title words={say('inbox.title')} />
      <p class="hint">{say('inbox.number', { number: groupNumber(accountNumber) })}</p>
      {notice}
      <p>
        <button type="button" class="link" id="go-account" onClick={onAccount}>
          {say('inbox.account')}
        </button>
      </p>
      {inbox.trouble ? (
        <TroubleBox
          trouble={inbox.trouble}
          onRetry={entries === null ? inbox.refresh : inbox.fetchMore}
        />
      ) : null}
      {entries === null || (entries.length === 0 && !inbox.more) ? null : (
        <search>
          <Field
            id="search"
            label={say('inbox.search')}
            value={search}
            onValue={inbox.setSearch}
            input={{ type: 'search', enterKeyHint: 'search' }}
          >
            {searching ? (
              <button
                type="button"
                class="link"
                id="clear-search"
                onClick={() => {
                  inbox.setSearch('')
                  document.getElementById('search')?.focus()
                }}
              >
                {say('inbox.clear')}
              </button>
            ) : null}
          </Field>
        </search>
      )}
      <Busy words={words} />
      {entries !== null && entries.length === 0 && !busy ? (
        <p class="empty" id="empty">
          {say('inbox.empty')}
        </p>
      ) : null}
      {found.length === 0 ? null : (
        <ul class="documents" id="documents">
          {found.map((entry) => (
            <InboxRow
              key={entry.deliveryId}
              entry={entry}
              relations={inbox.relationsOf(entry.deliveryId)}
              onOpen={() => onOpen(entry.deliveryId)}
            />
          ))}
        </ul>
      )}
      <div class="actions">
        {inbox.more && !searching ? (
          <button
            type="button"
            class="secondary"
            id="more"
            aria-disabled={busy}
            onClick={() => busy || inbox.fetchMore()}
          >
            {say('inbox.more')}
          </button>
        ) : null}
        {entries === null ? null : (
          <button
            type="button"
            class="secondary"
            id="refresh"
            aria-disabled={busy}
            onClick={() => {
              if (busy) return
              setRefreshing(true)
              inbox.refresh()
            }}
          >
            {say('inbox.refresh')}
          </button>
        )}
      </div>
    </>
  )
}

function sayFound(say: ReturnType<typeof useSpeech>['say'], count: number, words: string): string {
  if (count === 0) return say('inbox.foundNone', { words: words.trim() })
  return count === 1 ? say('inbox.foundOne') : say('inbox.found', { count })
}
