/**
 * Who sent a document: a member whom an organisation that the reader trusts certifies.
 *
 * statements.md («A chain») and sealed-document.md §7 rule 2.
 */
import type { Origin } from '../keys/address.ts'
import { StatementError } from '../keys/errors.ts'
import type { Fingerprint } from '../keys/public.ts'
import { type Certification, VerifiedMember } from '../keys/statements/chain.ts'
import { checkMay } from '../keys/statements/member.ts'
import { ORGANISATION } from '../keys/statements/organisation.ts'
import { SenderRefusedError } from './errors.ts'

/**
 * Return the member who may have signed a document at the moment `at`.
 *
 * `trusted` are the fingerprints of the reader's organisations. Raises SenderRefusedError
 * if the statements do not chain to one of them, if membership does not cover the moment,
 * or if the role signs no documents.
 */
export function verifySender(
  statements: Certification,
  { trusted, origin, at }: { trusted: ReadonlySet<Fingerprint>; origin: Origin; at: number },
): VerifiedMember {
  try {
    // Read before it is verified, only to see which of the trusted organisations it may be.
    const organisation = ORGANISATION.parse(statements.organisation.payload).root.fingerprint
    if (!trusted.has(organisation)) {
      throw new SenderRefusedError("the sender's organisation is not one that is trusted")
    }
    const verified = VerifiedMember.verify(statements, { organisation, origin, at })
    checkMay(verified.member, 'documents')
    return verified
  } catch (failure) {
    if (!(failure instanceof StatementError)) throw failure
    throw new SenderRefusedError(`the sender's statements do not hold: ${failure.reason}`)
  }
}
