/** A field that groups a code while it is typed, and keeps the caret where the person put it. */
import { useLayoutEffect, useRef } from 'preact/hooks'
import { caretAfterGrouping } from '../code_entry.ts'
import { FieldError, type FieldProps, Input } from './field.tsx'

export function GroupedField({
  group,
  symbols,
  ...field
}: FieldProps & { group: (typed: string) => string; symbols: (typed: string) => string }) {
  const { id, label, hint, error, onValue } = field
  const input = useRef<HTMLInputElement>(null)
  const caret = useRef<number | null>(null)
  useLayoutEffect(() => {
    if (caret.current === null || document.activeElement !== input.current) return
    input.current?.setSelectionRange(caret.current, caret.current)
    caret.current = null
  })
  return (
    <div class={error === undefined ? 'field' : 'field field-wrong'}>
      <label for={id}>{label}</label>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <FieldError id={id} error={error} />
      <Input
        {...field}
        reference={input}
        onValue={(typed) => {
          const shown = group(typed)
          const position = input.current?.selectionStart ?? typed.length
          caret.current = caretAfterGrouping({ typed, caret: position, shown, symbols })
          // Preact leaves the input alone when the value is the one it already knew (a
          // separator typed or erased by hand), so it is put right here.
          if (input.current !== null && input.current.value !== shown) input.current.value = shown
          onValue(shown)
        }}
      />
    </div>
  )
}
