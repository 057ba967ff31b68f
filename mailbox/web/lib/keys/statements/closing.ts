/** The closing: a patient ends their account (closing.md §1). */
import type { Origin } from '../address.ts'
import type { Envelope } from '../dsse.ts'
import { SchemaError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import type { PublicIdentity } from '../public.ts'
import { type Line, readLine } from './line.ts'
import { openStatement, StatementKind } from './statement.ts'

/** Signed by the account's identity: it closes the account that is that identity's. */
export interface Closing {
  /** Of one statement: nothing follows it. */
  readonly line: Line
}

export const CLOSING = new StatementKind<Closing>({
  payloadType: 'application/vnd.souspli.closing+json',
  read,
  toJson: () => ({}),
})

/** Return the closing if the account signed it; StatementError otherwise. */
export function verifyClosing(
  closing: Envelope,
  { identity, origin }: { identity: PublicIdentity; origin: Origin },
): Closing {
  return openStatement(closing, CLOSING, { signer: identity, origin })
}

function read(fields: Fields): Closing {
  const line = readLine(fields)
  if (line.sequence !== 1) throw new SchemaError('a closing that follows something: there is one')
  return { line }
}
