/**
 * The browser's private files of this page (OPFS): two folders, and who clears them.
 *
 * `sealed/` holds segments as the service has them, `copies/` plaintext that is on its way
 * to the person's downloads. docs/decisions/0008-large-documents-in-the-browser.md.
 */
import { NoRoomError, NoStorageError, OpenElsewhereError } from '../../lib/exchange/errors.ts'

export type Folder = 'sealed' | 'copies'

/** A file open for one worker. Not in TypeScript's list of a page's interfaces. */
export interface SyncAccessHandle {
  read(into: Uint8Array, options: { at: number }): number
  write(data: Uint8Array, options: { at: number }): number
  truncate(length: number): void
  getSize(): number
  close(): void
}

interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle?(): Promise<SyncAccessHandle>
}

/** A worker that was just ended may hold its file for a moment longer. */
const TRIES = 10
const BETWEEN_TRIES_MS = 200

/**
 * Open a private file for writing, only ever in a worker; made if it is not there.
 *
 * Raises NoStorageError where a page has no such files, OpenElsewhereError while another
 * window has it open, NoRoomError.
 */
export async function openFile(folder: Folder, name: string): Promise<SyncAccessHandle> {
  const place = await openFolder(folder)
  const file: SyncFileHandle = await storing(() => place.getFileHandle(name, { create: true }))
  return insist(async () => {
    if (file.createSyncAccessHandle === undefined) throw new NoStorageError('no access handles')
    return await file.createSyncAccessHandle()
  })
}

/** Open one of the folders; made if it is not there. Raises NoStorageError. */
export async function openFolder(folder: Folder): Promise<FileSystemDirectoryHandle> {
  const place = await root()
  return storing(() => place.getDirectoryHandle(folder, { create: true }))
}

/** Return a private file as it lies on the disk: reading it later reads it from there. */
export async function readFile(folder: Folder, name: string): Promise<File> {
  return storing(async () => {
    const place = await (await root()).getDirectoryHandle(folder)
    return (await place.getFileHandle(name)).getFile()
  })
}

/** Delete one private file if it is there. */
export async function deleteFile(folder: Folder, name: string): Promise<void> {
  try {
    const place = await (await root()).getDirectoryHandle(folder)
    await insist(() => place.removeEntry(name))
  } catch (failure) {
    if (!isMissing(failure)) throw failure
  }
}

/** What a private file tells without being opened. */
export interface Listed {
  readonly name: string
  /** Unix seconds; 0 for a file that can't be read. */
  readonly changedAt: number
}

/**
 * Delete the files of a folder that `which` names; those open elsewhere stay.
 *
 * `patient`: where nobody has any of them open, but a worker that was just ended.
 */
export async function deleteFiles(
  folder: Folder,
  which: (file: Listed) => boolean = () => true,
  { patient = false }: { patient?: boolean } = {},
): Promise<void> {
  try {
    const place = await (await root()).getDirectoryHandle(folder)
    const names: string[] = []
    for await (const handle of place.values()) {
      if (handle.kind !== 'file') continue
      const changedAt = await lastChange(handle)
      if (which({ name: handle.name, changedAt })) names.push(handle.name)
    }
    // Each is tried: one that is open elsewhere keeps no other one.
    const remove = (name: string) => place.removeEntry(name)
    await Promise.allSettled(
      names.map((name) => (patient ? insist(() => remove(name)) : remove(name))),
    )
  } catch (failure) {
    if (!isMissing(failure)) throw failure
  }
}

async function lastChange(handle: FileSystemFileHandle): Promise<number> {
  try {
    return (await handle.getFile()).lastModified / 1_000
  } catch {
    // Deleted meanwhile, or no longer readable: of no use, and it must not keep the others.
    return 0
  }
}

/** Say whether so many bytes more may be stored, as far as the browser tells. */
export async function hasRoomFor(bytes: number): Promise<boolean> {
  // An older Safari tells nothing; writing will.
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {}
  return quota === undefined || quota - (usage ?? 0) >= bytes
}

/** Return what `work` returns; what the browser raises becomes an error of ours. */
export async function storing<Value>(work: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (failure) {
    throw asOurs(failure)
  }
}

function asOurs(failure: unknown): unknown {
  if (!(failure instanceof DOMException)) return failure
  switch (failure.name) {
    case 'QuotaExceededError':
      return new NoRoomError('the browser gives this page no more room')
    case 'NoModificationAllowedError':
      return new OpenElsewhereError('another window has this file open')
    case 'SecurityError': // a private window of Firefox
    case 'UnknownError': // one of Safari
    case 'InvalidStateError': // the browser has cleared everything meanwhile
    case 'NotFoundError':
      return new NoStorageError('the browser has no private files for this page')
    default:
      return failure
  }
}

async function insist<Value>(work: () => Promise<Value>): Promise<Value> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await storing(work)
    } catch (failure) {
      if (!(failure instanceof OpenElsewhereError) || attempt === TRIES) throw failure
    }
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES_MS))
  }
}

async function root(): Promise<FileSystemDirectoryHandle> {
  // Older than private files, or a page without a secure origin: nothing there at all.
  if (navigator.storage?.getDirectory === undefined) throw new NoStorageError('no private files')
  return storing(() => navigator.storage.getDirectory())
}

function isMissing(failure: unknown): boolean {
  return (
    failure instanceof NoStorageError ||
    (failure instanceof DOMException && failure.name === 'NotFoundError')
  )
}
