/** The account: how each practice writes to the person, and the operator's terms. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { sayMoment } from '../../texts/dates.ts'
import type { Say } from '../../texts/texts.ts'
import type { PracticeChoice, Session, TermsState } from '../core.ts'
import { Busy } from '../form/busy.tsx'
import { type Faults, NO_FAULTS } from '../form/faults.ts'
import { FieldProblems, TroubleBox } from '../form/problem.tsx'
import { useTask } from '../form/task.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import type { Trouble } from '../trouble.ts'
import { Export } from './export.tsx'
import {
  AgreeToTerms,
  RefusingLater,
  TERMS_MISSING,
  TermsNotice,
  TermsText,
} from './terms_text.tsx'

export function Account({
  session,
  intercept,
  onTerms,
  onClosing,
  onBack,
}: {
  session: Session
  intercept: (trouble: Trouble) => boolean
  onTerms: (state: TermsState) => void
  onClosing: () => void
  onBack: () => void
}) {
  const { say, language } = useSpeech()
  const [choices, setChoices] = useState<readonly PracticeChoice[] | null>(null)
  const [terms, setTerms] = useState<TermsState | null>(null)
  const [agreed, setAgreed] = useState(false)
  const [faults, setFaults] = useState<Faults>(NO_FAULTS)
  const [done, setDone] = useState<string | null>(null)
  const task = useTask(intercept)
  const load = useCallback(
    () =>
      task.run(async () => {
        setChoices(await session.choices())
        setTerms(await session.termsState())
      }),
    [task.run, session],
  )
  useEffect(load, [load])

  function choose(one: PracticeChoice): void {
    const way = wayOf(one) === 'paper' ? 'electronic' : 'paper'
    setDone(null)
    task.run(async () => {
      setChoices(await session.choose(one.id, way))
      setDone(say(way === 'paper' ? 'account.nowPaper' : 'account.nowElectronic'))
    })
  }

  function accept(state: TermsState): void {
    setDone(null)
    setFaults(agreed ? NO_FAULTS : TERMS_MISSING)
    if (!agreed) return
    const asked = state.due ? state.inForce : (state.announced ?? state.inForce)
    task.run(async () => {
      const read = { version: asked.version, text: asked.texts[language] }
      const now = await session.acceptTerms(read)
      setTerms(now)
      onTerms(now)
      setAgreed(false)
      setDone(say('terms.accepted'))
    })
  }

  const words = task.busy ? say('account.working') : done
  return (
    <>
      <Title words={say('account.title')} />
      {task.trouble ? <TroubleBox trouble={task.trouble} onRetry={load} /> : null}
      <FieldProblems faults={faults} />
      <Busy words={words} />
      {choices === null ? null : (
        <section aria-labelledby="practices-title">
          <h2 id="practices-title">{say('account.practices')}</h2>
          <p>{say('account.lead')}</p>
          {choices.map((one) => (
            <Practice key={one.id} one={one} busy={task.busy} onChoose={() => choose(one)} />
          ))}
        </section>
      )}
      {terms === null ? null : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault()
            accept(terms)
          }}
        >
          <TermsNotice state={terms} />
          <Terms state={terms} agreed={agreed} faults={faults} onAgreed={setAgreed} />
        </form>
      )}
      <Export session={session} intercept={intercept} />
      <section class="card" aria-labelledby="leaving-title">
        <h2 id="leaving-title">{say('closing.title')}</h2>
        <p>{say('closing.any')}</p>
        <p>
          <button type="button" class="secondary" id="go-closing" onClick={onClosing}>
            {say('closing.go')}
          </button>
        </p>
      </section>
      <p class="actions">
        <button type="button" class="secondary" id="back" onClick={onBack}>
          {say('document.back')}
        </button>
      </p>
    </>
  )
}

function Practice({
  one,
  busy,
  onChoose,
}: {
  one: PracticeChoice
  busy: boolean
  onChoose: () => void
}) {
  const { say, language } = useSpeech()
  const { name, phone } = one.organisation
  const paper = wayOf(one) === 'paper'
  const title = `practice-${one.id}`
  return (
    <section class="card practice" aria-labelledby={title}>
      <h3 id={title}>{name}</h3>
      <p class="way">{sayInForce(say, one, language)}</p>
      {one.noted === null ? null : (
        <p class="hint">
          {say(NOTED[one.noted.way][one.noted.how], {
            date: sayMoment(one.noted.at, language),
          })}
        </p>
      )}
      <p>
        <button
          type="button"
          class="secondary choose-way"
          aria-describedby={title}
          aria-disabled={busy}
          onClick={() => busy || onChoose()}
        >
          {say(paper ? 'account.toElectronic' : 'account.toPaper')}
        </button>
      </p>
      <p class="hint">
        {paper ? say('account.paperMeans', { phone }) : say('account.electronicMeans')}
      </p>
    </section>
  )
}

function Terms({
  state,
  agreed,
  faults,
  onAgreed,
}: {
  state: TermsState
  agreed: boolean
  faults: Faults
  onAgreed: (agreed: boolean) => void
}) {
  const { say, language } = useSpeech()
  const asked = state.due ? state.inForce : state.announced
  if (asked === null) {
    return (
      <section class="card" aria-labelledby="terms-title">
        <h2 id="terms-title">{say('terms.title')}</h2>
        {state.accepted === null ? null : (
          <p>
            {say('terms.acceptedOn', {
              version: state.accepted.version,
              date: sayMoment(state.accepted.at, language),
            })}
          </p>
        )}
        <TermsText terms={state.inForce} id="terms" />
      </section>
    )
  }
  return (
    <>
      <AgreeToTerms
        terms={asked}
        agreed={agreed}
        faults={faults}
        onAgreed={onAgreed}
        refusing={<RefusingLater />}
      />
      <p class="actions">
        <button type="submit" id="accept-terms">
          {say('terms.accept')}
        </button>
      </p>
    </>
  )
}

// Before anything was said, a practice writes electronically: that is why there is an account.
function wayOf(one: PracticeChoice): 'electronic' | 'paper' {
  return one.inForce?.way ?? 'electronic'
}

const NOTED = {
  electronic: {
    oral: 'account.notedOral',
    written: 'account.notedWritten',
    online: 'account.notedOnline',
  },
  paper: {
    oral: 'account.notedPaperOral',
    written: 'account.notedPaperWritten',
    online: 'account.notedPaperOnline',
  },
} as const

function sayInForce(say: Say, { inForce }: PracticeChoice, language: 'fr' | 'en'): string {
  if (inForce === null) return say('account.unsaid')
  const date = sayMoment(inForce.since, language)
  if (inForce.way === 'paper') {
    return say(inForce.byPatient ? 'account.paperByYou' : 'account.paperByPractice', { date })
  }
  return say(inForce.byPatient ? 'account.electronicByYou' : 'account.electronicByPractice', {
    date,
  })
}
