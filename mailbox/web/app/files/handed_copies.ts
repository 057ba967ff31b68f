/**
 * The plaintext copies that this window still needs, until they are deleted.
 *
 * One that was handed to the browser never before its time: what a browser is still saving from would be cut short, and
 * none says when it is done. So a window that is closed sooner leaves its copy.
 */
import { deleteFile, openFolder } from './private_files.ts'

/** Doubled for each try after a failed one: in all a quarter of an hour. */
const FIRST_PAUSE_MS = 1_000
const TRIES = 10

/** Until when each copy is needed, in milliseconds of the clock. */
const needed = new Map<string, number>()
let folder: FileSystemDirectoryHandle | null = null

/** Say whether the browser may be saving from this copy just now. */
export function isNeeded(name: string): boolean {
  return (needed.get(name) ?? 0) > Date.now()
}

/** Keep a copy, for what this window makes of it, until it is deleted by one of the two below. */
export function holdCopy(name: string): void {
  needed.set(name, Number.POSITIVE_INFINITY)
}

/** Delete a copy that was held. One that can't be deleted goes as if its time was over. */
export async function deleteHeldCopy(name: string): Promise<void> {
  needed.set(name, 0)
  await deleteFile('copies', name)
  needed.delete(name)
}

/** Delete a copy when `life` milliseconds are over, and try again if that fails. */
export async function deleteCopyAfter(name: string, life: number): Promise<void> {
  needed.set(name, Date.now() + life)
  // Opened now: a page that goes away has time to ask for a deletion, and for nothing first.
  folder ??= await openFolder('copies').catch(() => null)
  let pause = FIRST_PAUSE_MS
  await elapsed(life)
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      await deleteFile('copies', name)
      needed.delete(name)
      return
    } catch {
      // What is left in the end goes when the window is looked at again, or at the next visit.
    }
    await elapsed(pause)
    pause *= 2
  }
}

/** Delete what has had its time: the clock of a window in the background runs slowly. */
export function deleteOverdue(): void {
  for (const name of needed.keys()) {
    if (isNeeded(name)) continue
    folder?.removeEntry(name).then(
      () => needed.delete(name),
      () => undefined,
    )
  }
}

function elapsed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}
