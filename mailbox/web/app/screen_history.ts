/** Ties the screen to the browser's history, so that Back and Forward do what people expect. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { type Progress, reachable, readScreen, type Screen, sameScreen } from './route.ts'

export interface ScreenHistory {
  readonly screen: Screen
  readonly go: (screen: Screen, how?: 'push' | 'replace') => void
  /** What a reload of the page threw away: a claim, a session, or nothing. */
  readonly reloadedFrom: 'claim' | 'session' | null
}

/** Return the screen that is shown: the one asked for, or the nearest that `progress` allows. */
export function useScreen({
  first,
  scanned,
  progress,
}: {
  first: Screen
  /** The page came from a letter's QR code: whatever was shown here before is over. */
  scanned: boolean
  progress: Progress
}): ScreenHistory {
  const [before] = useState(() => (scanned ? null : readScreen(history.state)))
  const [wanted, setWanted] = useState<Screen>(before ?? first)
  const [reloadedFrom, setReloadedFrom] = useState(() => lostBy(before))

  const go = useCallback((screen: Screen, how: 'push' | 'replace' = 'push') => {
    if (how === 'push') history.pushState({ screen }, '')
    else history.replaceState({ screen }, '')
    setReloadedFrom(null)
    setWanted(screen)
    window.scrollTo(0, 0)
  }, [])

  useEffect(() => {
    history.replaceState({ screen: wanted }, '')
    const back = (event: PopStateEvent) => {
      setReloadedFrom(null)
      setWanted(readScreen(event.state) ?? first)
    }
    window.addEventListener('popstate', back)
    return () => window.removeEventListener('popstate', back)
  }, [])

  const screen = reachable(wanted, progress)
  useEffect(() => {
    if (!sameScreen(screen, wanted)) history.replaceState({ screen }, '')
  }, [screen, wanted])
  return { screen, go, reloadedFrom }
}

function lostBy(before: Screen | null): ScreenHistory['reloadedFrom'] {
  switch (before?.name) {
    case 'gates':
    case 'password':
      return 'claim'
    case 'done':
    case 'inbox':
    case 'document':
      return 'session'
    default:
      return null
  }
}
