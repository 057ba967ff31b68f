/** The choice: a patient says themselves how an organisation writes to them (consent.md §2). */
import type { Origin } from '../address.ts'
import type { Envelope } from '../dsse.ts'
import { ChainError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { type Fingerprint, type PublicIdentity, readFingerprint } from '../public.ts'
import { type Line, readLine } from './line.ts'
import { openStatement, StatementKind } from './statement.ts'
import { WAYS, type Way } from './way.ts'

/** Signed by the account's identity. */
export interface Choice {
  /** One for each account and organisation. */
  readonly line: Line
  readonly organisation: Fingerprint
  readonly way: Way
}

export const CHOICE = new StatementKind<Choice>({
  payloadType: 'application/vnd.souspli.choice+json',
  read,
  toJson: (choice) => ({ organisation: choice.organisation, way: choice.way }),
})

/**
 * Return the choice if the account signed it for this organisation.
 *
 * `identity` is that of a verified binding, or one's own. Raises StatementError.
 */
export function verifyChoice(
  choice: Envelope,
  {
    identity,
    organisation,
    origin,
  }: { identity: PublicIdentity; organisation: Fingerprint; origin: Origin },
): Choice {
  const statement = openStatement(choice, CHOICE, { signer: identity, origin })
  if (statement.organisation !== organisation) {
    throw new ChainError('a choice about another organisation')
  }
  return statement
}

function read(fields: Fields): Choice {
  return {
    line: readLine(fields),
    organisation: readFingerprint(fields, 'organisation'),
    way: fields.choice('way', WAYS),
  }
}
