/**
 * An export: all documents of an account, opened, verified and written into one archive.
 *
 * export.md. What one document can't give is told of it and stops no other one. No receipt
 * is sent: that a document was exported does not say that somebody read it.
 */
import { utf8 } from '../bytes.ts'
import { encodeCanonical } from '../keys/canonical.ts'
import type { Archive } from './archive.ts'
import { BLOCK_BYTES } from './bundle.ts'
import { ExchangeError, LeftError, OpenElsewhereError, StorageError } from './errors.ts'
import { FolderNames, proofsFolder } from './export_names.ts'
import { MOST_WITHOUT_FILES } from './kept_segments.ts'
import { NotSignedInError, UnavailableError } from './port_errors.ts'
import type { ReceivedDelivery } from './ports.ts'
import { proofsOf } from './proofs.ts'
import type { ListedDelivery, Receiving, Withdrawn } from './receive.ts'
import type { VerifiedCover } from './sealed.ts'
import type { VerifiedContents } from './verified_contents.ts'

// What a file costs beside its bytes: two headers, its path, the rest of its last block; and
// its name in the list.
const MOST_AROUND_FILE = 5 * BLOCK_BYTES
// Of an envelope: two signatures of 4,500 characters together, and their names.
const MOST_AROUND_PAYLOAD = 4_700
// A line of the list: title, names and reasons.
const MOST_OF_LINE = 4_096
const MOST_OF_README = 16_384

/** How far an export is. */
export interface ExportProgress {
  /** Which document is being worked on, from 1, of how many that can be opened. */
  readonly document: number
  readonly documents: number
  /** What is done of the work: 0 to 1. */
  readonly share: number
  /** Bytes of all files. */
  readonly total: number
}

/** What became of one delivery: the folder it is in, or why it is in none. */
export type ExportedDelivery = {
  readonly delivery: ReceivedDelivery
  readonly withdrawn: Withdrawn | null
  /** Null if it could not be opened. */
  readonly cover: VerifiedCover | null
} & ({ readonly folder: string; readonly files: readonly string[] } | { readonly failure: unknown })

/** The plaintext copies of long files that are made on the way (`ReadFile.copy`). */
export interface Copies {
  /** Keep it while it is being read: it may be older by then than what a closed window left. */
  hold(name: string): void
  delete(name: string): Promise<void>
}

/** What an export needs around it. */
export interface Exporting {
  readonly receiving: Receiving
  readonly archive: Archive
  readonly copies: Copies
  readonly report: (progress: ExportProgress) => void
  /** Its reason is a LeftError. */
  readonly signal: AbortSignal
}

/**
 * Return the whole list, newest first, each with its verified cover or what was wrong.
 *
 * Raises what `Receiving.list` raises, and the signal's reason.
 */
export async function listAll(
  receiving: Receiving,
  signal: AbortSignal,
): Promise<readonly ListedDelivery[]> {
  // By id: a service that turns in circles names the same ones again.
  const found = new Map<string, ListedDelivery>()
  let after: string | null = null
  do {
    const before = found.size
    const { entries, next } = await receiving.list(after)
    signal.throwIfAborted()
    for (const entry of entries) found.set(entry.delivery.deliveryId, entry)
    after = found.size === before ? null : next
  } while (after !== null)
  return [...found.values()]
}

/** Return how much room an archive of these takes, and the work on it: never too little. */
export function roomFor(entries: readonly ListedDelivery[]): {
  /** Of the archive. */
  readonly length: number
  /** Beside it, for the document that takes most while it is being added. */
  readonly working: number
} {
  let [length, working] = [MOST_OF_README, 0]
  for (const entry of entries) {
    length += MOST_OF_LINE
    if (!('cover' in entry)) continue
    length += documentRoom(entry.cover, entry.withdrawn)
    working = Math.max(working, workingRoom(entry.cover))
  }
  return { length, working }
}

function documentRoom(cover: VerifiedCover, withdrawn: Withdrawn | null): number {
  const { files } = cover.manifest.contents
  const payloads = proofsOf(cover, withdrawn).map(({ envelope }) => envelope.payload.length)
  return (
    bytesOf(files) +
    (files.length + payloads.length) * MOST_AROUND_FILE +
    // Base64 makes four characters of three bytes.
    payloads.reduce((sum, size) => sum + Math.ceil(size / 3) * 4 + MOST_AROUND_PAYLOAD, 0)
  )
}

/** A long document's segments are kept while it is open, and each long file is copied. */
function workingRoom({ manifest }: VerifiedCover): number {
  const { sealedLength, files } = manifest.contents
  if (sealedLength <= MOST_WITHOUT_FILES) return 0
  return sealedLength + Math.max(...files.map(({ size }) => size))
}

/**
 * Add every document that can be opened to the archive; return what became of each.
 *
 * A document that failed for a passing reason is tried once more at the end. Raises what
 * concerns all of them: NotSignedInError, UnavailableError if the service is away,
 * StorageError, LeftError. The archive is worth nothing then.
 */
export async function exportDocuments(
  entries: readonly ListedDelivery[],
  exporting: Exporting,
): Promise<readonly ExportedDelivery[]> {
  const names = new FolderNames()
  const readable = entries.flatMap((entry) =>
    'cover' in entry ? [{ ...entry, folder: names.take(entry.cover) }] : [],
  )
  const done = new Map<string, ExportedDelivery>()
  const work = new Work(readable, exporting.report)
  let waiting: readonly Readable[] = readable
  for (const isLast of [false, true]) {
    const failed: Readable[] = []
    for (const entry of waiting) {
      const became = await addDocument(entry, { ...exporting, work })
      const mayPass = 'failure' in became && maySucceedLater(became.failure)
      if (mayPass && !isLast) failed.push(entry)
      else work.finish(entry)
      done.set(entry.delivery.deliveryId, became)
    }
    waiting = failed
  }
  return entries.map(
    (entry) => done.get(entry.delivery.deliveryId) ?? { ...unreadable(entry), cover: null },
  )
}

