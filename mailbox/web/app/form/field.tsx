/** A labelled input with its hint and its error, tied together for screen readers. */
import type { ComponentChildren, Ref } from 'preact'

/** What an input may be told beyond its field. */
export interface InputTraits {
  readonly type?: 'text' | 'password' | 'search'
  readonly autocomplete?: string
  readonly autocapitalize?: 'none' | 'words' | 'characters'
  readonly inputMode?: 'text' | 'numeric'
  readonly enterKeyHint?: 'search'
  readonly maxLength?: number
}

export interface FieldProps {
  readonly id: string
  readonly label: string
  readonly hint?: string | undefined
  readonly error?: string | undefined
  readonly value: string
  readonly onValue: (value: string) => void
  readonly input?: InputTraits
  /** How wide the input is: a code's field shows how long the code is. */
  readonly width?: 'number' | 'code' | 'digits' | 'full'
  readonly children?: ComponentChildren
}

/** One input. Its label is always in sight: a placeholder disappears just when it is needed. */
export function Field({ children, ...field }: FieldProps) {
  const { id, label, hint, error } = field
  return (
    <div class={error === undefined ? 'field' : 'field field-wrong'}>
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <FieldError id={id} error={error} />
      <Input {...field} />
      {children}
    </div>
  )
}

/** The input alone, for fields that stand in a group. */
export function Input({
  id,
  hint,
  error,
  value,
  onValue,
  input,
  width = 'full',
  reference,
}: Omit<FieldProps, 'label'> & { reference?: Ref<HTMLInputElement> }) {
  return (
    <input
      autocomplete="off"
      autocapitalize="none"
      spellcheck={false}
      {...input}
      // Preact's types have a shape of their own for each type of input; these three are alike.
      type={(input?.type ?? 'text') as 'text'}
      {...(reference === undefined ? {} : { ref: reference })}
      id={id}
      name={id}
      class={`width-${width}`}
      value={value}
      aria-describedby={describedBy(id, { hint, error })}
      aria-invalid={error === undefined ? undefined : true}
      onInput={(event) => onValue(event.currentTarget.value)}
    />
  )
}

/** The words of the error, right above the input it is about. */
export function FieldError({ id, error }: { id: string; error?: string | undefined }) {
  if (error === undefined) return null
  return (
    <p class="error" id={`${id}-error`}>
      {error}
    </p>
  )
}

/** Return the ids that describe a field. */
export function describedBy(
  id: string,
  { hint, error }: { hint?: string | undefined; error?: string | undefined },
): string | undefined {
  const ids = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`]
  return ids.filter((one) => one !== '').join(' ') || undefined
}
