/** When private files are deleted: at the beginning of a visit, at its end, after a download. */
import { deleteFile, deleteFiles } from './private_files.ts'

/** Held by every window of this page as long as it is open. */
const OPEN_WINDOWS = 'souspli-open-windows'

/**
 * A day: an unfinished download is taken up again by then, or never.
 *
 * Longer than a session (12 hours), so that signing in again finds it.
 */
const SEALED_LIFE_SECONDS = 86_400

const MILLISECONDS_PER_SECOND = 1_000

/**
 * Clear what earlier visits left: plaintext of a window that crashed, old segments.
 *
 * Plaintext is cleared only if no other window of this page is open: that one may be
 * handing it over just now.
 */
export async function beginVisit(): Promise<void> {
  const { locks } = navigator
  try {
    await locks.request(OPEN_WINDOWS, { ifAvailable: true }, async (alone) => {
      if (alone !== null) await deleteFiles('copies')
    })
  } finally {
    // Whatever could not be cleared: without it another window would clear this one's copies.
    // Until the window is gone: the browser gives the lock back then, after a crash too.
    void locks.request(OPEN_WINDOWS, { mode: 'shared' }, () => new Promise<never>(() => {}))
  }
  const oldest = Date.now() / MILLISECONDS_PER_SECOND - SEALED_LIFE_SECONDS
  await deleteFiles('sealed', ({ changedAt }) => changedAt < oldest)
}

/** Delete all sealed segments: the person leaves this computer. */
export function endVisit(): Promise<void> {
  return deleteFiles('sealed')
}

/** Delete the plaintext copy of a file that was handed over. */
export function deleteCopy(name: string): Promise<void> {
  return deleteFile('copies', name)
}
