/** Somebody signed in, as the screens see them, over `lib/exchange/receive.ts`. */

import type { Aead } from '../lib/crypto/aead.ts'
import { closeAccount } from '../lib/exchange/closing.ts'
import type { ContentsReader, StartReader } from '../lib/exchange/contents_reader.ts'
import { LeftError } from '../lib/exchange/errors.ts'
import { SignatureRefusedError } from '../lib/exchange/port_errors.ts'
import type {
  ChoiceDesk,
  ClosingDesk,
  ReceivedDelivery,
  RecipientMailbox,
  SignInDesk,
  TermsDesk,
} from '../lib/exchange/ports.ts'
import { type ListedDelivery, Receiving } from '../lib/exchange/receive.ts'
import { resealWaiting } from '../lib/exchange/reseal.ts'
import { Reader } from '../lib/exchange/sealed.ts'
import type { VerifiedContents, VerifiedFile } from '../lib/exchange/verified_contents.ts'
import type { Origin } from '../lib/keys/address.ts'
import type { Argon2id } from '../lib/keys/argon2.ts'
import type { Vault } from '../lib/keys/vault_contents.ts'
import type { Language } from '../texts/texts.ts'
import {
  type ClosedAccount,
  type DocumentCover,
  type DocumentEntry,
  type DocumentPage,
  type Exported,
  type ExportProgress,
  FORGET,
  type OpenedDocument,
  type OpenedFile,
  type PracticeChoice,
  type Progress,
  type ReadTerms,
  type Relations,
  type Session,
  type TermsState,
  type Withdrawn,
} from './core.ts'
import {
  type AccountSurroundings,
  acceptTerms,
  chooseWay,
  listChoices,
  readTermsState,
} from './core_account.ts'
import { type ArchivePlaces, exportAll } from './core_export.ts'
import { coverOf, withdrawnOf } from './core_shown.ts'
import { inWords, troubleOf } from './core_troubles.ts'
import { Corrections } from './corrections.ts'
import { Trouble } from './trouble.ts'

/** What a session needs around it. */
export interface SessionSurroundings {
  readonly mailbox: RecipientMailbox &
    ChoiceDesk &
    TermsDesk &
    ClosingDesk &
    Pick<SignInDesk, 'signOut'>
  readonly argon2id: Argon2id
  readonly origin: Origin
  readonly aead: Aead
  /** Where contents are opened. */
  readonly startReader: StartReader
  /** Where an export is written. */
  readonly archivePlaces: ArchivePlaces
  /** Delete what is kept on this computer for a session. */
  readonly endVisit: () => Promise<void>
  /** Unix seconds. */
  readonly now: () => number
}

/** An open vault, at work. Its keys are in private fields, and gone after `signOut`. */
export class LibSession implements Session {
  readonly accountNumber: string
  readonly #around: SessionSurroundings
  readonly #deliveries = new Map<string, ReceivedDelivery>()
  readonly #corrections = new Corrections()
  readonly #readers: ContentsReader[] = []
  /** Ends the export that is under way; returns when nothing of it is left. */
  #endExport: () => Promise<unknown> = async () => {}
  #open: { readonly vault: Vault; readonly receiving: Receiving } | null

  constructor(vault: Vault, around: SessionSurroundings) {
    const { mailbox, origin, aead } = around
    const startReader: StartReader = (question) => {
      // Signed out while the document was asked for: nothing would end this reader any more.
      this.#opened()
      const started = around.startReader(question)
      this.#readers.push(started)
      return started
    }
    this.accountNumber = vault.account
    this.#around = around
    const reader = Reader.ofVault(vault, { origin, aead })
    this.#open = { vault, receiving: new Receiving({ reader, mailbox, startReader }) }
  }

