/** When private files are deleted: at the beginning of a visit, at its end, after a download. */
import { deleteOverdue, isNeeded } from './handed_copies.ts'
import { deleteFiles } from './private_files.ts'

/** Held by every window of this page as long as it is open. */
const OPEN_WINDOWS = 'souspli-open-windows'

/**
 * A day: an unfinished download is taken up again by then, or never.
 *
 * Longer than a session (12 hours), so that signing in again finds it.
 */
const SEALED_LIFE_SECONDS = 86_400

/** A minute: a copy just written may be on its way from its worker to this page. */
const JUST_WRITTEN_SECONDS = 60

const MILLISECONDS_PER_SECOND = 1_000

/**
 * Clear what earlier visits left: plaintext of a window that crashed, old segments.
 *
 * Plaintext is cleared only if no other window of this page is open: that one may be
 * handing it over just now.
 */
export async function beginVisit(): Promise<void> {
  window.addEventListener('pagehide', deleteOverdue)
  document.addEventListener('visibilitychange', () => {
    deleteOverdue()
    clearAbandoned().catch(() => undefined)
  })
  const { locks } = navigator
  try {
    await locks.request(OPEN_WINDOWS, { ifAvailable: true }, async (alone) => {
      // A reload in the middle of an export: its worker may hold the archive a moment longer.
      if (alone !== null) await deleteFiles('copies', () => true, { patient: true })
    })
  } finally {
    // Whatever could not be cleared: without it another window would clear this one's copies.
    // Until the window is gone: the browser gives the lock back then, after a crash too.
    void locks.request(OPEN_WINDOWS, { mode: 'shared' }, () => new Promise<never>(() => {}))
  }
  const oldest = secondsAgo(SEALED_LIFE_SECONDS)
  await deleteFiles('sealed', ({ changedAt }) => changedAt < oldest)
}

/** Delete all sealed segments, and what closed windows left: the person leaves this computer. */
export async function endVisit(): Promise<void> {
  deleteOverdue()
  await Promise.all([deleteFiles('sealed'), clearAbandoned()])
}

/**
 * Delete the plaintext that windows left which are closed, if this is the only one.
 *
 * Asked first, listed afterwards: a window that opens in between has written nothing as
 * old as what is deleted.
 */
async function clearAbandoned(): Promise<void> {
  const { held = [] } = await navigator.locks.query()
  if (held.filter(({ name }) => name === OPEN_WINDOWS).length !== 1) return
  const newest = secondsAgo(JUST_WRITTEN_SECONDS)
  await deleteFiles('copies', ({ name, changedAt }) => changedAt < newest && !isNeeded(name))
}

/** Unix seconds. */
function secondsAgo(seconds: number): number {
  return Date.now() / MILLISECONDS_PER_SECOND - seconds
}