type Readable = Extract<ListedDelivery, { cover: VerifiedCover }> & { readonly folder: string }

function unreadable(entry: ListedDelivery) {
  const { delivery, withdrawn } = entry
  return { delivery, withdrawn, failure: 'failure' in entry ? entry.failure : null }
}

/** Add one document, whole or not at all. */
async function addDocument(
  entry: Readable,
  exporting: Exporting & { readonly work: Work },
): Promise<ExportedDelivery> {
  const { delivery, withdrawn, cover, folder } = entry
  const { receiving, archive, signal, work } = exporting
  const before = archive.mark
  let contents: VerifiedContents | null = null
  // Not kept for the next time: the segments of all documents would need as much room as the
  // archive does. Called at once by the signal: reading a long file takes long.
  const close = async () => contents?.close({ keep: false })
  signal.addEventListener('abort', close)
  try {
    work.begin()
    contents = await receiving.readContents(delivery, cover, {
      report: ({ done }) => work.received(done),
      signal,
    })
    const files = contents.files.map(({ name }) => name)
    await addFiles(entry, contents, exporting)
    await addProofs(entry, { archive, files })
    return { delivery, withdrawn, cover, folder, files }
  } catch (failure) {
    signal.throwIfAborted()
    if (isOfAll(failure)) throw failure
    await archive.rewind(before)
    if (failure instanceof UnavailableError) await checkAway(receiving)
    return { delivery, withdrawn, cover, failure }
  } finally {
    signal.removeEventListener('abort', close)
    await close()
  }
}

async function addFiles(
  { cover, folder }: Readable,
  contents: VerifiedContents,
  { archive, signal, work, copies }: Exporting & { readonly work: Work },
): Promise<void> {
  const madeAt = cover.manifest.createdAt
  let written = 0
  for (const file of contents.files) {
    signal.throwIfAborted()
    const start = written
    const { blob, copy } = await file.read((done) => work.written(start + done))
    if (copy !== null) copies.hold(copy)
    try {
      await archive.add({ path: `${folder}/${file.name}`, size: file.size, madeAt }, blob)
    } finally {
      // What can't be deleted just now goes at the next visit.
      if (copy !== null) await copies.delete(copy).catch(() => undefined)
    }
    written += file.size
    work.written(written)
  }
}

async function addProofs(
  { cover, withdrawn, folder }: Readable,
  { archive, files }: { archive: Archive; files: readonly string[] },
): Promise<void> {
  const place = `${folder}/${proofsFolder(files)}`
  const madeAt = cover.manifest.createdAt
  for (const { name, envelope } of proofsOf(cover, withdrawn)) {
    const path = `${place}/${name}`
    const content = encodeCanonical(envelope.toJSON())
    await archive.add({ path, size: content.length, madeAt }, new Blob([content]))
  }
}

/** Add a text at the top of the archive. */
export async function addText(
  archive: Archive,
  { path, text, madeAt }: { path: string; text: string; madeAt: number },
): Promise<void> {
  const content = utf8(text)
  await archive.add({ path, size: content.length, madeAt }, new Blob([content]))
}

/** Raise UnavailableError if it is not only about one document, after some patience. */
async function checkAway({ mailbox, lineRetry }: Receiving): Promise<void> {
  await lineRetry.repeat(() => mailbox.deliveries({ after: null, limit: 1 }))
}

/** What is wrong with the session, the disk or the person's patience stops the whole. */
function isOfAll(failure: unknown): boolean {
  return (
    failure instanceof NotSignedInError ||
    failure instanceof LeftError ||
    (failure instanceof StorageError && !(failure instanceof OpenElsewhereError))
  )
}

/** Another window may have let go of the document by the end. */
function maySucceedLater(failure: unknown): boolean {
  if (failure instanceof OpenElsewhereError) return true
  return failure instanceof ExchangeError && failure.temporary
}

/** Counts the work: every byte is received once and written once. */
class Work {
  readonly #report: (progress: ExportProgress) => void
  readonly #documents: number
  readonly #all: number
  readonly #total: number
  #started = 0
  #finished = 0
  #received = 0
  #written = 0

  constructor(entries: readonly Readable[], report: (progress: ExportProgress) => void) {
    this.#report = report
    this.#documents = entries.length
    this.#all = entries.reduce((sum, { cover }) => sum + workOf(cover), 0)
    this.#total = entries.reduce(
      (sum, { cover }) => sum + bytesOf(cover.manifest.contents.files),
      0,
    )
  }

  begin(): void {
    // Those that are tried again are counted once.
    this.#started = Math.min(this.#started + 1, this.#documents)
    this.#received = 0
    this.#written = 0
    this.#tell()
  }

  received(bytes: number): void {
    this.#received = bytes
    this.#tell()
  }

  written(bytes: number): void {
    this.#written = bytes
    this.#tell()
  }

  finish({ cover }: Readable): void {
    this.#finished += workOf(cover)
    this.#received = 0
    this.#written = 0
    this.#tell()
  }

  #tell(): void {
    this.#report({
      document: this.#started,
      documents: this.#documents,
      share: Math.min(1, (this.#finished + this.#received + this.#written) / this.#all),
      total: this.#total,
    })
  }
}

function workOf({ manifest }: VerifiedCover): number {
  return manifest.contents.sealedLength + bytesOf(manifest.contents.files)
}

function bytesOf(files: readonly { readonly size: number }[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}
