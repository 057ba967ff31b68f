/** The acceptance: a patient agrees to one version of the operator's terms (consent.md §7). */
import type { Origin } from '../address.ts'
import type { Envelope } from '../dsse.ts'
import type { Fields } from '../fields.ts'
import type { PublicIdentity } from '../public.ts'
import { MAX_VERSION_CHARACTERS } from './consent.ts'
import { type Line, readLine } from './line.ts'
import { openStatement, StatementKind } from './statement.ts'

/** Signed by the account's identity. */
export interface Acceptance {
  /** One for each account. */
  readonly line: Line
  readonly termsVersion: string
  /** SHA-256 of the bytes that were shown: it tells the language too. */
  readonly termsHash: string
}

export const ACCEPTANCE = new StatementKind<Acceptance>({
  payloadType: 'application/vnd.souspli.acceptance+json',
  read,
  toJson: (acceptance) => ({
    terms_hash: acceptance.termsHash,
    terms_version: acceptance.termsVersion,
  }),
})

/**
 * Return the acceptance if the account signed it; StatementError otherwise.
 *
 * Whether these are the terms in force is for the caller to see to.
 */
export function verifyAcceptance(
  acceptance: Envelope,
  { identity, origin }: { identity: PublicIdentity; origin: Origin },
): Acceptance {
  return openStatement(acceptance, ACCEPTANCE, { signer: identity, origin })
}

function read(fields: Fields): Acceptance {
  return {
    line: readLine(fields),
    termsVersion: fields.text('terms_version', { most: MAX_VERSION_CHARACTERS }),
    termsHash: fields.hash('terms_hash'),
  }
}
