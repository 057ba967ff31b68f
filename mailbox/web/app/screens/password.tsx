/** Step 3: eight words, or a password of one's own; then the account is made. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { Claim, Core, Session, Terms } from '../core.ts'
import { Busy } from '../form/busy.tsx'
import { type Faults, NO_FAULTS, type Words } from '../form/faults.ts'
import { FieldProblems, TroubleBox } from '../form/problem.tsx'
import { useTask } from '../form/task.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import { drawPhrase } from '../password/phrase.ts'
import {
  ENOUGH_GUESSES,
  judgePassword,
  normalizePassword,
  type PasswordFault,
  type Traits,
} from '../password/rules.ts'
import type { Trouble } from '../trouble.ts'
import { AGAIN_ID, OWN_ID, OwnPassword, type OwnPasswordEntry } from './own_password.tsx'
import { NOTED_ID, Phrase } from './phrase.tsx'
import { AgreeToTerms, TERMS_MISSING } from './terms_text.tsx'

type Choice = 'phrase' | 'own'

export function Password({
  core,
  claim,
  traits,
  onSessionEnded,
  onBound,
  onSignIn,
}: {
  core: Core
  claim: Claim
  traits: Traits
  /** The claim session ended: the gates have to be passed again. */
  onSessionEnded: () => void
  onBound: (session: Session) => void
  onSignIn: () => void
}) {
  const { say, language } = useSpeech()
  const [choice, setChoice] = useState<Choice>('phrase')
  const [phrase, setPhrase] = useState(() => drawPhrase(language))
  const [noted, setNoted] = useState(false)
  const [own, setOwn] = useState<OwnPasswordEntry>({ password: '', again: '', shown: false })
  const [faults, setFaults] = useState<Faults>(NO_FAULTS)
  const [terms, setTerms] = useState<Terms | null>(null)
  const [agreed, setAgreed] = useState(false)
  const loading = useTask()
  const loadTerms = useCallback(
    () => loading.run(async () => setTerms(await core.terms())),
    [loading.run, core],
  )
  useEffect(loadTerms, [loadTerms])
  const intercept = useCallback(
    (trouble: Trouble) => {
      if (trouble.kind === 'terms-changed') {
        // What was read is not what is in force any more: to be read again.
        setAgreed(false)
        loadTerms()
      }
      if (trouble.kind !== 'session-ended') return false
      onSessionEnded()
      return true
    },
    [onSessionEnded, loadTerms],
  )
  const task = useTask(intercept)

  function submit(): void {
    task.run(async () => {
      const chosen = choice === 'phrase' ? phraseFaults(noted) : await ownFaults(own, traits)
      const found = agreed ? chosen : { ...chosen, ...TERMS_MISSING }
      setFaults(found)
      if (Object.keys(found).length > 0 || terms === null) return
      const read = { version: terms.version, text: terms.texts[language] }
      onBound(await claim.bind(choice === 'phrase' ? phrase.join(' ') : own.password, read))
    })
  }

  function choose(chosen: Choice): void {
    setChoice(chosen)
    setFaults(NO_FAULTS)
  }

  return (
    <>
      <Title words={say('password.title')} step={3} />
      {task.trouble ? (
        <TroubleBox trouble={task.trouble} onRetry={submit} onSignIn={onSignIn} />
      ) : null}
      {loading.trouble ? <TroubleBox trouble={loading.trouble} onRetry={loadTerms} /> : null}
      <FieldProblems faults={faults} />
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <p class="lead">{say('password.lead')}</p>
        <fieldset class="field radios">
          <legend>{say('password.choice')}</legend>
          <Radio id="use-phrase" checked={choice === 'phrase'} onChoose={() => choose('phrase')}>
            {say('password.usePhrase')}
          </Radio>
          <Radio id="use-own" checked={choice === 'own'} onChoose={() => choose('own')}>
            {say('password.useOwn')}
          </Radio>
        </fieldset>
        {choice === 'phrase' ? (
          <Phrase
            words={phrase}
            noted={noted}
            faults={faults}
            onNoted={setNoted}
            onAnother={() => {
              setPhrase(drawPhrase(language))
              setNoted(false)
            }}
          />
        ) : (
          <OwnPassword entry={own} faults={faults} onEntry={setOwn} />
        )}
        {terms === null ? null : (
          <AgreeToTerms
            terms={terms}
            agreed={agreed}
            faults={faults}
            onAgreed={setAgreed}
            refusing={say('terms.refusing')}
          />
        )}
        <button type="submit" id="continue" aria-disabled={task.busy || terms === null}>
          {say('frame.continue')}
        </button>
      </form>
      <Busy words={task.busy ? say('password.opening') : null} />
    </>
  )
}

function Radio({
  id,
  checked,
  onChoose,
  children,
}: {
  id: string
  checked: boolean
  onChoose: () => void
  children: string
}) {
  return (
    <div class="radio">
      <input type="radio" name="choice" id={id} checked={checked} onChange={onChoose} />
      <label for={id}>{children}</label>
    </div>
  )
}

function phraseFaults(noted: boolean): Faults {
  return noted ? NO_FAULTS : { [NOTED_ID]: (say) => say('password.notedMissing') }
}

async function ownFaults(own: OwnPasswordEntry, traits: Traits): Promise<Faults> {
  const fault = judgePassword(own.password, traits) ?? (await judgeGuesses(own.password, traits))
  if (fault !== null) return { [OWN_ID]: passwordWords(fault) }
  if (own.shown) return NO_FAULTS
  if (own.again === '') return { [AGAIN_ID]: (say) => say('password.againMissing') }
  if (normalizePassword(own.again) !== normalizePassword(own.password)) {
    return { [AGAIN_ID]: (say) => say('password.differs') }
  }
  return NO_FAULTS
}

// Imported here and now: megabytes of dictionaries that most people never need.
async function judgeGuesses(password: string, traits: Traits): Promise<PasswordFault | null> {
  const { guesses } = await import('../password/guesses.ts')
  const known = [traits.surname, ...traits.birthDate.split('-'), 'souspli']
  return guesses(password, known) < ENOUGH_GUESSES ? { fault: 'guessable' } : null
}

function passwordWords(fault: PasswordFault): Words {
  return (say) => {
    switch (fault.fault) {
      case 'missing':
        return say('password.missing')
      case 'too-long':
        return say('password.tooLong')
      case 'too-short':
        return fault.add === 1
          ? say('password.tooShortOne')
          : say('password.tooShort', { count: fault.add })
      case 'has-name':
        return say('password.hasName')
      case 'has-birth-date':
        return say('password.hasBirthDate')
      case 'has-email':
        return say('password.hasEmail')
      case 'guessable':
        return say('password.guessable')
    }
  }
}
