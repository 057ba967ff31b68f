/**
 * What can go wrong for a person, each with words of its own.
 *
 *     SouspliError
 *     └── Trouble       its `kind` says which; `trouble_text.ts` has the words
 *
 * A trouble carries counts, waiting times and whom to call: nothing of the patient,
 * no id and no secret.
 */
import { SouspliError } from '../lib/errors.ts'
import type { Organisation } from './organisation.ts'

export type TroubleKind =
  // The letter
  | 'letter-unknown'
  | 'letter-mismatch'
  | 'letter-forged'
  | 'letter-expired'
  | 'letter-early'
  | 'letter-superseded'
  | 'letter-used'
  | 'bound-before'
  // The gates
  | 'email-code-wrong'
  | 'email-code-expired'
  | 'mails-used-up'
  | 'person-wrong'
  // Signing in
  | 'sign-in-refused'
  | 'not-a-patient'
  | 'vault-refused'
  | 'session-ended'
  | 'throttled'
  // What was said and accepted
  | 'word-refused'
  | 'word-overtaken'
  | 'terms-changed'
  | 'closing-refused'
  // A document
  | 'document-tampered'
  | 'document-incomplete'
  | 'document-foreign'
  | 'document-stranger'
  | 'document-version'
  | 'document-gone'
  | 'document-withdrawn'
  | 'document-no-storage'
  | 'document-no-room'
  | 'document-elsewhere'
  // An export
  | 'export-no-storage'
  | 'export-no-room'
  // The world
  | 'service-away'
  | 'service-full'
  | 'service-error'
  | 'unexpected'

/** Something that the person is told, and can often do something about. */
export class Trouble extends SouspliError {
  override name = 'Trouble'
  readonly kind: TroubleKind
  /** How many tries are left, where the service counts them. */
  readonly triesLeft: number | undefined
  /** How long to wait before the next try, where there is a wait. */
  readonly retryAfterSeconds: number | undefined
  /** Whom to call: only ever an organisation whose letter was found authentic. */
  readonly organisation: Organisation | undefined
  /** When the letter ended (Unix seconds), where that is the trouble. */
  readonly endedAt: number | undefined
  /** How many bytes there has to be room for, where that is known. */
  readonly neededBytes: number | undefined

  constructor(kind: TroubleKind, details: TroubleDetails = {}) {
    super(kind, { cause: details.cause })
    this.kind = kind
    this.triesLeft = details.triesLeft
    this.retryAfterSeconds = details.retryAfterSeconds
    this.organisation = details.organisation
    this.endedAt = details.endedAt
    this.neededBytes = details.neededBytes
  }
}

export interface TroubleDetails {
  readonly cause?: unknown
  readonly triesLeft?: number | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly organisation?: Organisation | undefined
  readonly endedAt?: number | undefined
  readonly neededBytes?: number | undefined
}

/** Return `failure` as a Trouble; what nobody foresaw is `unexpected`. */
export function asTrouble(failure: unknown): Trouble {
  return failure instanceof Trouble ? failure : new Trouble('unexpected', { cause: failure })
}
