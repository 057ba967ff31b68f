/** Which terms there are for who is signed in: asked once, quietly, when they come. */
import { useEffect, useState } from 'preact/hooks'
import type { Session, TermsState } from './core.ts'

/** Return the state, null while nothing is known: a notice that fails to load stands in nobody's way. */
export function useTermsState(
  session: Session | null,
): [TermsState | null, (state: TermsState) => void] {
  const [state, setState] = useState<TermsState | null>(null)
  useEffect(() => {
    let current = true
    setState(null)
    session?.termsState().then(
      (found) => {
        if (current) setState(found)
      },
      () => undefined,
    )
    return () => {
      current = false
    }
  }, [session])
  return [state, setState]
}
