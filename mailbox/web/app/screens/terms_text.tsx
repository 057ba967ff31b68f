/** The operator's terms: the text, agreeing to it, and the notice that it changes. */
import type { ComponentChildren } from 'preact'
import { sayMoment } from '../../texts/dates.ts'
import type { Terms, TermsState } from '../core.ts'
import { type Faults, sayFaults } from '../form/faults.ts'
import { FieldError } from '../form/field.tsx'
import { useSpeech } from '../language.tsx'
import { EXPORT_ID } from './export.tsx'

export const AGREED_ID = 'terms-agreed'
export const TERMS_MISSING: Faults = { [AGREED_ID]: (say) => say('terms.missing') }

/** A text to read, in a window of its own that the keyboard can scroll. */
export function TermsText({ terms, id }: { terms: Terms; id: string }) {
  const { say, language } = useSpeech()
  const words = say('terms.region', { version: terms.version })
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="terms" id={id} tabIndex={0} aria-label={words}>
      {paragraphs(terms.texts[language]).map(draw)}
    </section>
  )
}

export function AgreeToTerms({
  terms,
  agreed,
  faults,
  onAgreed,
  refusing,
}: {
  terms: Terms
  agreed: boolean
  faults: Faults
  onAgreed: (agreed: boolean) => void
  /** What refusing means here. */
  refusing: ComponentChildren
}) {
  const { say, language } = useSpeech()
  const error = sayFaults(faults, say, language)[AGREED_ID]
  return (
    <section class="card" aria-labelledby="terms-title">
      <h2 id="terms-title">{say('terms.title')}</h2>
      <TermsText terms={terms} id="terms" />
      <div class={error === undefined ? 'check' : 'check field-wrong'}>
        <FieldError id={AGREED_ID} error={error} />
        <input
          type="checkbox"
          id={AGREED_ID}
          name={AGREED_ID}
          checked={agreed}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={error === undefined ? undefined : `${AGREED_ID}-error`}
          onChange={(event) => onAgreed(event.currentTarget.checked)}
        />
        <label for={AGREED_ID}>{say('terms.agree')}</label>
      </div>
      <p class="hint">{refusing}</p>
    </section>
  )
}

/** What refusing means to who has an account, with the way to its documents first. */
export function RefusingLater() {
  const { say } = useSpeech()
  return (
    <>
      {say('terms.refusingLater')}{' '}
      <button
        type="button"
        class="link"
        id="go-export"
        onClick={() => document.getElementById(EXPORT_ID)?.focus()}
      >
        {say('terms.toExport')}
      </button>
    </>
  )
}

/** Says that the terms change, or have changed; nothing where nothing is to be done. */
export function TermsNotice({ state }: { state: TermsState }) {
  const { say, language } = useSpeech()
  if (state.due) return <p class="notice notice-warning">{say('terms.due')}</p>
  if (state.announced === null) return null
  const date = sayMoment(state.announced.inForceFrom, language)
  return <p class="notice">{say('terms.announced', { date })}</p>
}

interface Piece {
  readonly kind: 'title' | 'heading' | 'list' | 'text'
  readonly lines: readonly string[]
}

/** The four things that a text of terms is made of; anything else is a paragraph as it stands. */
export function paragraphs(text: string): Piece[] {
  return text
    .split(/\n{2,}|\n(?=#)|(?<=^#[^\n]*)\n/m)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part): Piece[] => {
      if (part.startsWith('## ')) return [{ kind: 'heading', lines: [part.slice(3)] }]
      if (part.startsWith('# ')) return [{ kind: 'title', lines: [part.slice(2)] }]
      const lines = part.split('\n')
      if (lines.every((line) => line.startsWith('- '))) {
        return [{ kind: 'list', lines: lines.map((line) => line.slice(2)) }]
      }
      return [{ kind: 'text', lines: [lines.join(' ')] }]
    })
}

function draw(piece: Piece, place: number) {
  const [words] = piece.lines
  switch (piece.kind) {
    case 'title':
      return (
        <p key={place} class="terms-title">
          {words}
        </p>
      )
    case 'heading':
      return <h3 key={place}>{words}</h3>
    case 'list':
      return (
        <ul key={place}>
          {piece.lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )
    case 'text':
      return <p key={place}>{words}</p>
  }
}
