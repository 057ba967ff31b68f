/**
 * What the screens ask of the keys, the exchange and the service.
 *
 * Screens know this page and nothing below it: no key, no request, no format. The
 * objects hold secrets in private fields, so that none is drawn, logged or put into
 * a URL by mistake. `core_lib.ts` is the one implementation.
 */
import type { Language } from '../texts/texts.ts'
import type { Organisation } from './organisation.ts'
import type { Trouble } from './trouble.ts'

/** A letter as it came to the page, nothing of it trusted. Codes are in canonical spelling. */
export type LetterSource =
  | {
      readonly kind: 'scanned'
      readonly invitationId: string
      readonly organisation: string
      readonly code: string
    }
  | { readonly kind: 'typed'; readonly letterNumber: string; readonly code: string }

/** Every call may throw a {@link Trouble}, and nothing else that a person caused. */
export interface Core {
  /**
   * Look the letter up, derive its keys and check its record (claim.md, section 4, step 2).
   *
   * Nothing derived from the code has left the page when this returns or throws.
   * Takes about a second of Argon2id, in a worker.
   */
  checkLetter(source: LetterSource): Promise<CheckedLetter>
  /** The terms in force, to be read before an account is made. */
  terms(): Promise<Terms>
  /** Open the account's vault. Takes about a second of Argon2id, in a worker. */
  signIn(who: { account: string; password: string }): Promise<Session>
}

/** A letter whose record has the letter's own keys and an authentic chain. */
export interface CheckedLetter {
  readonly organisation: Organisation
  /** The last moment it may be claimed (Unix seconds). */
  readonly notAfter: number
  /** Gate one: prove the code. May be called again when the claim session has ended. */
  prove(): Promise<Claim>
}

/** A claim past its first gate. */
export interface Claim {
  readonly letter: CheckedLetter
  /** The address of record as the service masks it: `j…@o…fr`. */
  readonly maskedAddress: string
  /** Gate two, first half: have a one-time code sent. */
  sendEmailCode(): Promise<{ readonly mailsLeft: number }>
  /** Gate two, second half. */
  checkEmailCode(code: string): Promise<void>
  /** Gate three. `birthDate` is `YYYY-MM-DD` with `00` for what is unknown. */
  checkPerson(person: { surname: string; birthDate: string }): Promise<void>
  /** Make the identity and the vault, and bind them. After that the letter is used. */
  bind(password: string, terms: ReadTerms): Promise<Session>
}

/** One version of the operator's terms. */
export interface Terms {
  readonly version: string
  /** Unix seconds. */
  readonly inForceFrom: number
  readonly texts: Readonly<Record<Language, string>>
}

/** What a person read and agrees to: the text as it was shown. */
export interface ReadTerms {
  readonly version: string
  readonly text: string
}

/** Which terms there are for somebody signed in. */
export interface TermsState {
  readonly inForce: Terms
  /** What will be in force, unless it was accepted already. */
  readonly announced: Terms | null
  readonly accepted: { readonly version: string; readonly at: number } | null
  /** Whether those in force were not accepted. */
  readonly due: boolean
}

/** How a practice writes to the patient, and who said so. */
export interface PracticeChoice {
  readonly id: string
  readonly organisation: Organisation
  readonly inForce: {
    readonly way: 'electronic' | 'paper'
    readonly since: number
    readonly byPatient: boolean
  } | null
  /** What the practice noted last. */
  readonly noted: {
    readonly way: 'electronic' | 'paper'
    readonly how: 'oral' | 'written' | 'online'
    readonly at: number
  } | null
}

/** Somebody signed in. Keys live in this object, in memory, and nowhere else. */
export interface Session {
  /** Ten digits. */
  readonly accountNumber: string
  /**
   * Re-seal to this account what waits for a claim identity (claim.md, section 4, step 8).
   *
   * Resumable. What fails is counted, not thrown, and tried again at the next sign-in;
   * only a session that ended or a service that is away is thrown.
   */
  takeOver(progress: (done: number, total: number) => void): Promise<{ readonly failed: number }>
  /** One page of the list, newest first; `after` is the previous page's `next`. */
  listDocuments(after: string | null): Promise<DocumentPage>
  /** Say which documents correct which, among those that were listed so far. */
  relationsOf(deliveryId: string): Relations
  /**
   * Receive, decrypt and verify a document, whole (sealed-document.md, section 7).
   *
   * Abort `signal` to leave it: what came of a long one is kept, sealed, for the next time,
   * unless the signal's reason is FORGET.
   */
  openDocument(
    deliveryId: string,
    waiting: { progress: (progress: Progress) => void; signal: AbortSignal },
  ): Promise<OpenedDocument>
  /** Tell the sender that the person opened or downloaded it. Once is enough; more is harmless. */
  tellOpened(document: OpenedDocument): Promise<void>
  /**
   * Open, verify and pack every document into one archive; no receipt is sent (export.md).
   *
   * What can't be opened is told of in the result, and in the archive. Abort `signal` to
   * stop: nothing is kept then.
   */
  exportDocuments(how: {
    /** Of the list in the archive. */
    language: Language
    progress: (progress: ExportProgress) => void
    signal: AbortSignal
  }): Promise<Exported>
  /** How each practice writes to this person, all of it verified. */
  choices(): Promise<readonly PracticeChoice[]>
  /** Say to a practice how it is to write; returns what counts then. */
  choose(id: string, way: 'electronic' | 'paper'): Promise<readonly PracticeChoice[]>
  /** Which terms there are, and which were accepted. */
  termsState(): Promise<TermsState>
  acceptTerms(read: ReadTerms): Promise<TermsState>
  /**
   * Close the account for good, with the password once more; then this session is over, here
   * as well.
   */
  closeAccount(password: string): Promise<ClosedAccount>
  /** End the session at the service and forget the keys. The keys go even if the service is away. */
  signOut(): Promise<void>
}

