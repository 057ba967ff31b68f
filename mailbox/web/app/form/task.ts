/** Something that takes time, is under way at most once, and may end in trouble. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { asTrouble, type Trouble } from '../trouble.ts'

export interface Task {
  readonly busy: boolean
  readonly trouble: Trouble | null
  /**
   * Run `work` unless something is already running; a trouble it ends in is kept for
   * the screen. A second click, or Enter pressed twice, does nothing.
   */
  readonly run: (work: () => Promise<void>) => void
  readonly forget: () => void
}

/**
 * Return a task. `intercept` may take a trouble for itself by returning true: the
 * session that ended is everybody's business, not this form's.
 */
export function useTask(intercept?: (trouble: Trouble) => boolean): Task {
  const [busy, setBusy] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const running = useRef(false)
  // A screen that is gone is told nothing.
  const mounted = useRef(true)
  useEffect(() => {
    mounted.current = true
    return () => {
      mounted.current = false
    }
  }, [])
  const run = useCallback(
    (work: () => Promise<void>) => {
      if (running.current) return
      running.current = true
      setBusy(true)
      setTrouble(null)
      work()
        .catch((failure: unknown) => {
          const met = asTrouble(failure)
          if (intercept?.(met) !== true && mounted.current) setTrouble(met)
        })
        .finally(() => {
          running.current = false
          if (mounted.current) setBusy(false)
        })
    },
    [intercept],
  )
  const forget = useCallback(() => setTrouble(null), [])
  return { busy, trouble, run, forget }
}
