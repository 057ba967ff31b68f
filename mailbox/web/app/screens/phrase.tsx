/** The eight words that are offered. */
import { useState } from 'preact/hooks'
import { type Faults, sayFaults } from '../form/faults.ts'
import { FieldError } from '../form/field.tsx'
import { useSpeech } from '../language.tsx'

export const NOTED_ID = 'phrase-noted'

export function Phrase({
  words,
  noted,
  faults,
  onNoted,
  onAnother,
}: {
  words: readonly string[]
  noted: boolean
  faults: Faults
  onNoted: (noted: boolean) => void
  onAnother: () => void
}) {
  const { say, language } = useSpeech()
  const [another, setAnother] = useState(false)
  const error = sayFaults(faults, say, language)[NOTED_ID]
  return (
    <section class="card phrase" aria-labelledby="phrase-title">
      <h2 id="phrase-title">{say('password.phrase')}</h2>
      {/* translate=no: a browser that translates pages would change the password. */}
      <ol id="phrase" translate={false}>
        {words.map((word, place) => (
          // The same word may come twice; its place tells them apart.
          <li key={place}>{word}</li>
        ))}
      </ol>
      <p class="hint">{say('password.phraseHint')}</p>
      <div class="actions">
        <button
          type="button"
          class="secondary"
          id="another-phrase"
          onClick={() => {
            onAnother()
            setAnother(true)
          }}
        >
          {say('password.another')}
        </button>
        <button type="button" class="secondary" id="print-phrase" onClick={() => window.print()}>
          {say('password.print')}
        </button>
      </div>
      <p role="status" class="notice-line">
        {another ? say('password.anotherDone') : ''}
      </p>
      <div class={error === undefined ? 'check' : 'check field-wrong'}>
        <FieldError id={NOTED_ID} error={error} />
        <input
          type="checkbox"
          id={NOTED_ID}
          name={NOTED_ID}
          checked={noted}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={error === undefined ? undefined : `${NOTED_ID}-error`}
          onChange={(event) => onNoted(event.currentTarget.checked)}
        />
        <label for={NOTED_ID}>{say('password.noted')}</label>
      </div>
    </section>
  )
}
