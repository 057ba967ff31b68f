/**
 * Receiving: covers verified, contents opened whole, receipts sent.
 *
 * sealed-document.md §7, withdrawal.md §3. Taking over what waits for a claim identity is `reseal.ts`.
 */
import type { ByteRange } from '../age/lengths.ts'
import { type Bytes, joinBytes } from '../bytes.ts'
import { sha256 } from '../crypto/sha256.ts'
import type { Signer } from '../keys/dsse.ts'
import { Secret } from '../keys/secret.ts'
import { encodeHex } from '../keys/values.ts'
import { PageReader, type StartReader } from './contents_reader.ts'
import {
  ContentsCutShortError,
  CoverRefusedError,
  ExchangeError,
  ExchangeUsageError,
} from './errors.ts'
import { MAX_BYTES } from './manifest.ts'
import {
  NotSignedInError,
  RequestRefusedError,
  UnavailableError,
  WithdrawnError,
} from './port_errors.ts'
import type { ReceivedDelivery, RecipientMailbox } from './ports.ts'
import { signReceipt } from './receipt.ts'
import { patientRetry, RetryPolicy } from './retry.ts'
import { type Reader, VerifiedCover } from './sealed.ts'
import { type ReportProgress, VerifiedContents } from './verified_contents.ts'
import { VerifiedWithdrawal } from './withdrawal.ts'

// One page of the list. Each of its covers is fetched and verified, some 50 ms of it.
const PAGE = 20
// Browsers open six connections; some are left for the document that is being read.
const COVERS_AT_ONCE = 3

/** A verified cover, and the hash by which it is replaced. */
export interface FetchedCover {
  readonly cover: VerifiedCover
  readonly coverHash: string
}

/** A verified withdrawal; or the service's word alone, which hides nothing. */
export type Withdrawn = VerifiedWithdrawal | 'unproved'

/**
 * A delivery with its verified cover, or with what was wrong with it.
 *
 * What was taken back before it was collected has a WithdrawnError there.
 */
export type ListedDelivery = {
  readonly delivery: ReceivedDelivery
  /** Null for what is not withdrawn. */
  readonly withdrawn: Withdrawn | null
} & ({ readonly cover: VerifiedCover } | { readonly failure: ExchangeError })

/** A page of the list, newest first; `next` is null on the last. */
export interface ListedPage {
  readonly entries: readonly ListedDelivery[]
  readonly next: string | null
}

/** Who follows a document while it comes; abort `signal` with a LeftError to leave it. */
export interface Waiting {
  readonly report?: ReportProgress
  readonly signal?: AbortSignal
}

/** Who reads, from where; remembers the covers that it verified. Prints as `…`. */
export class Receiving extends Secret {
  readonly reader: Reader
  readonly mailbox: RecipientMailbox
  readonly retry: RetryPolicy
  /** For the middle of a long document. */
  readonly lineRetry: RetryPolicy
  readonly #startReader: StartReader
  readonly #fetched = new Map<string, FetchedCover>()

  /** `startReader` says where contents are opened: without it, in this thread. */
  constructor(parts: {
    reader: Reader
    mailbox: RecipientMailbox
    retry?: RetryPolicy
    startReader?: StartReader
  }) {
    super()
    this.reader = parts.reader
    this.mailbox = parts.mailbox
    this.retry = parts.retry ?? new RetryPolicy()
    this.lineRetry = parts.retry ?? patientRetry()
    const { aead } = parts.reader
    this.#startReader = parts.startReader ?? ((question) => new PageReader(question, { aead }))
  }

