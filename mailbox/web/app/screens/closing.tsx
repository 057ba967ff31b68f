/** Closing the account: what it does, a box to tick, the password once more. */
import { useState } from 'preact/hooks'
import type { ClosedAccount, Session } from '../core.ts'
import { Busy } from '../form/busy.tsx'
import { type Faults, NO_FAULTS, sayFaults } from '../form/faults.ts'
import { Field, FieldError } from '../form/field.tsx'
import { FieldProblems, TroubleBox } from '../form/problem.tsx'
import { ShowPassword } from '../form/show_password.tsx'
import { useTask } from '../form/task.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import type { Trouble } from '../trouble.ts'

const SURE_ID = 'closing-sure'
const PASSWORD_ID = 'password'

export function Closing({
  session,
  intercept,
  onClosed,
  onBack,
}: {
  session: Session
  intercept: (trouble: Trouble) => boolean
  onClosed: (closed: ClosedAccount) => void
  onBack: () => void
}) {
  const { say, language } = useSpeech()
  const [sure, setSure] = useState(false)
  const [password, setPassword] = useState('')
  const [shown, setShown] = useState(false)
  const [faults, setFaults] = useState<Faults>(NO_FAULTS)
  const errors = sayFaults(faults, say, language)
  const task = useTask(intercept)

  function submit(): void {
    const found: Record<string, Faults[string]> = {}
    if (!sure) found[SURE_ID] = (words) => words('closing.missing')
    if (password.trim() === '') found[PASSWORD_ID] = (words) => words('signIn.passwordMissing')
    const wrong = Object.keys(found).length > 0
    setFaults(wrong ? found : NO_FAULTS)
    if (wrong) return
    task.run(async () => onClosed(await session.closeAccount(password)))
  }

  return (
    <>
      <Title words={say('closing.title')} />
      {task.trouble ? <TroubleBox trouble={task.trouble} onRetry={submit} /> : null}
      <FieldProblems faults={faults} />
      <p>{say('closing.lead')}</p>
      <ul>
        <li>
          {say('closing.documents')} <strong>{say('closing.keep')}</strong>
        </li>
        <li>{say('closing.practices')}</li>
        <li>{say('closing.backups')}</li>
        <li>{say('closing.forever')}</li>
      </ul>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <div class={errors[SURE_ID] === undefined ? 'check' : 'check field-wrong'}>
          <FieldError id={SURE_ID} error={errors[SURE_ID]} />
          <input
            type="checkbox"
            id={SURE_ID}
            checked={sure}
            aria-invalid={errors[SURE_ID] === undefined ? undefined : true}
            aria-describedby={errors[SURE_ID] === undefined ? undefined : `${SURE_ID}-error`}
            onChange={(event) => setSure(event.currentTarget.checked)}
          />
          <label for={SURE_ID}>{say('closing.sure')}</label>
        </div>
        {/* For password managers: it tells them whose password this is. */}
        <input
          type="text"
          autocomplete="username"
          value={session.accountNumber}
          readOnly
          hidden
          aria-hidden="true"
          tabIndex={-1}
        />
        <Field
          id={PASSWORD_ID}
          label={say('closing.password')}
          error={errors[PASSWORD_ID]}
          value={password}
          onValue={setPassword}
          input={{ type: shown ? 'text' : 'password', autocomplete: 'current-password' }}
        />
        <ShowPassword shown={shown} onShown={setShown} />
        <p class="actions">
          <button type="submit" id="close-account" aria-disabled={task.busy}>
            {say('closing.submit')}
          </button>
          <button type="button" class="secondary" id="back" onClick={onBack}>
            {say('closing.back')}
          </button>
        </p>
      </form>
      <Busy words={task.busy ? say('closing.working') : null} />
    </>
  )
}
