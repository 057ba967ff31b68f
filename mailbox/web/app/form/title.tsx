/** A screen's heading: takes the focus when the screen comes, and names the browser's tab. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { useSpeech } from '../language.tsx'

// The first screen leaves the focus where the browser put it: at the page's beginning.
let first = true

/**
 * `step` is the place in the three steps to the first document. `tab` names the browser's
 * tab where the heading must not: browsers write that name into their history.
 */
export function Title({
  words,
  tab = words,
  step,
}: {
  words: string
  tab?: string
  step?: 1 | 2 | 3
}) {
  const { say } = useSpeech()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (first) first = false
    else heading.current?.focus()
  }, [])
  useLayoutEffect(() => {
    document.title = `${tab} – Souspli`
  }, [tab])
  return (
    <header class="title">
      {step === undefined ? null : <p class="step">{say('frame.step', { step })}</p>}
      <h1 tabIndex={-1} ref={heading}>
        {words}
      </h1>
    </header>
  )
}
