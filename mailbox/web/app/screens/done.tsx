/** The account exists: its number, to be noted; behind it the waiting documents are re-sealed. */
import { useEffect, useState } from 'preact/hooks'
import { groupNumber } from '../code_entry.ts'
import type { Session } from '../core.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'

/** How far the re-sealing of waiting documents is. */
export type TakeOver =
  | { readonly state: 'running'; readonly done: number; readonly total: number }
  | { readonly state: 'over'; readonly total: number; readonly failed: number }

export function Done({
  session,
  takeOver,
  documents,
  onOpen,
}: {
  session: Session
  takeOver: TakeOver
  /** How many documents there are to read; null while the list is being opened. */
  documents: number | null
  onOpen: () => void
}) {
  const { say } = useSpeech()
  const moving = takeOver.state === 'running'
  // A live region says what changes, not what was there when it came.
  const [listening, setListening] = useState(false)
  useEffect(() => setListening(true), [])
  return (
    <>
      <Title words={say('done.title')} />
      <section class="card account" aria-labelledby="account-title">
        <h2 id="account-title">{say('done.number')}</h2>
        <p class="account-number" id="account-number">
          {groupNumber(session.accountNumber)}
        </p>
        <dl class="facts">
          <dt>{say('done.page')}</dt>
          <dd class="address">{location.origin}</dd>
        </dl>
        <p>{say('done.keep')}</p>
        <button type="button" class="secondary" id="print" onClick={() => window.print()}>
          {say('done.print')}
        </button>
      </section>
      <p role="status" class="notice-line" id="moving">
        {listening ? sayTakeOver(say, takeOver) : ''}
      </p>
      <p class="actions">
        <button
          type="button"
          id="continue"
          aria-disabled={moving}
          onClick={() => moving || onOpen()}
        >
          {documents === null || documents === 0
            ? say('done.openNone')
            : documents === 1
              ? say('done.open')
              : say('done.openSeveral', { count: documents })}
        </button>
      </p>
      <section class="then" aria-labelledby="then-title">
        <h2 id="then-title">{say('done.thenTitle')}</h2>
        <ul>
          <li>{say('done.password')}</li>
          <li>{say('done.destroy')}</li>
          <li>{say('done.forgotten')}</li>
        </ul>
      </section>
    </>
  )
}

function sayTakeOver(say: ReturnType<typeof useSpeech>['say'], takeOver: TakeOver): string {
  if (takeOver.state === 'running') {
    return takeOver.total === 0
      ? say('done.movingStarts')
      : say('done.moving', { done: takeOver.done, total: takeOver.total })
  }
  return takeOver.failed === 0 ? '' : say('done.notMoved')
}
