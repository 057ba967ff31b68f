/** A password of one's own: typed twice, or shown. */
import { type Faults, sayFaults } from '../form/faults.ts'
import { Field } from '../form/field.tsx'
import { ShowPassword } from '../form/show_password.tsx'
import { useSpeech } from '../language.tsx'
import { ENOUGH_BITS, entropyBits } from '../password/rules.ts'

export const OWN_ID = 'new-password'
export const AGAIN_ID = 'new-password-again'

export interface OwnPasswordEntry {
  readonly password: string
  readonly again: string
  readonly shown: boolean
}

export function OwnPassword({
  entry,
  faults,
  onEntry,
}: {
  entry: OwnPasswordEntry
  faults: Faults
  onEntry: (entry: OwnPasswordEntry) => void
}) {
  const { say, language } = useSpeech()
  const errors = sayFaults(faults, say, language)
  const bits = Math.floor(entropyBits(entry.password))
  const input = {
    type: entry.shown ? 'text' : 'password',
    autocomplete: 'new-password',
  } as const
  return (
    <>
      <Field
        id={OWN_ID}
        label={say('password.own')}
        hint={say('password.ownHint')}
        error={errors[OWN_ID]}
        value={entry.password}
        onValue={(password) => onEntry({ ...entry, password })}
        input={input}
      >
        <p class="strength" id="strength">
          {/* The words say all of it; the bar is for the eye. */}
          <progress aria-hidden="true" max={ENOUGH_BITS} value={Math.min(bits, ENOUGH_BITS)} />
          <span>
            {bits < ENOUGH_BITS
              ? say('password.strength', { bits })
              : say('password.strengthEnough')}
          </span>
        </p>
      </Field>
      <ShowPassword shown={entry.shown} onShown={(shown) => onEntry({ ...entry, shown })} />
      {entry.shown ? null : (
        <Field
          id={AGAIN_ID}
          label={say('password.again')}
          error={errors[AGAIN_ID]}
          value={entry.again}
          onValue={(again) => onEntry({ ...entry, again })}
          input={input}
        />
      )}
    </>
  )
}
