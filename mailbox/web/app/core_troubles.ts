/** What the errors of `lib/` mean for a person. The one place that knows both. */
import {
  BoundWithAnotherPasswordError,
  ContentsCutShortError,
  LetterEarlyError,
  LetterExpiredError,
  LetterForgedError,
  LetterMismatchError,
  NoRoomError,
  NoStorageError,
  NotForMeError,
  OpenElsewhereError,
  RefusedError,
  ResealedByStrangerError,
  SenderRefusedError,
  UnknownVersionError,
  WordRefusedError,
} from '../lib/exchange/errors.ts'
import {
  AlreadyDifferentError,
  BrokenAnswerError,
  CodeExpiredError,
  CodeWrongError,
  GateNotPassedError,
  InvitationExpiredError,
  InvitationSupersededError,
  InvitationUsedError,
  LetterNotValidError,
  NotAllowedError,
  NotFoundError,
  NotSignedInError,
  PersonWrongError,
  PortError,
  SignatureRefusedError,
  StorageFullError,
  TermsChangedError,
  ThrottledError,
  UnavailableError,
  WithdrawnError,
} from '../lib/exchange/port_errors.ts'
import { VaultError } from '../lib/keys/errors.ts'
import type { VerifiedInvitation } from '../lib/keys/statements/invitation.ts'
import type { Organisation } from './organisation.ts'
import { Trouble, type TroubleDetails, type TroubleKind } from './trouble.ts'

type ErrorClass = abstract new (...parameters: never[]) => Error

/** From the special to the general: the first that fits is meant. */
const KINDS: readonly (readonly [ErrorClass, TroubleKind])[] = [
  [LetterForgedError, 'letter-forged'],
  [LetterMismatchError, 'letter-mismatch'],
  [LetterEarlyError, 'letter-early'],
  [LetterExpiredError, 'letter-expired'],
  [LetterNotValidError, 'letter-unknown'],
  [InvitationUsedError, 'letter-used'],
  [InvitationSupersededError, 'letter-superseded'],
  [InvitationExpiredError, 'letter-expired'],
  [BoundWithAnotherPasswordError, 'bound-before'],
  [CodeWrongError, 'email-code-wrong'],
  [CodeExpiredError, 'email-code-expired'],
  [PersonWrongError, 'person-wrong'],
  // The session with the earlier gates is gone: the proof has to be given again.
  [GateNotPassedError, 'session-ended'],
  [NotSignedInError, 'session-ended'],
  [SignatureRefusedError, 'sign-in-refused'],
  [VaultError, 'vault-refused'],
  [UnknownVersionError, 'document-version'],
  [NotForMeError, 'document-foreign'],
  [SenderRefusedError, 'document-stranger'],
  [ResealedByStrangerError, 'document-stranger'],
  [ContentsCutShortError, 'document-incomplete'],
  [WordRefusedError, 'word-refused'],
  [RefusedError, 'document-tampered'],
  [NoStorageError, 'document-no-storage'],
  [NoRoomError, 'document-no-room'],
  [OpenElsewhereError, 'document-elsewhere'],
  [WithdrawnError, 'document-withdrawn'],
  [NotFoundError, 'document-gone'],
  [NotAllowedError, 'document-gone'],
  [TermsChangedError, 'terms-changed'],
  [AlreadyDifferentError, 'word-overtaken'],
  [StorageFullError, 'service-full'],
  [ThrottledError, 'throttled'],
  [BrokenAnswerError, 'service-error'],
  [PortError, 'service-error'],
]

/** Return the organisation and phone that an authentic letter names. */
export function organisationOf(invitation: VerifiedInvitation): Organisation {
  const { name, phone } = invitation.inviter.organisation
  return { name, phone }
}

/**
 * Return what to tell the person about `failure`.
 *
 * `organisation` is the letter's, once it was found authentic. `throttled` says what
 * being asked to wait means at this step.
 */
export function troubleOf(
  failure: unknown,
  {
    organisation,
    throttled = 'throttled',
  }: { organisation?: Organisation | undefined; throttled?: TroubleKind } = {},
): Trouble {
  if (failure instanceof Trouble) return failure
  const details: TroubleDetails = { ...detailsOf(failure), cause: failure, organisation }
  if (failure instanceof LetterEarlyError || failure instanceof LetterExpiredError) {
    return new Trouble(kindOf(failure), {
      ...details,
      organisation: organisationOf(failure.invitation),
      endedAt: failure.invitation.record.notAfter,
    })
  }
  if (failure instanceof ThrottledError) {
    // What counts tries by day or by code says so with its last try used up.
    return new Trouble(throttled, { ...details, triesLeft: 0 })
  }
  return new Trouble(kindOf(failure), details)
}

function kindOf(failure: unknown): TroubleKind {
  // No answer at all, and the service's own "not now", are the same to the person.
  if (failure instanceof UnavailableError && failure.problem !== 'internal') {
    return failure instanceof ThrottledError ? 'throttled' : 'service-away'
  }
  return KINDS.find(([errorClass]) => failure instanceof errorClass)?.[1] ?? 'unexpected'
}

function detailsOf(failure: unknown): TroubleDetails {
  if (failure instanceof CodeWrongError || failure instanceof PersonWrongError) {
    return { triesLeft: failure.triesLeft }
  }
  if (failure instanceof UnavailableError) return { retryAfterSeconds: failure.retryAfterSeconds }
  return {}
}

/** Return what `work` returns; what it throws becomes a Trouble. */
export async function inWords<Value>(
  work: () => Promise<Value>,
  context?: Parameters<typeof troubleOf>[1],
): Promise<Value> {
  try {
    return await work()
  } catch (failure) {
    throw troubleOf(failure, context)
  }
}
