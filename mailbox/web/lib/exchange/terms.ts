/** The operator's terms: what is offered, and accepting the very bytes that are shown (consent.md §7). */
import { sha256Sync } from '../crypto/sha256.ts'
import type { Origin } from '../keys/address.ts'
import type { Envelope, Signer } from '../keys/dsse.ts'
import { StatementError } from '../keys/errors.ts'
import type { PublicIdentity } from '../keys/public.ts'
import { ACCEPTANCE, type Acceptance, verifyAcceptance } from '../keys/statements/acceptance.ts'
import { firstOfLine } from '../keys/statements/line.ts'
import { encodeHex } from '../keys/values.ts'
import { WordRefusedError } from './errors.ts'

export type TermsLanguage = 'fr' | 'en'

/** One version of the terms. */
export interface Terms {
  readonly version: string
  /** Unix seconds. */
  readonly inForceFrom: number
  readonly texts: Readonly<Record<TermsLanguage, string>>
}

/** What is in force, and what will be. */
export interface TermsOffer {
  readonly inForce: Terms
  readonly announced: Terms | null
}

/** What somebody read and agrees to. */
export interface ReadTerms {
  readonly version: string
  readonly text: string
}

/** An acceptance with the hash that the next one of the line names. */
export interface Accepted {
  readonly statement: Acceptance
  readonly hash: string
}

/** Return the signed acceptance of a text, to follow the one before. */
export function signAcceptance(
  { version, text }: ReadTerms,
  {
    signer,
    origin,
    now,
    before = null,
  }: { signer: Signer; origin: Origin; now: number; before?: Accepted | null },
): Envelope {
  const first = firstOfLine({ origin, issuedAt: now })
  const line =
    before === null
      ? first
      : {
          ...first,
          subject: before.statement.line.subject,
          sequence: before.statement.line.sequence + 1,
          previous: before.hash,
        }
  // Of what was on the screen, not of what the service says that it is.
  const termsHash = encodeHex(sha256Sync(new TextEncoder().encode(text)))
  return ACCEPTANCE.sign({ line, termsVersion: version, termsHash }, signer)
}

/** Return one's own acceptance as the service kept it; WordRefusedError if it is another's. */
export function readAcceptance(
  kept: Envelope | null,
  who: { identity: PublicIdentity; origin: Origin },
): Accepted | null {
  if (kept === null) return null
  try {
    return { statement: verifyAcceptance(kept, who), hash: kept.payloadHash }
  } catch (failure) {
    if (!(failure instanceof StatementError)) throw failure
    throw new WordRefusedError(`an acceptance that the account did not sign: ${failure.reason}`)
  }
}
