/** A date as three plain fields: no calendar to page back through eighty years. */

import { useSpeech } from '../language.tsx'
import type { DateFields } from '../person_entry.ts'
import { describedBy, FieldError, Input } from './field.tsx'

export const BIRTH_DATE_ID = 'birth-date'

const PARTS = [
  { part: 'day', label: 'gates.day', id: 'birth-day', autocomplete: 'bday-day', length: 2 },
  { part: 'month', label: 'gates.month', id: 'birth-month', autocomplete: 'bday-month', length: 2 },
  { part: 'year', label: 'gates.year', id: 'birth-year', autocomplete: 'bday-year', length: 4 },
] as const

export function BirthDateField({
  value,
  error,
  onValue,
}: {
  value: DateFields
  error?: string | undefined
  onValue: (value: DateFields) => void
}) {
  const { say } = useSpeech()
  const hint = say('gates.birthDateHint')
  return (
    <fieldset
      class={error === undefined ? 'field' : 'field field-wrong'}
      id={BIRTH_DATE_ID}
      aria-describedby={describedBy(BIRTH_DATE_ID, { hint, error })}
    >
      <legend>{say('gates.birthDate')}</legend>
      <p class="hint" id={`${BIRTH_DATE_ID}-hint`}>
        {hint}
      </p>
      <FieldError id={BIRTH_DATE_ID} error={error} />
      <div class="date-parts">
        {PARTS.map(({ part, label, id, autocomplete, length }) => (
          <div key={part}>
            <label for={id}>{say(label)}</label>
            <Input
              id={id}
              value={value[part]}
              width="digits"
              input={{ inputMode: 'numeric', autocomplete, maxLength: length }}
              onValue={(typed) => onValue({ ...value, [part]: typed })}
            />
          </div>
        ))}
      </div>
    </fieldset>
  )
}