/** What is said of an account that was closed; moments in Unix seconds. */
export interface ClosedAccount {
  readonly closedAt: number
  /** Until when the operator's backups may still hold what was sealed. */
  readonly backupsUntil: number
}

export interface DocumentPage {
  readonly entries: readonly DocumentEntry[]
  readonly next: string | null
}

/** One row of the list: a cover that was opened and checked, or the reason why it could not be. */
export type DocumentEntry = {
  readonly deliveryId: string
  readonly unread: boolean
  /** What is known of its withdrawal; null for what is not withdrawn. */
  readonly withdrawn: Withdrawn | null
  /** When the service stored it (Unix seconds). */
  readonly storedAt: number
} & ({ readonly cover: DocumentCover } | { readonly trouble: Trouble })

/**
 * That the sender took a document back: signed by them, or said by the service without proof.
 *
 * Neither hides what can still be opened.
 */
export type Withdrawn =
  | {
      readonly proved: true
      readonly organisation: string
      /** Unix seconds. */
      readonly at: number
      readonly reason: 'wrong-patient' | 'wrong-document' | 'replaced' | 'other'
    }
  | { readonly proved: false }

/** Another document of the list: this one's correction, or what it corrects. Both verified. */
export interface Related {
  readonly deliveryId: string
  /** `YYYY-MM-DD`, of the document. */
  readonly date: string
}

export interface Relations {
  readonly replaces: Related | null
  readonly correctedBy: Related | null
}

/** What a verified manifest says of a document. All of it is text from the sender. */
export interface DocumentCover {
  readonly title: string
  /** `YYYY-MM-DD` */
  readonly date: string
  readonly urgent: boolean
  readonly soon: boolean
  readonly replacesAnother: boolean
  readonly withdrawsAnother: boolean
  readonly sender: {
    readonly name: string
    readonly organisation: string
    /** Whether it is a laboratory's bridge, by the role that its organisation certified. */
    readonly bridge: boolean
  }
  readonly patient: { readonly name: string; readonly birthDate: string } | null
}

/** The reason to abort with when nothing of a document is to be kept. */
export const FORGET = 'forget'

/** How far the opening of a document is, in bytes. */
export interface Progress {
  /** `resuming` is what an earlier visit kept, being verified. */
  readonly phase: 'resuming' | 'receiving' | 'verifying'
  readonly done: number
  readonly total: number
}

/** How far an export is, once the list was read. */
export interface ExportProgress {
  /** Which document is being added, from 1. */
  readonly document: number
  readonly documents: number
  /** Of the whole work, 0 to 1. */
  readonly share: number
  /** Bytes of all documents. */
  readonly total: number
}

/** What became of one document in an export: where it is, or why it is not there. */
export type ExportedDocument = {
  readonly deliveryId: string
  readonly storedAt: number
  readonly withdrawn: Withdrawn | null
  /** Null if not even that could be opened. */
  readonly cover: DocumentCover | null
} & ({ readonly folder: string; readonly files: readonly string[] } | { readonly trouble: Trouble })

/** An archive that is whole. */
export interface Exported {
  /** To be handed over, once; null where there is no document. */
  readonly file: OpenedFile | null
  readonly documents: readonly ExportedDocument[]
  /** Delete it: nobody waits for it any more. */
  discard(): Promise<void>
}

/** A document of which every byte was verified. */
export interface OpenedDocument {
  readonly deliveryId: string
  readonly storedAt: number
  readonly cover: DocumentCover
  readonly withdrawn: Withdrawn | null
  readonly files: readonly OpenedFile[]
  /** Forget its keys and its plaintext: it is no longer shown. */
  close(): void
}

export interface OpenedFile {
  /** Safe to show and to store. */
  readonly name: string
  /** What the sender says it is: enough to choose how to show it, never to open it as. */
  readonly mediaType: string
  readonly size: number
  /**
   * Return its bytes; a long document's are decrypted for it, and `progress` hears how far.
   *
   * `copy` is the name of the plaintext copy on the disk that the blob is, to be deleted
   * when the blob was used, or null. Throws a {@link Trouble} if there is no room.
   */
  read(
    progress?: (done: number, total: number) => void,
  ): Promise<{ readonly blob: Blob; readonly copy: string | null }>
}
