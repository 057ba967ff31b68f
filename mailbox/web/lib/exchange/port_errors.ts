/**
 * What the ports raise: one class per answer of the service (mailbox.md §3).
 *
 *     PortError (ExchangeError)            .problem: the service's name for it
 *     ├── UnavailableError                 temporary: no answer, a broken line, 503, 500
 *     │   └── ThrottledError               temporary: asked too often; .retryAfterSeconds
 *     ├── StorageFullError                 temporary: nothing was kept, the operator must act
 *     ├── BrokenAnswerError                the answer is not one of the protocol
 *     ├── NotSignedInError                 no session, or an expired one
 *     ├── SignatureRefusedError            login signature, nonce, account or unlocker wrong
 *     ├── NotAllowedError                  signed in, and it is not yours
 *     ├── NotFoundError
 *     │   └── LetterNotValidError          letter number or invitation unknown
 *     ├── ConflictError                    the world is not as the caller thought
 *     │   ├── InvitationUsedError
 *     │   ├── InvitationSupersededError
 *     │   ├── InvitationExpiredError
 *     │   ├── CoverChangedError            compare-and-swap lost
 *     │   ├── WithdrawnError               the sender took the document back
 *     │   └── AccountNumberTakenError      draw another
 *     ├── GateError                        one of the claim's gates did not open
 *     │   ├── GateNotPassedError           an earlier gate is missing
 *     │   ├── CodeWrongError               one-time code; .triesLeft
 *     │   ├── CodeExpiredError             ask for another mail
 *     │   └── PersonWrongError             name or birth date; .triesLeft
 *     └── RequestRefusedError              what was sent is wrong: a bug, or an attack
 *
 * An implementation of a port lets out nothing else, whatever its connection raises.
 */
import { ExchangeError } from './errors.ts'

/** Base of what the ports of `ports.ts` raise. */
export class PortError extends ExchangeError {
  override name = 'PortError'
  /** The last part of `urn:souspli:problem:<name>`, where the service gave one. */
  readonly problem: string | undefined

  constructor(message: string, details: { problem?: string | undefined } = {}) {
    super(message)
    this.problem = details.problem
  }
}

/** No answer, or one that says "try again": the request may have been applied or not. */
export class UnavailableError extends PortError {
  override name = 'UnavailableError'
  override readonly temporary = true
  /** How long the service asked to wait. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    message: string,
    details: { problem?: string | undefined; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, details)
    this.retryAfterSeconds = details.retryAfterSeconds
  }
}

/** Asked too often; wait `retryAfterSeconds`. */
export class ThrottledError extends UnavailableError {
  override name = 'ThrottledError'
}

/** The service has no room; nothing was kept. Its operator must act. */
export class StorageFullError extends PortError {
  override name = 'StorageFullError'
  override readonly temporary = true
}

/** The answer is not one that the protocol allows. */
export class BrokenAnswerError extends PortError {
  override name = 'BrokenAnswerError'
}

/** There is no session, or it has expired. */
export class NotSignedInError extends PortError {
  override name = 'NotSignedInError'
}

/** Login signature, nonce, account or unlocker is wrong; the service never says which. */
export class SignatureRefusedError extends PortError {
  override name = 'SignatureRefusedError'
}

/** Signed in, but this is not yours, or your role may not do it. */
export class NotAllowedError extends PortError {
  override name = 'NotAllowedError'
}

/** There is no such thing, or it is not shown to you. */
export class NotFoundError extends PortError {
  override name = 'NotFoundError'
}

/** Letter number or invitation unknown. */
export class LetterNotValidError extends NotFoundError {
  override name = 'LetterNotValidError'
}

/** The world is not as the caller thought; nothing was changed. */
export class ConflictError extends PortError {
  override name = 'ConflictError'
}

/** The letter was claimed before. */
export class InvitationUsedError extends ConflictError {
  override name = 'InvitationUsedError'
}

/** A newer letter has taken this one's place. */
export class InvitationSupersededError extends ConflictError {
  override name = 'InvitationSupersededError'
}

/** The letter's time is over. */
export class InvitationExpiredError extends ConflictError {
  override name = 'InvitationExpiredError'
}

/** Compare-and-swap lost: the cover in place is not the one to be replaced. */
export class CoverChangedError extends ConflictError {
  override name = 'CoverChangedError'
}

/** The sender took the document back before it was handed out. */
export class WithdrawnError extends ConflictError {
  override name = 'WithdrawnError'
}

/** What has this place already was kept with other bytes: look again. */
export class AlreadyDifferentError extends ConflictError {
  override name = 'AlreadyDifferentError'
}

/** Other terms are in force than those that were accepted. */
export class TermsChangedError extends ConflictError {
  override name = 'TermsChangedError'
}

/** Draw another account number. */
export class AccountNumberTakenError extends ConflictError {
  override name = 'AccountNumberTakenError'
}

/** One of the claim's gates did not open. */
export class GateError extends PortError {
  override name = 'GateError'
}

/** An earlier gate of the claim is missing. */
export class GateNotPassedError extends GateError {
  override name = 'GateNotPassedError'
}

abstract class TriesLeftError extends GateError {
  readonly triesLeft: number

  constructor(message: string, details: { problem?: string | undefined; triesLeft: number }) {
    super(message, details)
    this.triesLeft = details.triesLeft
  }
}

/** The one-time code is not the one that was sent last. */
export class CodeWrongError extends TriesLeftError {
  override name = 'CodeWrongError'
}

/** The one-time code is too old: ask for another mail. */
export class CodeExpiredError extends GateError {
  override name = 'CodeExpiredError'
}

/** Name and birth date are not those of the invited person. */
export class PersonWrongError extends TriesLeftError {
  override name = 'PersonWrongError'
}

/** What was sent is wrong and stays wrong; `problem` says how. */
export class RequestRefusedError extends PortError {
  override name = 'RequestRefusedError'
}
