/**
 * Everything that `lib/exchange` raises: the twin of `souspli_exchange/errors.py`.
 *
 *     SouspliError                           .temporary: the very same call may work later
 *     └── ExchangeError
 *         ├── ExchangeUsageError             the calling code is wrong
 *         ├── RefusedError                   a sealed or signed thing is wrong, and stays so
 *         │   ├── UnknownVersionError        written by a newer program than this one
 *         │   ├── CoverRefusedError          damaged, cut short, or not a cover
 *         │   │   └── NotForMeError          sealed to an identity that is not the reader's
 *         │   ├── SenderRefusedError         who signed is not who may have signed
 *         │   ├── ManifestRefusedError       not a manifest, or not signed by the sender
 *         │   │   └── AnotherDocumentError   a right manifest, of another document or service
 *         │   ├── GrantRefusedError          the chain of re-sealings does not hold
 *         │   │   └── ResealedByStrangerError  it holds, and its last link is nobody I know
 *         │   ├── ContentsRefusedError       contents damaged, swapped or added to
 *         │   │   └── ContentsCutShortError  the service does not have all of them
 *         │   ├── WithdrawalRefusedError     not a withdrawal of this document by its sender
 *         │   ├── WordRefusedError           a consent, choice or acceptance of nobody's
 *         │   └── InvitationRefusedError     an invitation that nobody must claim
 *         │       ├── LetterForgedError      not signed by whom it names
 *         │       ├── LetterMismatchError    the code belongs to another letter
 *         │       ├── LetterEarlyError       genuine, and not yet in force; .invitation
 *         │       └── LetterExpiredError     genuine, and over; .invitation
 *         ├── StorageError                   this browser can't keep what a large document needs
 *         │   ├── NoStorageError             it has no place for files: a private window, an old one
 *         │   ├── NoRoomError                it has one, and that is full
 *         │   ├── OpenElsewhereError         another window is opening the same document
 *         │   └── ArchiveLostError           the file that an export is written into is lost
 *         ├── LeftError                      nobody waits for the document any more; .keep
 *         ├── BoundWithAnotherPasswordError  an earlier attempt made the account after all
 *         └── PortError                      (port_errors.ts: the service's answers, or none)
 *
 * «Refused» is never temporary: the same bytes are wrong tomorrow. Texts say what is
 * wrong; they never hold a name, an address, a title or a key. A program that chooses
 * words for people tells errors apart by class.
 */
import { SouspliError } from '../errors.ts'
import type { VerifiedInvitation } from '../keys/statements/invitation.ts'

/** Base of all errors of this folder. */
export class ExchangeError extends SouspliError {
  override name = 'ExchangeError'
}

/** The calling code asked for something that makes no sense. */
export class ExchangeUsageError extends ExchangeError {
  override name = 'ExchangeUsageError'
}

/** A sealed or signed thing is not what it must be; nothing of it was released. */
export class RefusedError extends ExchangeError {
  override name = 'RefusedError'
}

/** It is of a version that this program does not know. A newer one may. */
export class UnknownVersionError extends RefusedError {
  override name = 'UnknownVersionError'
}

/** The cover is damaged, cut short, or not a cover. */
export class CoverRefusedError extends RefusedError {
  override name = 'CoverRefusedError'
}

/** The cover is not sealed to, or does not lead to, an identity of the reader. */
export class NotForMeError extends CoverRefusedError {
  override name = 'NotForMeError'
}

/** The sender's statements do not chain to an organisation that the reader trusts. */
export class SenderRefusedError extends RefusedError {
  override name = 'SenderRefusedError'
}

/** The manifest breaks its schema, or its signatures are not the sender's. */
export class ManifestRefusedError extends RefusedError {
  override name = 'ManifestRefusedError'
}

/** A genuine manifest, but of another document, service or sender. */
export class AnotherDocumentError extends ManifestRefusedError {
  override name = 'AnotherDocumentError'
}

/** The chain of grants is broken, too long, or does not lead to the reader. */
export class GrantRefusedError extends RefusedError {
  override name = 'GrantRefusedError'
}

/** The cover was re-sealed by a key that the reader has not verified. */
export class ResealedByStrangerError extends GrantRefusedError {
  override name = 'ResealedByStrangerError'
}

/** The contents are damaged, added to, or belong to another document. */
export class ContentsRefusedError extends RefusedError {
  override name = 'ContentsRefusedError'
}

/** The service has fewer bytes of the contents than their sender signed. */
export class ContentsCutShortError extends ContentsRefusedError {
  override name = 'ContentsCutShortError'
}

/** Not a withdrawal of the expected document by the organisation that sent it. */
export class WithdrawalRefusedError extends RefusedError {
  override name = 'WithdrawalRefusedError'
}

/** A consent, a choice or an acceptance that nobody signed who may have. */
export class WordRefusedError extends RefusedError {
  override name = 'WordRefusedError'
}

/** An invitation that must not be claimed. Nothing derived from its code was sent. */
export class InvitationRefusedError extends RefusedError {
  override name = 'InvitationRefusedError'
}

/** The invitation is not signed, through a member who may invite, by whom it names. */
export class LetterForgedError extends InvitationRefusedError {
  override name = 'LetterForgedError'
}

/**
 * The code gives other keys than the invitation's.
 *
 * A code or number of another letter, or a service that names another organisation than
 * the letter's: from here they look the same.
 */
export class LetterMismatchError extends InvitationRefusedError {
  override name = 'LetterMismatchError'
}

abstract class LetterDatesError extends InvitationRefusedError {
  /** Genuine, and the code's own: whom to call and until when it held can be said. */
  readonly invitation: VerifiedInvitation

  constructor(message: string, invitation: VerifiedInvitation) {
    super(message)
    this.invitation = invitation
  }
}

/** The letter is genuine and not yet in force: most often, the clock here is wrong. */
export class LetterEarlyError extends LetterDatesError {
  override name = 'LetterEarlyError'
}

/** The letter is genuine and no longer in force. */
export class LetterExpiredError extends LetterDatesError {
  override name = 'LetterExpiredError'
}

/** The browser can't keep what a document of this size needs; nothing is wrong with it. */
export class StorageError extends ExchangeError {
  override name = 'StorageError'
}

/** This browser, or this kind of window, gives pages no place for files. */
export class NoStorageError extends StorageError {
  override name = 'NoStorageError'
}

/** The place for files is full, or smaller than the document. */
export class NoRoomError extends StorageError {
  override name = 'NoRoomError'
}

/** Another window of this browser has the document's segments open. */
export class OpenElsewhereError extends StorageError {
  override name = 'OpenElsewhereError'
}

/** What an export had written can't be gone on with: its worker broke down, its file is gone. */
export class ArchiveLostError extends StorageError {
  override name = 'ArchiveLostError'
}

/** The person left the document before it was open. */
export class LeftError extends ExchangeError {
  override name = 'LeftError'
  /** Whether the segments that came are to be kept for the next time. */
  readonly keep: boolean

  constructor({ keep }: { keep: boolean }) {
    super('the document was left')
    this.keep = keep
  }
}

/**
 * The account was made by an earlier attempt whose answer never came, with the password
 * of then. Signing in with that one works.
 */
export class BoundWithAnotherPasswordError extends ExchangeError {
  override name = 'BoundWithAnotherPasswordError'
}
