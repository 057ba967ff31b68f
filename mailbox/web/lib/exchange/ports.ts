/**
 * What a patient's client needs from a mailbox service, and not how it is reached.
 *
 * Requests, fields and states: mailbox.md §4. `lib/mailbox/client.ts` implements these
 * ports over HTTP. They hold for every implementation:
 *
 * - **Durability.** A method that returns has been answered: what it promised to keep
 *   survives a crash of the service. One that raises an error with `temporary` may have
 *   been applied or not.
 * - **Idempotence.** Every write may be repeated with the same arguments and then gets the
 *   same answer. A repeat with other arguments is refused.
 * - **Retries** belong to the callers. An implementation makes one attempt, bounded in time.
 * - **Errors** are those of `port_errors.ts` and nothing else.
 * - **Nothing here is trusted.** Ids, envelopes, covers and contents come back as the
 *   service gave them, checked for shape only. Whoever uses them verifies them.
 *
 * Binary values are bytes, ids and hashes lower-case hexadecimal text, moments integer
 * Unix seconds.
 */
import type { Bytes } from '../bytes.ts'
import type { AccountNumber } from '../keys/codes.ts'
import type { Envelope } from '../keys/dsse.ts'
import type { LoginChallenge, UnlockerKind } from '../keys/login.ts'
import type { BindingEnvelopes } from '../keys/statements/binding.ts'
import type { Certification } from '../keys/statements/chain.ts'
import type { TermsOffer } from './terms.ts'

/** What the service says a letter number belongs to: untrusted. */
export interface LetterLookup {
  readonly invitationId: string
  /** Fingerprint; the claim code's salt proves it or nothing can be derived. */
  readonly organisation: string
}

/** R with the statements that its signature chains through: unverified. */
export interface InvitationRecord {
  readonly record: Envelope
  readonly statements: Certification
}

/** A nonce of 32 bytes to sign; used once. */
export interface ClaimNonce {
  readonly nonce: Bytes
  readonly expiresAt: number
}

/** A one-time code is on its way to the e-mail of record. */
export interface MailedCode {
  readonly maskedAddress: string
  readonly expiresAt: number
  readonly mailsLeft: number
}

/** An unlocker as the service keeps it: nothing in it is secret. */
export interface NewUnlocker {
  readonly unlockerId: string
  readonly kind: UnlockerKind
  readonly loginPublicKey: Bytes
  readonly wrappedVaultKey: Bytes
}

/** What makes an account: its number, its first vault, its unlockers (1–8). */
export interface NewAccount {
  readonly accountNumber: AccountNumber
  readonly sealedVault: Bytes
  readonly unlockers: readonly NewUnlocker[]
}

/** The account that a claim was bound to. */
export interface BoundAccount {
  readonly accountNumber: AccountNumber
  /** When the session that the binding opened ends. */
  readonly expiresAt: number
}

/**
 * The claim's requests, gates in this order (claim.md §4).
 *
 * `prove` opens the claim session, which the implementation keeps to itself (a browser: as
 * a cookie that scripts can't read). After `bind` it is signed in as the new account. A
 * wrong answer at a gate raises and leaves the session open.
 */
export interface ClaimDesk {
  /** Exchange a letter number; LetterNotValidError if there is none. */
  lookUpLetter(letterNumber: string): Promise<LetterLookup>
  /** Return R and its statements; LetterNotValidError if there is none. */
  claimRecord(invitationId: string): Promise<InvitationRecord>
  /** Return a nonce for gate one. */
  claimNonce(invitationId: string): Promise<ClaimNonce>
  /**
   * Gate one: open the claim session; return the masked e-mail of record.
   *
   * Raises SignatureRefusedError, and only past the signature InvitationUsedError,
   * InvitationSupersededError, InvitationExpiredError.
   */
  prove(invitationId: string, proof: { nonce: Bytes; signature: Bytes }): Promise<string>
  /** Have a one-time code mailed to the e-mail of record; ThrottledError past 5 a day. */
  sendEmailCode(invitationId: string): Promise<MailedCode>
  /** Gate two; CodeWrongError, CodeExpiredError, ThrottledError. */
  checkEmailCode(invitationId: string, code: string): Promise<void>
  /** Gate three; PersonWrongError, ThrottledError, GateNotPassedError. */
  checkPerson(invitationId: string, personCheck: Bytes): Promise<void>
  /**
   * Make the account and claim the invitation in one transaction; one winner.
   *
   * The same binding again gets the same answer. Raises InvitationUsedError for any other,
   * AccountNumberTakenError, GateNotPassedError; TermsChangedError if what was accepted is
   * not in force.
   */
  bind(
    invitationId: string,
    claim: { account: NewAccount; binding: BindingEnvelopes; acceptance?: Envelope | null },
  ): Promise<BoundAccount>
}

/** A nonce to sign in with, and the account that it is for. */
export interface SignInChallenge {
  /** As asked for, or what the service says an e-mail address stands for: untrusted. */
  readonly accountNumber: AccountNumber
  readonly nonce: Bytes
  readonly expiresAt: number
}

export type AccountKind = 'patient' | 'member'

/** Somebody is signed in. */
export interface SignedIn {
  readonly accountNumber: AccountNumber
  readonly kind: AccountKind
  readonly unlockerId: string
  readonly expiresAt: number
}

