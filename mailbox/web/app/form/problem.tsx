/** What went wrong, at the top of the form, read out at once, with the way to each field. */
import { useEffect, useRef } from 'preact/hooks'
import { useSpeech } from '../language.tsx'
import type { Trouble } from '../trouble.ts'
import { sayTrouble } from '../trouble_text.ts'
import { type Faults, sayFaults } from './faults.ts'

/** Where a field's error leads: a group's first input, or the field itself. */
function focusField(id: string): void {
  const element = document.getElementById(id)
  const target = element instanceof HTMLInputElement ? element : element?.querySelector('input')
  target?.focus()
}

/** The errors of a form's fields. Takes the focus at each new attempt that has some. */
export function FieldProblems({ faults }: { faults: Faults }) {
  const { say, language } = useSpeech()
  const box = useRef<HTMLDivElement>(null)
  const entries = Object.entries(sayFaults(faults, say, language))
  useEffect(() => {
    if (Object.keys(faults).length > 0) box.current?.focus()
  }, [faults])
  if (entries.length === 0) return null
  return (
    <div class="problem" role="alert" tabIndex={-1} ref={box} id="problem">
      <h2>{say('frame.problems')}</h2>
      <ul>
        {entries.map(([id, words]) => (
          <li key={id}>
            <a
              href={`#${id}`}
              onClick={(event) => {
                // The address stays `/`: what stands behind # is read as a letter's code.
                event.preventDefault()
                focusField(id)
              }}
            >
              {words}
            </a>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** A trouble that no field can mend. */
export function TroubleBox({
  trouble,
  onRetry,
  onSignIn,
}: {
  trouble: Trouble
  onRetry?: (() => void) | undefined
  /** Where the account may exist already: the way to sign in. */
  onSignIn?: (() => void) | undefined
}) {
  const { say, language } = useSpeech()
  const box = useRef<HTMLDivElement>(null)
  // Each new trouble takes the focus, the same words again included
  useEffect(() => {
    box.current?.focus()
  }, [trouble])
  return (
    <div class="problem" role="alert" tabIndex={-1} ref={box} id="problem">
      <h2>{say('frame.problem')}</h2>
      <p>{sayTrouble(say, trouble, language)}</p>
      {onRetry && mayPass(trouble) ? (
        <p>
          <button type="button" class="secondary" id="retry" onClick={onRetry}>
            {say('frame.retry')}
          </button>
        </p>
      ) : null}
      {onSignIn && hasAccount(trouble) ? (
        <p>
          <button type="button" class="secondary" id="go-sign-in" onClick={onSignIn}>
            {say('welcome.account')}
          </button>
        </p>
      ) : null}
    </div>
  )
}

/** Whether the person may have an account already. */
function hasAccount({ kind }: Trouble): boolean {
  return kind === 'letter-used' || kind === 'bound-before'
}

/** Whether trying again, as it stands, may succeed. */
function mayPass({ kind }: Trouble): boolean {
  return (
    kind === 'service-away' ||
    kind === 'service-error' ||
    kind === 'service-full' ||
    kind === 'throttled' ||
    kind === 'document-incomplete' ||
    kind === 'document-no-room' ||
    kind === 'document-elsewhere' ||
    kind === 'export-no-room' ||
    kind === 'unexpected'
  )
}
