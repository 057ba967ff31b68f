/**
 * From an organisation's fingerprint that the reader trusts to a member's keys.
 *
 * Where the trust comes from: the claim code's salt, or the reader's vault; never from
 * the service (statements.md, «A chain»).
 */
import { Verified } from '../../verified.ts'
import type { Origin } from '../address.ts'
import type { Envelope } from '../dsse.ts'
import { ChainError, DatesError, RoleError } from '../errors.ts'
import type { Fingerprint } from '../public.ts'
import { MEMBER, type Member } from './member.ts'
import { ORGANISATION, type Organisation } from './organisation.ts'
import { openStatement } from './statement.ts'

/** The two statements that certify a member, as the service gave them: unverified. */
export interface Certification {
  readonly organisation: Envelope
  readonly member: Envelope
}

/** What a chain is checked against. */
export interface Trust {
  /** The fingerprint that the reader trusts. */
  readonly organisation: Fingerprint
  readonly origin: Origin
  /** When the member signed what is to be judged: their membership has to cover it. */
  readonly at: number
}

/** A member whom a trusted organisation certifies. */
export class VerifiedMember extends Verified {
  readonly organisation: Organisation
  readonly member: Member

  private constructor(organisation: Organisation, member: Member) {
    super()
    this.organisation = organisation
    this.member = member
  }

  /**
   * Return the member whom the organisation with this fingerprint certifies.
   *
   * Raises StatementError. What the member may sign is another question: `checkMay`.
   */
  static verify(statements: Certification, { organisation, origin, at }: Trust): VerifiedMember {
    const certifier = verifyOrganisation(statements.organisation, { organisation, origin })
    const member = openStatement(statements.member, MEMBER, { signer: certifier.root, origin })
    if (member.organisation !== organisation) {
      throw new ChainError('a member of another organisation')
    }
    if (member.member.fingerprint === organisation) {
      throw new RoleError('a root that certifies itself as a member')
    }
    if (at < member.notBefore || at > member.notAfter) {
      throw new DatesError('the membership does not cover the moment of signing')
    }
    return new VerifiedMember(certifier, member)
  }
}

/**
 * Return the organisation with this fingerprint, or raise StatementError.
 *
 * Anybody can sign a statement about themselves: the fingerprint is what proves whose it is.
 */
export function verifyOrganisation(
  statement: Envelope,
  { organisation, origin }: { organisation: Fingerprint; origin: Origin },
): Organisation {
  // Read before it is verified, to learn the key; read again from the verified bytes.
  const claimed = ORGANISATION.parse(statement.payload)
  const certifier = openStatement(statement, ORGANISATION, { signer: claimed.root, origin })
  if (certifier.root.fingerprint !== organisation) {
    throw new ChainError('the statement of another organisation')
  }
  return certifier
}