  takeOver(report: (done: number, total: number) => void): Promise<{ readonly failed: number }> {
    return inWords(async () => {
      const { vault, receiving } = this.#opened()
      const resealed = await resealWaiting(receiving, vault, { now: this.#around.now(), report })
      return { failed: resealed.failures.length }
    })
  }

  listDocuments(after: string | null): Promise<DocumentPage> {
    return inWords(async () => {
      const { entries, next } = await this.#opened().receiving.list(after)
      for (const entry of entries) {
        this.#deliveries.set(entry.delivery.deliveryId, entry.delivery)
        if ('cover' in entry) this.#corrections.add(entry.delivery, entry.cover)
      }
      return { entries: entries.map(entryOf), next }
    })
  }

  relationsOf(deliveryId: string): Relations {
    return this.#corrections.relationsOf(deliveryId)
  }

  openDocument(
    deliveryId: string,
    { progress, signal }: { progress: (progress: Progress) => void; signal: AbortSignal },
  ): Promise<OpenedDocument> {
    return inWords(async () => {
      const { receiving } = this.#opened()
      const delivery = await this.#delivery(deliveryId)
      const { cover } = await receiving.fetchCover(delivery)
      const isWithdrawn = delivery.state === 'withdrawn'
      // First: nothing has to be closed if this fails.
      const withdrawn = isWithdrawn ? await receiving.fetchWithdrawal(delivery, cover) : null
      const contents = await receiving.readContents(delivery, cover, {
        report: progress,
        signal: leaving(signal),
      })
      return new LibDocument(delivery, contents, withdrawnOf(withdrawn))
    })
  }

  tellOpened(document: OpenedDocument): Promise<void> {
    return inWords(async () => {
      if (!(document instanceof LibDocument)) throw new TypeError('not a document of this session')
      const { vault, receiving } = this.#opened()
      const how = { signer: vault.identity, now: this.#around.now() }
      await receiving.sendReceipt(document.delivery, document.contents, how)
    })
  }

  exportDocuments({
    language,
    progress,
    signal,
  }: {
    language: Language
    progress: (progress: ExportProgress) => void
    signal: AbortSignal
  }): Promise<Exported> {
    return inWords(async () => {
      const { receiving } = this.#opened()
      const { archivePlaces: places, now } = this.#around
      const left = new AbortController()
      // Never kept for the next time, however it is left: an archive is begun anew.
      const leave = () => left.abort(new LeftError({ keep: false }))
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
      const how = { receiving, places, language, now: now(), progress, signal: left.signal }
      const work = exportAll(how)
      this.#endExport = () => {
        leave()
        return work.catch(() => undefined)
      }
      return work
    })
  }

  choices(): Promise<readonly PracticeChoice[]> {
    return inWords(() => listChoices(this.#opened().vault, this.#account()))
  }

  choose(id: string, way: 'electronic' | 'paper'): Promise<readonly PracticeChoice[]> {
    return inWords(() => chooseWay(this.#opened().vault, { id, way }, this.#account()))
  }

  termsState(): Promise<TermsState> {
    return inWords(() => readTermsState(this.#opened().vault, this.#account()))
  }

  acceptTerms(read: ReadTerms): Promise<TermsState> {
    return inWords(() => acceptTerms(this.#opened().vault, read, this.#account()))
  }

  #account(): AccountSurroundings {
    const { mailbox, origin, now } = this.#around
    return { desk: mailbox, origin, now }
  }

  closeAccount(password: string): Promise<ClosedAccount> {
    return inWords(async () => {
      const { mailbox, origin, argon2id, now } = this.#around
      const { vault } = this.#opened()
      let closed: ClosedAccount
      try {
        closed = await closeAccount(mailbox, { vault, password, origin, argon2id, now: now() })
      } catch (failure) {
        if (!(failure instanceof SignatureRefusedError)) throw failure
        throw new Trouble('closing-refused', { cause: failure })
      }
      // The service has ended the session; what is here goes as well.
      await this.#forget()
      return closed
    })
  }

  signOut(): Promise<void> {
    // First of all: whatever the service answers, this object opens nothing any more.
    const forgetting = this.#forget()
    return inWords(async () => {
      await this.#around.mailbox.signOut()
      await forgetting
    })
  }

  /** End the export, and every worker that has a document key; then nothing holds files. */
  async #forget(): Promise<void> {
    this.#open = null
    this.#deliveries.clear()
    this.#corrections.clear()
    try {
      const readers = this.#readers.map((reader) => reader.end({ keep: false }))
      await Promise.allSettled([this.#endExport(), ...readers])
      await this.#around.endVisit()
    } catch {
      // What could not be deleted is ciphertext, and is deleted at the next visit.
    }
  }

  #opened(): { readonly vault: Vault; readonly receiving: Receiving } {
    if (this.#open === null) throw new Trouble('session-ended')
    return this.#open
  }

  /** The delivery with this id: known from the list, or looked for in it (after signing in again). */
  async #delivery(deliveryId: string): Promise<ReceivedDelivery> {
    let known = this.#deliveries.get(deliveryId)
    let after: string | null = null
    while (known === undefined) {
      const page: DocumentPage = await this.listDocuments(after)
      known = this.#deliveries.get(deliveryId)
      if (known === undefined && page.next === null) throw new Trouble('document-gone')
      after = page.next
    }
    return known
  }
}

/** A verified document, and what its receipt is made from. */
class LibDocument implements OpenedDocument {
  readonly deliveryId: string
  readonly storedAt: number
  readonly cover: DocumentCover
  readonly withdrawn: Withdrawn | null
  readonly files: readonly OpenedFile[]
  readonly delivery: ReceivedDelivery
  readonly contents: VerifiedContents

  constructor(delivery: ReceivedDelivery, contents: VerifiedContents, withdrawn: Withdrawn | null) {
    this.withdrawn = withdrawn
    this.deliveryId = delivery.deliveryId
    this.storedAt = delivery.storedAt
    this.cover = coverOf(contents.cover)
    this.files = contents.files.map(fileOf)
    this.delivery = delivery
    this.contents = contents
  }

  close(): void {
    void this.contents.close()
  }
}

/** The screens' signal as the exchange understands it. */
function leaving(signal: AbortSignal): AbortSignal {
  const left = new AbortController()
  const leave = () => left.abort(new LeftError({ keep: signal.reason !== FORGET }))
  if (signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
  return left.signal
}

function fileOf({ name, mediaType, size, read }: VerifiedFile): OpenedFile {
  return { name, mediaType, size, read: (progress) => inWords(() => read(progress)) }
}

function entryOf(listed: ListedDelivery): DocumentEntry {
  const { deliveryId, state, storedAt, openedAt } = listed.delivery
  const withdrawn = withdrawnOf(listed.withdrawn)
  const row = { deliveryId, storedAt, withdrawn, unread: state !== 'opened' && openedAt === null }
  return 'cover' in listed
    ? { ...row, cover: coverOf(listed.cover) }
    : { ...row, trouble: troubleOf(listed.failure) }
}