  /**
   * Return one page of the deliveries, each with its verified cover.
   *
   * `after` is the previous page's `next`, null for the first. A cover that is refused
   * stands in the list as such and keeps no other one from being read. Raises
   * NotSignedInError, UnavailableError, and PortErrors about the list itself.
   */
  async list(after: string | null): Promise<ListedPage> {
    const page = await this.retry.repeat(() => this.mailbox.deliveries({ after, limit: PAGE }))
    const entries: ListedDelivery[] = []
    for (let start = 0; start < page.deliveries.length; start += COVERS_AT_ONCE) {
      const some = page.deliveries.slice(start, start + COVERS_AT_ONCE)
      entries.push(...(await Promise.all(some.map((delivery) => this.#entry(delivery)))))
    }
    return { entries, next: page.next }
  }

  /** Return the verified cover of a delivery; raises like `VerifiedCover.open`, and PortError. */
  async fetchCover(delivery: ReceivedDelivery): Promise<FetchedCover> {
    const { deliveryId, documentId, sealedLength } = delivery
    const known = this.#fetched.get(deliveryId)
    // The hash is of bytes that were verified here; a service that repeats it wrongly
    // shows an older cover of the same delivery, which was right as well.
    if (known !== undefined && known.coverHash === delivery.coverHash) return known
    const delivered = await this.retry.repeat(() => this.mailbox.deliveryCover(deliveryId))
    const coverHash = encodeHex(await sha256(delivered.cover))
    if (coverHash !== delivered.coverHash) {
      throw new CoverRefusedError('the cover is not the one that the service names')
    }
    const { statements } = delivered
    const cover = await VerifiedCover.open(delivered.cover, {
      reader: this.reader,
      documentId,
      statements,
      // How much a document may hold is for the service's operator to say, and it took this
      // one. Nothing is gained by lying: only what a trusted sender has signed is opened, when
      // the person asks for it, if it has this length and there is room for it; and what is
      // said to be shorter is not shown, as if it were withheld.
      maxBytes: Math.max(MAX_BYTES, sealedLength),
    })
    const fetched = { cover, coverHash }
    this.#fetched.set(deliveryId, fetched)
    return fetched
  }

  /**
   * Collect a delivery's contents and verify all of them; only then return the files.
   *
   * A line that breaks is taken up again where it broke. Raises ContentsRefusedError
   * (ContentsCutShortError if the service does not have all of them), StorageError,
   * LeftError and PortError.
   */
  async readContents(
    { deliveryId, documentId }: ReceivedDelivery,
    cover: VerifiedCover,
    { report = () => {}, signal = new AbortController().signal }: Waiting = {},
  ): Promise<VerifiedContents> {
    if (cover.manifest.documentId !== documentId) {
      throw new ExchangeUsageError('the cover of another document')
    }
    const held = await this.retry.repeat(() => this.mailbox.collect(deliveryId))
    if (held !== cover.manifest.contents.sealedLength) {
      throw new ContentsCutShortError('not the length that was signed')
    }
    return VerifiedContents.collect(cover, {
      startReader: this.#startReader,
      fetch: (range, onBytes) => this.#readRange(deliveryId, range, { onBytes, signal }),
      report,
      signal,
    })
  }

  /** Tell the sender that the document was opened. May be repeated; the first one counts. */
  async sendReceipt(
    { deliveryId, documentId }: ReceivedDelivery,
    contents: VerifiedContents,
    { signer, now }: { signer: Signer; now: number },
  ): Promise<void> {
    if (contents.cover.manifest.documentId !== documentId) {
      throw new ExchangeUsageError('the contents of another document')
    }
    const receipt = signReceipt(contents, { signer, now })
    await this.retry.repeat(() => this.mailbox.postReceipt(deliveryId, receipt))
  }

  /** Return what is known of the withdrawal of a delivery; `cover` where there still is one. */
  async fetchWithdrawal(
    { deliveryId, documentId }: ReceivedDelivery,
    cover: VerifiedCover | null,
  ): Promise<Withdrawn> {
    const { organisations, origin } = this.reader
    const trusted =
      cover === null ? organisations : new Set([cover.sender.organisation.root.fingerprint])
    try {
      const { withdrawal, statements } = await this.retry.repeat(() =>
        this.mailbox.withdrawal(deliveryId),
      )
      return VerifiedWithdrawal.verify(withdrawal, { statements, trusted, origin, documentId })
    } catch (failure) {
      if (!isOfOne(failure)) throw failure
      return 'unproved'
    }
  }

  async #entry(delivery: ReceivedDelivery): Promise<ListedDelivery> {
    const entry = await this.#withCover(delivery)
    const isTakenBack = 'failure' in entry && entry.failure instanceof WithdrawnError
    if (delivery.state !== 'withdrawn' && !isTakenBack)
      return { delivery, withdrawn: null, ...entry }
    const cover = 'cover' in entry ? entry.cover : null
    return { delivery, withdrawn: await this.fetchWithdrawal(delivery, cover), ...entry }
  }

  async #withCover(
    delivery: ReceivedDelivery,
  ): Promise<{ readonly cover: VerifiedCover } | { readonly failure: ExchangeError }> {
    try {
      const { cover } = await this.fetchCover(delivery)
      return { cover }
    } catch (failure) {
      if (!isOfOne(failure)) throw failure
      return { failure }
    }
  }

  async #readRange(
    deliveryId: string,
    { start, end }: ByteRange,
    how: { onBytes: (count: number) => void; signal: AbortSignal },
  ): Promise<Bytes> {
    const parts: Bytes[] = []
    let position = start
    while (position < end) {
      const rest = { start: position, end }
      // At the beginning the person is told soon that the service is away; in the middle
      // of a long document nobody sits there to be told.
      const retry = position === 0 ? this.retry : this.lineRetry
      const part = await this.#readSome(deliveryId, rest, { ...how, retry })
      if (part.length === 0) throw new ContentsCutShortError('the contents end too early')
      parts.push(part)
      position += part.length
    }
    const [only] = parts
    // Most segments come in one part: no copy of those.
    return parts.length === 1 && only !== undefined ? only : joinBytes(parts)
  }

  async #readSome(
    deliveryId: string,
    range: ByteRange,
    how: { onBytes: (count: number) => void; signal: AbortSignal; retry: RetryPolicy },
  ): Promise<Bytes> {
    const { onBytes, signal, retry } = how
    try {
      return await retry.repeat(() => {
        signal.throwIfAborted()
        return this.mailbox.readContents(deliveryId, range, { onBytes, signal })
      })
    } catch (failure) {
      const isBeyondEnd =
        failure instanceof RequestRefusedError && failure.problem === 'range-not-satisfiable'
      if (!isBeyondEnd) throw failure
      throw new ContentsCutShortError('the contents end too early')
    }
  }
}

/** What is wrong with the session or the line is wrong with every delivery; all else is not. */
function isOfOne(failure: unknown): failure is ExchangeError {
  return (
    failure instanceof ExchangeError &&
    !(failure instanceof NotSignedInError || failure instanceof UnavailableError)
  )
}
