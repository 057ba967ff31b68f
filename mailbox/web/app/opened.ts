/** Tells the sender that a document was opened; keeps trying while the document is on the screen. */
import { useEffect } from 'preact/hooks'
import type { OpenedDocument, Session } from './core.ts'

/** After the first failure; doubled each time. A lift or a tunnel takes about as long. */
const FIRST_WAIT_MS = 5_000
/** Longer than this, and the person is probably off line for good; opening it again tells again. */
const LONGEST_WAIT_MS = 300_000

export function useTellOpened(session: Session, opened: OpenedDocument | null): void {
  useEffect(() => {
    if (opened === null) return
    let timer: number | undefined
    let wait = FIRST_WAIT_MS
    const tell = () => {
      session.tellOpened(opened).catch(() => {
        // Reading goes on: that the sender does not know yet is not the reader's problem.
        if (wait > LONGEST_WAIT_MS) return
        timer = window.setTimeout(tell, wait)
        wait *= 2
      })
    }
    tell()
    return () => window.clearTimeout(timer)
  }, [session, opened])
}
