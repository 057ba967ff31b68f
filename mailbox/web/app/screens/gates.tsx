/** Step 2: the code from the e-mail, then name and birth date. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { type ClaimDraft, proved, type UpdateDraft } from '../claim_draft.ts'
import type { Claim } from '../core.ts'
import { Busy } from '../form/busy.tsx'
import { BIRTH_DATE_ID } from '../form/date_field.tsx'
import { type Faults, NO_FAULTS } from '../form/faults.ts'
import { FieldProblems, TroubleBox } from '../form/problem.tsx'
import { useTask } from '../form/task.ts'
import { Title } from '../form/title.tsx'
import { useSpeech } from '../language.tsx'
import { judgeBirthDate, judgeEmailCode, judgeSurname } from '../person_entry.ts'
import type { Trouble } from '../trouble.ts'
import { sayTrouble } from '../trouble_text.ts'
import { EMAIL_CODE_ID, GatesForm, SURNAME_ID } from './gates_form.tsx'

export function Gates({
  claim,
  draft,
  update,
  onPassed,
  onSignIn,
}: {
  claim: Claim
  draft: ClaimDraft
  update: UpdateDraft
  onPassed: () => void
  onSignIn: () => void
}) {
  const { say } = useSpeech()
  const [faults, setFaults] = useState<Faults>(NO_FAULTS)
  const [sentAgain, setSentAgain] = useState(false)
  const intercept = useCallback((trouble: Trouble) => {
    const id = fieldOf(trouble)
    if (id === null) return false
    setFaults({ [id]: (say, language) => sayTrouble(say, trouble, language) })
    return true
  }, [])
  const mail = useTask()
  const check = useTask(intercept)

  async function send(to: Claim): Promise<void> {
    const { mailsLeft } = await to.sendEmailCode()
    update({ mailsLeft })
  }

  // The claim session lives an hour; somebody who looked for their glasses meanwhile
  // gives the proof again without noticing, and gets a new code.
  async function again(work: (claim: Claim) => Promise<void>): Promise<void> {
    try {
      await work(claim)
    } catch (failure) {
      if (!isSessionEnded(failure)) throw failure
      const renewed = await claim.letter.prove()
      update({ ...proved(renewed), sessionEnded: true })
    }
  }

  // Each proof opens a session of its own, whose first code is sent by itself, and once:
  // a second mail would make the first one's code worthless.
  const { run: sendMail } = mail
  const unsent = draft.mailsLeft === null && !mail.busy && mail.trouble === null
  useEffect(() => {
    if (unsent) sendMail(() => send(claim))
  }, [unsent, claim, sendMail])

  function submit(): void {
    const emailCode = judgeEmailCode(draft.emailCode)
    const surname = judgeSurname(draft.surname)
    const birthDate = judgeBirthDate(draft.birthDate, new Date().getFullYear())
    const found = localFaults({
      emailCode: draft.emailCodePassed ? null : emailCode,
      surname,
      birthDate,
    })
    setFaults(found)
    if (found !== NO_FAULTS || typeof surname !== 'string' || typeof birthDate !== 'string') return
    check.run(() =>
      again(async (open) => {
        if (!draft.emailCodePassed && typeof emailCode === 'string') {
          await open.checkEmailCode(emailCode)
          update({ emailCodePassed: true, sessionEnded: false })
        }
        await open.checkPerson({ surname, birthDate })
        update({ passedBirthDate: birthDate })
        onPassed()
      }),
    )
  }

  const busyWords = check.busy ? say('gates.checking') : mail.busy ? say('gates.sending') : null
  const trouble = mail.trouble ?? check.trouble
  return (
    <>
      <Title words={say('gates.title')} step={2} />
      {draft.sessionEnded ? <p class="notice">{say('gates.sessionEnded')}</p> : null}
      {trouble ? (
        <TroubleBox
          trouble={trouble}
          onRetry={mail.trouble ? () => mail.run(() => again(send)) : submit}
          onSignIn={onSignIn}
        />
      ) : null}
      <FieldProblems faults={faults} />
      <GatesForm
        claim={claim}
        draft={draft}
        update={update}
        faults={faults}
        busy={check.busy || mail.busy}
        sentAgain={sentAgain}
        onSendAgain={() =>
          mail.run(async () => {
            await again(send)
            update({ emailCode: '' })
            setFaults(NO_FAULTS)
            setSentAgain(true)
          })
        }
        onSubmit={submit}
      />
      <Busy words={busyWords} />
    </>
  )
}

function isSessionEnded(failure: unknown): boolean {
  return failure instanceof Error && 'kind' in failure && failure.kind === 'session-ended'
}

/** Return the field whose answer the service refused, or null. */
function fieldOf(trouble: Trouble): string | null {
  if (trouble.kind === 'email-code-wrong' || trouble.kind === 'email-code-expired') {
    return EMAIL_CODE_ID
  }
  return trouble.kind === 'person-wrong' ? SURNAME_ID : null
}

function localFaults({
  emailCode,
  surname,
  birthDate,
}: {
  emailCode: ReturnType<typeof judgeEmailCode> | null
  surname: ReturnType<typeof judgeSurname>
  birthDate: ReturnType<typeof judgeBirthDate>
}): Faults {
  const faults: Record<string, Faults[string]> = {}
  if (emailCode !== null && typeof emailCode !== 'string') {
    const { fault } = emailCode
    faults[EMAIL_CODE_ID] = (say) =>
      say(fault === 'missing' ? 'gates.codeMissing' : 'gates.codeLength')
  }
  if (typeof surname !== 'string') {
    const { fault } = surname
    faults[SURNAME_ID] = (say) =>
      say(fault === 'missing' ? 'gates.surnameMissing' : 'gates.surnameLetters')
  }
  if (typeof birthDate !== 'string') {
    const { fault } = birthDate
    faults[BIRTH_DATE_ID] = (say) =>
      say(
        fault === 'missing'
          ? 'gates.dateMissing'
          : fault === 'year-short'
            ? 'gates.yearShort'
            : 'gates.dateImpossible',
      )
  }
  return Object.keys(faults).length === 0 ? NO_FAULTS : faults
}
