/** E-mail or account number, and the password. */
import { useState } from 'preact/hooks'
import { judgeNumber } from '../code_entry.ts'
import type { Core, Session } from '../core.ts'
import { Busy } from '../form/busy.tsx'
import { type Faults, NO_FAULTS, sayFaults } from '../form/faults.ts'
import { Field } from '../form/field.tsx'
import { FieldProblems, TroubleBox } from '../form/problem.tsx'
import { ShowPassword } from '../form/show_password.tsx'
import { useTask } from '../form/task.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import { judgeAccount } from '../person_entry.ts'

const ACCOUNT_ID = 'account'
const PASSWORD_ID = 'password'

/** Why the person is asked to sign in, where there is something to explain. */
export type SignInReason = 'expired' | 'reloaded' | 'signedOut'

const REASON_TEXTS = {
  expired: 'signIn.expired',
  reloaded: 'signIn.reloaded',
  signedOut: 'signIn.signedOut',
} as const satisfies Record<SignInReason, string>

export function SignIn({
  core,
  reason,
  known,
  onSession,
  onLetter,
}: {
  core: Core
  reason: SignInReason | null
  /** The account number of a session that ended, so that it need not be typed again. */
  known: string
  onSession: (session: Session) => void
  onLetter: () => void
}) {
  const { say, language } = useSpeech()
  const [account, setAccount] = useState(known)
  const [password, setPassword] = useState('')
  const [shown, setShown] = useState(false)
  const [faults, setFaults] = useState<Faults>(NO_FAULTS)
  const errors = sayFaults(faults, say, language)
  const task = useTask()

  function submit(): void {
    const judged = judgeAccount(account, judgeNumber)
    const found = localFaults({ typed: account, judged, password })
    setFaults(found)
    if (judged === null || found !== NO_FAULTS) return
    task.run(async () => onSession(await core.signIn({ account: judged, password })))
  }

  return (
    <>
      <Title words={say('signIn.title')} />
      {reason === null || task.trouble || faults !== NO_FAULTS ? null : (
        <p class="notice" id="reason">
          {say(REASON_TEXTS[reason])}
        </p>
      )}
      {task.trouble ? <TroubleBox trouble={task.trouble} onRetry={submit} /> : null}
      <FieldProblems faults={faults} />
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <Field
          id={ACCOUNT_ID}
          label={say('signIn.account')}
          hint={say('signIn.accountHint')}
          error={errors[ACCOUNT_ID]}
          value={account}
          onValue={setAccount}
          input={{ autocomplete: 'username' }}
        />
        <Field
          id={PASSWORD_ID}
          label={say('signIn.password')}
          hint={say('signIn.passwordHint')}
          error={errors[PASSWORD_ID]}
          value={password}
          onValue={setPassword}
          input={{ type: shown ? 'text' : 'password', autocomplete: 'current-password' }}
        />
        <ShowPassword shown={shown} onShown={setShown} />
        <button type="submit" id="continue" aria-disabled={task.busy}>
          {say('signIn.submit')}
        </button>
      </form>
      <Busy words={task.busy ? say('signIn.opening') : null} />
      <p>
        <button type="button" class="link" id="have-letter" onClick={onLetter}>
          {say('signIn.noAccount')}
        </button>
      </p>
    </>
  )
}

function localFaults({
  typed,
  judged,
  password,
}: {
  typed: string
  judged: string | null
  password: string
}): Faults {
  const faults: Record<string, Faults[string]> = {}
  if (typed.trim() === '') faults[ACCOUNT_ID] = (say) => say('signIn.accountMissing')
  else if (judged === null) faults[ACCOUNT_ID] = (say) => say('signIn.accountTypo')
  if (password.trim() === '') faults[PASSWORD_ID] = (say) => say('signIn.passwordMissing')
  return Object.keys(faults).length === 0 ? NO_FAULTS : faults
}
