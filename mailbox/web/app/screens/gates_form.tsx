/** The three answers of step 2, on one sheet: the name can be typed while the mail is on its way. */
import type { ClaimDraft, UpdateDraft } from '../claim_draft.ts'
import type { Claim } from '../core.ts'
import { BIRTH_DATE_ID, BirthDateField } from '../form/date_field.tsx'
import { type Faults, sayFaults } from '../form/faults.ts'
import { Field } from '../form/field.tsx'
import { useSpeech } from '../language.tsx'

export const EMAIL_CODE_ID = 'email-code'
export const SURNAME_ID = 'surname'

export function GatesForm({
  claim,
  draft,
  update,
  faults,
  busy,
  sentAgain,
  onSendAgain,
  onSubmit,
}: {
  claim: Claim
  draft: ClaimDraft
  update: UpdateDraft
  faults: Faults
  busy: boolean
  sentAgain: boolean
  onSendAgain: () => void
  onSubmit: () => void
}) {
  const { say, language } = useSpeech()
  const errors = sayFaults(faults, say, language)
  const { name, phone } = claim.letter.organisation
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <p class="lead">{say('gates.lead')}</p>
      {draft.emailCodePassed ? (
        <p class="notice notice-good" id="email-code-accepted">
          {say('gates.codeAccepted')}
        </p>
      ) : (
        <>
          <div class="notice" id="sent-to">
            <p>
              {say('gates.sent')} <strong class="address">{claim.maskedAddress}</strong>
            </p>
            <p>{say('gates.notYours', { organisation: name, phone })}</p>
          </div>
          <Field
            id={EMAIL_CODE_ID}
            label={say('gates.code')}
            hint={say('gates.codeHint')}
            error={errors[EMAIL_CODE_ID]}
            value={draft.emailCode}
            onValue={(emailCode) => update({ emailCode })}
            input={{ inputMode: 'numeric', autocomplete: 'one-time-code' }}
            width="number"
          >
            <div class="beside">
              <button
                type="button"
                class="secondary"
                id="send-again"
                aria-disabled={busy || draft.mailsLeft === 0}
                onClick={() => {
                  if (draft.mailsLeft !== 0) onSendAgain()
                }}
              >
                {say('gates.sendAgain')}
              </button>
              <span class="hint">
                {draft.mailsLeft === null ? '' : say('gates.mailsLeft', { count: draft.mailsLeft })}
              </span>
            </div>
            <p role="status" class="notice-line">
              {sentAgain ? say('gates.sentAgain') : ''}
            </p>
          </Field>
        </>
      )}
      <Field
        id={SURNAME_ID}
        label={say('gates.surname')}
        hint={say('gates.surnameHint')}
        error={errors[SURNAME_ID]}
        value={draft.surname}
        onValue={(surname) => update({ surname })}
        input={{ autocomplete: 'family-name', autocapitalize: 'words' }}
      />
      <BirthDateField
        value={draft.birthDate}
        error={errors[BIRTH_DATE_ID]}
        onValue={(birthDate) => update({ birthDate })}
      />
      <button type="submit" id="continue" aria-disabled={busy}>
        {say('frame.continue')}
      </button>
    </form>
  )
}
