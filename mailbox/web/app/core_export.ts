/** What the export asks of the exchange, and where its archive is written. */
import { Archive, type ArchivePlace } from '../lib/exchange/archive.ts'
import { NoRoomError, NoStorageError } from '../lib/exchange/errors.ts'
import {
  addText,
  type Copies,
  type ExportedDelivery,
  exportDocuments,
  listAll,
  roomFor,
} from '../lib/exchange/export.ts'
import type { ListedDelivery, Receiving } from '../lib/exchange/receive.ts'
import type { Language } from '../texts/texts.ts'
import type { Exported, ExportedDocument, ExportProgress, OpenedFile } from './core.ts'
import { coverOf, withdrawnOf } from './core_shown.ts'
import { troubleOf } from './core_troubles.ts'
import { archiveName, documentList, LIST_NAME, README_NAME, readme } from './export_texts.ts'
import { Trouble } from './trouble.ts'

/** Where an archive is written. */
export interface ArchivePlaces {
  /**
   * Begin one that will have `length` bytes, with room for `working` bytes more beside it.
   *
   * Raises NoStorageError, NoRoomError.
   */
  open(room: { length: number; working: number }): Promise<ArchivePlace>
  /** Finished ones, and copies that are made on the way. */
  readonly copies: Copies
}

export interface ExportSurroundings {
  readonly receiving: Receiving
  readonly places: ArchivePlaces
  readonly language: Language
  /** Unix seconds. */
  readonly now: number
  readonly progress: (progress: ExportProgress) => void
  /** Its reason is a LeftError. */
  readonly signal: AbortSignal
}

/**
 * Pack every document into one archive. Whatever it ends in but success, nothing is left.
 *
 * The list comes last: only then is it known what became of each document.
 */
export async function exportAll(around: ExportSurroundings): Promise<Exported> {
  const { receiving, places, signal } = around
  const entries = await listAll(receiving, signal)
  if (entries.length === 0) return { file: null, documents: [], discard: async () => {} }
  const room = roomFor(entries)
  const neededBytes = room.length + room.working
  const place = await exportWords(() => places.open(room), { neededBytes })
  // At once, not at the next step: that of a long file is long.
  const stop = () => void place.discard().catch(() => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await exportWords(() => writeArchive(entries, place, around))
  } catch (failure) {
    // What can't be deleted goes at the next visit, like what a crash leaves.
    await place.discard().catch(() => undefined)
    throw failure
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

async function writeArchive(
  entries: readonly ListedDelivery[],
  place: ArchivePlace,
  { receiving, places, language, now, progress, signal }: ExportSurroundings,
): Promise<Exported> {
  const archive = new Archive(place)
  await addText(archive, { path: README_NAME, text: readme(now), madeAt: now })
  const { copies } = places
  const exporting = { receiving, archive, copies, report: progress, signal }
  const documents = (await exportDocuments(entries, exporting)).map(documentOf)
  const text = documentList(documents, language)
  await addText(archive, { path: LIST_NAME, text, madeAt: now })
  const { blob, copy } = await archive.finish()
  const file: OpenedFile = {
    name: archiveName(now),
    mediaType: 'application/x-tar',
    size: blob.size,
    read: async () => ({ blob, copy }),
  }
  const discard = async () => {
    if (copy !== null) await copies.delete(copy)
  }
  if (signal.aborted) await discard()
  signal.throwIfAborted()
  return { file, documents, discard }
}

function documentOf(became: ExportedDelivery): ExportedDocument {
  const shown = {
    deliveryId: became.delivery.deliveryId,
    storedAt: became.delivery.storedAt,
    withdrawn: withdrawnOf(became.withdrawn),
    cover: became.cover && coverOf(became.cover),
  }
  return 'folder' in became
    ? { ...shown, folder: became.folder, files: became.files }
    : { ...shown, trouble: troubleOf(became.failure) }
}

/** Room and storage are the whole export's here, not one document's. */
async function exportWords<Value>(
  work: () => Promise<Value>,
  details: { neededBytes?: number } = {},
): Promise<Value> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof NoRoomError) throw new Trouble('export-no-room', { ...details, cause })
    if (cause instanceof NoStorageError) throw new Trouble('export-no-storage', { cause })
    throw cause
  }
}
