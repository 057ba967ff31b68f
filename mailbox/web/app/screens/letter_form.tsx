/** The letter's number and code, typed. Typing errors are found here, without any request. */
import { useState } from 'preact/hooks'
import type { ClaimDraft, UpdateDraft } from '../claim_draft.ts'
import {
  codeSymbols,
  type EntryFault,
  groupCode,
  groupNumber,
  judgeCode,
  judgeNumber,
  numberDigits,
} from '../code_entry.ts'
import type { LetterSource } from '../core.ts'
import { NO_FAULTS, sayFaults, type Words } from '../form/faults.ts'
import { GroupedField } from '../form/grouped_field.tsx'
import { FieldProblems } from '../form/problem.tsx'
import { useSpeech } from '../language.tsx'

const NUMBER_ID = 'letter-number'
const CODE_ID = 'claim-code'

export function LetterForm({
  draft,
  update,
  busy,
  onLetter,
}: {
  draft: ClaimDraft
  update: UpdateDraft
  busy: boolean
  onLetter: (letter: LetterSource) => void
}) {
  const { say, language } = useSpeech()
  const [faults, setFaults] = useState(NO_FAULTS)
  const errors = sayFaults(faults, say, language)

  function submit(event: SubmitEvent): void {
    event.preventDefault()
    const letterNumber = judgeNumber(draft.letterNumber)
    const code = judgeCode(draft.code)
    if (typeof letterNumber === 'string' && typeof code === 'string') {
      setFaults(NO_FAULTS)
      onLetter({ kind: 'typed', letterNumber, code })
      return
    }
    setFaults({
      ...(typeof letterNumber === 'string' ? {} : { [NUMBER_ID]: numberWords(letterNumber) }),
      ...(typeof code === 'string' ? {} : { [CODE_ID]: codeWords(code) }),
    })
  }

  return (
    <form noValidate onSubmit={submit}>
      <FieldProblems faults={faults} />
      <p class="lead">{say('letter.lead')}</p>
      <GroupedField
        id={NUMBER_ID}
        label={say('letter.number')}
        hint={say('letter.numberHint')}
        error={errors[NUMBER_ID]}
        value={draft.letterNumber}
        onValue={(letterNumber) => update({ letterNumber })}
        group={groupNumber}
        symbols={numberDigits}
        input={{ inputMode: 'numeric' }}
        width="number"
      />
      <GroupedField
        id={CODE_ID}
        label={say('letter.code')}
        hint={say('letter.codeHint')}
        error={errors[CODE_ID]}
        value={draft.code}
        onValue={(code) => update({ code })}
        group={groupCode}
        symbols={codeSymbols}
        input={{ autocapitalize: 'characters' }}
        width="code"
      />
      <p class="hint">{say('letter.codeStays')}</p>
      <button type="submit" id="continue" aria-disabled={busy}>
        {say('frame.continue')}
      </button>
    </form>
  )
}

function codeWords(fault: EntryFault): Words {
  return (say) => {
    switch (fault.fault) {
      case 'missing':
        return say('letter.codeMissing')
      case 'symbol':
        return say('letter.codeSymbol', { symbol: fault.symbol })
      case 'length':
        return say('letter.codeShort', { count: fault.count })
      case 'typo':
        return say('letter.codeTypo')
    }
  }
}

function numberWords(fault: EntryFault): Words {
  return (say) => {
    switch (fault.fault) {
      case 'missing':
        return say('letter.numberMissing')
      case 'symbol':
        return say('letter.numberSymbol', { symbol: fault.symbol })
      case 'length':
        return say('letter.numberShort', { count: fault.count })
      case 'typo':
        return say('letter.numberTypo')
    }
  }
}
