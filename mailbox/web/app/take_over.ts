/** Re-seals waiting documents to the account, once per session, behind whatever is on the screen. */
import { useEffect, useState } from 'preact/hooks'
import type { Session } from './core.ts'
import type { TakeOver } from './screens/done.tsx'
import { asTrouble, type Trouble } from './trouble.ts'

const BEGINNING: TakeOver = { state: 'running', done: 0, total: 0 }

export function useTakeOver(
  session: Session | null,
  intercept: (trouble: Trouble) => boolean,
): TakeOver {
  const [takeOver, setTakeOver] = useState<TakeOver>(BEGINNING)
  // Once per session: a later handler of troubles would do the same as this one.
  useEffect(() => {
    setTakeOver(BEGINNING)
    if (session === null) return
    let gone = false
    let total = 0
    session
      .takeOver((done, of) => {
        total = of
        if (!gone) setTakeOver({ state: 'running', done, total: of })
      })
      .then(
        ({ failed }) => {
          if (!gone) setTakeOver({ state: 'over', total, failed })
        },
        (failure: unknown) => {
          // The service went away in the middle: the rest is for the next sign-in, and the
          // documents can be read meanwhile, with the key that the vault keeps.
          if (gone || intercept(asTrouble(failure))) return
          setTakeOver({ state: 'over', total, failed: 1 })
        },
      )
    return () => {
      gone = true
    }
  }, [session])
  return takeOver
}