/** An account's vault as the service keeps it: sealed, and to be opened by `openVault`. */
export interface StoredVault {
  readonly accountNumber: AccountNumber
  readonly generation: number
  readonly sealed: Bytes
  readonly unlocker: {
    readonly unlockerId: string
    readonly kind: UnlockerKind
    readonly wrappedVaultKey: Bytes
  }
  readonly savedAt: number
}

/** Signing in and out. The session is the implementation's to keep, as a claim's is. */
export interface SignInDesk {
  /** Ask for a nonce, by account number or e-mail address; same answer for unknown ones. */
  beginSignIn(account: string): Promise<SignInChallenge>
  /** Open a session; SignatureRefusedError, ThrottledError. */
  finishSignIn(
    challenge: LoginChallenge,
    proof: { kind: UnlockerKind; signature: Bytes },
  ): Promise<SignedIn>
  /** Return the account's vault, its key wrapped for this session's unlocker. */
  vault(): Promise<StoredVault>
  /** End the session. */
  signOut(): Promise<void>
}

/** An account that is closed; moments in Unix seconds. */
export interface ClosedAccount {
  readonly closedAt: number
  /** Until when the operator's backups may still hold what was sealed. */
  readonly backupsUntil: number
}

/** Closing an account (closing.md §2). The browser's session is over afterwards. */
export interface ClosingDesk extends Pick<SignInDesk, 'beginSignIn'> {
  /**
   * Close the account; the same closing again gets the same answer.
   *
   * Raises SignatureRefusedError, ThrottledError, StatementNotTakenError.
   */
  close(
    account: AccountNumber,
    closing: Envelope,
    challenge: LoginChallenge,
    proof: { kind: UnlockerKind; signature: Bytes },
  ): Promise<ClosedAccount>
}

/** An organisation whose letter led into the account, and what was said for it: unverified. */
export interface PatientsOrganisation {
  readonly organisation: Envelope
  readonly consent: { readonly consent: Envelope; readonly member: Envelope } | null
  readonly choice: Envelope | null
}

/** How practices write to the patient (consent.md). */
export interface ChoiceDesk {
  choices(): Promise<readonly PatientsOrganisation[]>
  /** AlreadyDifferentError if it does not follow the newest choice. */
  choose(organisation: string, choice: Envelope): Promise<void>
}

/** The operator's terms (consent.md §7). */
export interface TermsDesk {
  terms(): Promise<TermsOffer>
  /** The account's newest acceptance. */
  acceptance(): Promise<Envelope | null>
  /** TermsChangedError if it is of no text that is offered; AlreadyDifferentError as above. */
  accept(acceptance: Envelope): Promise<void>
}

/** States of a delivery (mailbox.md §2). */
export const DELIVERY_STATES = [
  'stored',
  'notified',
  'bounced',
  'fetched',
  'opened',
  'withdrawn',
  'expired',
] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** A delivery as its recipient sees it before opening anything. */
export interface ReceivedDelivery {
  readonly deliveryId: string
  readonly documentId: string
  readonly state: DeliveryState
  readonly sealedLength: number
  readonly storedAt: number
  readonly fetchedAt: number | null
  readonly openedAt: number | null
  readonly coverHash: string
}

/** Deliveries, newest first; `next` is null on the last page. */
export interface DeliveriesPage {
  readonly deliveries: readonly ReceivedDelivery[]
  readonly next: string | null
}

/** The cover of a delivery, and the statements about who deposited it. */
export interface DeliveredCover {
  readonly cover: Bytes
  /** SHA-256 of `cover`: what a replacement names. */
  readonly coverHash: string
  readonly statements: Certification
}

/** The withdrawal of a delivery's document, and the statements about its signer: unverified. */
export interface DeliveredWithdrawal {
  readonly withdrawal: Envelope
  readonly statements: Certification
}

/** The mailbox as a signed-in patient uses it. */
export interface RecipientMailbox {
  /** Return one page of the caller's deliveries, newest first. */
  deliveries(page: { after: string | null; limit: number }): Promise<DeliveriesPage>
  /** Return the cover of a delivery to the caller; WithdrawnError if it was taken back. */
  deliveryCover(deliveryId: string): Promise<DeliveredCover>
  /**
   * Put a re-sealed cover in the place of the one whose hash is `replaces`.
   *
   * Compare-and-swap: CoverChangedError if another cover is in place. A repeat whose cover
   * is already in place succeeds. Returns the new cover's hash.
   */
  replaceCover(deliveryId: string, change: { replaces: string; cover: Bytes }): Promise<string>
  /** Return the withdrawal of a delivery's document; NotFoundError if there is none. */
  withdrawal(deliveryId: string): Promise<DeliveredWithdrawal>
  /**
   * Mark the delivery `fetched`; return the length of its sealed contents.
   *
   * WithdrawnError if it was taken back before it was collected.
   */
  collect(deliveryId: string): Promise<number>
  /**
   * Return the sealed contents' bytes from `start` up to, and without, `end`.
   *
   * Never more than asked for. Fewer when the connection broke after some had come:
   * authentic or not, they are kept, and the rest is asked for again. `onBytes` hears how
   * many came, as they come. UnavailableError when `signal` is aborted.
   */
  readContents(
    deliveryId: string,
    range: { start: number; end: number },
    how: { onBytes: (count: number) => void; signal: AbortSignal },
  ): Promise<Bytes>
  /** Post a signed receipt; a second one is ignored with the same answer. */
  postReceipt(deliveryId: string, receipt: Envelope): Promise<void>
}
