/** From an error answer to the ports' error of that name (mailbox.md §3, RFC 9457). */
import {
  AccountNumberTakenError,
  AlreadyDifferentError,
  BrokenAnswerError,
  CodeExpiredError,
  CodeWrongError,
  CoverChangedError,
  GateNotPassedError,
  InvitationExpiredError,
  InvitationSupersededError,
  InvitationUsedError,
  LetterNotValidError,
  NotAllowedError,
  NotFoundError,
  NotSignedInError,
  PersonWrongError,
  type PortError,
  RequestRefusedError,
  SignatureRefusedError,
  StorageFullError,
  TermsChangedError,
  ThrottledError,
  UnavailableError,
  WithdrawnError,
} from '../exchange/port_errors.ts'

const TYPE_PREFIX = 'urn:souspli:problem:'

/** What an error answer held, as far as it is used. */
export interface Answered {
  readonly status: number
  readonly body: string
  readonly retryAfterSeconds: number | undefined
}

interface Details {
  readonly problem: string
  readonly triesLeft: number
  readonly retryAfterSeconds: number | undefined
}

type Maker = (details: Details) => PortError

// Words of our own: those of the answer could be anybody's.
const MAKERS: Readonly<Record<string, Maker>> = {
  unavailable: (d) => new UnavailableError('the service is not available now', d),
  internal: (d) => new UnavailableError('the service failed', d),
  'too-many-tries': (d) => new ThrottledError('asked too often', d),
  'storage-full': (d) => new StorageFullError('the service has no room', d),
  'not-signed-in': (d) => new NotSignedInError('not signed in', d),
  'signature-refused': (d) => new SignatureRefusedError('the signature was refused', d),
  'not-allowed': (d) => new NotAllowedError('not allowed', d),
  'not-found': (d) => new NotFoundError('not found', d),
  'letter-not-valid': (d) => new LetterNotValidError('no such letter', d),
  'invitation-used': (d) => new InvitationUsedError('the letter was used', d),
  'invitation-superseded': (d) => new InvitationSupersededError('there is a newer letter', d),
  'invitation-expired': (d) => new InvitationExpiredError('the letter is over', d),
  'cover-changed': (d) => new CoverChangedError('another cover is in place', d),
  withdrawn: (d) => new WithdrawnError('its sender took it back', d),
  'already-different': (d) => new AlreadyDifferentError('another word came before', d),
  'terms-changed': (d) => new TermsChangedError('other terms are in force', d),
  'account-number-taken': (d) => new AccountNumberTakenError('draw another account number', d),
  'gate-not-passed': (d) => new GateNotPassedError('an earlier gate is missing', d),
  'code-wrong': (d) => new CodeWrongError('not the code of the newest mail', d),
  'code-expired': (d) => new CodeExpiredError('the code of the mail is too old', d),
  'person-wrong': (d) => new PersonWrongError('name or birth date differ', d),
}

/**
 * Return the error that an answer with a status of 400 or more stands for.
 *
 * An answer that is no problem details comes from something between here and the service:
 * temporary if its status says so, broken otherwise. A problem with a name that a patient's
 * client has no class for says that the request was wrong.
 */
export function errorOf({ status, body, retryAfterSeconds }: Answered): PortError {
  const details = parseDetails(body)
  if (details === null) {
    return status >= 500 || status === 429
      ? new UnavailableError('the service is not available now', { retryAfterSeconds })
      : new BrokenAnswerError('the answer is not one of the protocol')
  }
  const make = Object.hasOwn(MAKERS, details.problem) ? MAKERS[details.problem] : undefined
  return (
    make?.({ ...details, retryAfterSeconds }) ??
    new RequestRefusedError('the service refused the request', { problem: details.problem })
  )
}

/** Members that are not known are ignored here, as RFC 9457 asks. */
function parseDetails(body: string): { problem: string; triesLeft: number } | null {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { type, tries_left: triesLeft } = value as { type?: unknown; tries_left?: unknown }
  if (typeof type !== 'string' || !/^urn:souspli:problem:[a-z-]{1,64}$/.test(type)) return null
  return {
    problem: type.slice(TYPE_PREFIX.length),
    triesLeft: typeof triesLeft === 'number' && Number.isSafeInteger(triesLeft) ? triesLeft : 0,
  }
}
