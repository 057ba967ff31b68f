/** The invitation record R: a member invites one person, who holds a letter (claim.md). */
import type { Bytes } from '../../bytes.ts'
import { ED25519_PUBLIC_KEY_BYTES } from '../../crypto/ed25519.ts'
import { Verified } from '../../verified.ts'
import type { Origin } from '../address.ts'
import type { Envelope } from '../dsse.ts'
import { ChainError, DatesError, SchemaError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { type Fingerprint, type PublicIdentity, parsePublic, readFingerprint } from '../public.ts'
import { encodeBase64 } from '../values.ts'
import { type Certification, VerifiedMember } from './chain.ts'
import { type Line, readLine } from './line.ts'
import { checkMay } from './member.ts'
import { DAY_SECONDS, openStatement, StatementKind } from './statement.ts'

const MAX_VALIDITY_SECONDS = 30 * DAY_SECONDS

/** The second gate of a claim; there is no invitation without one. */
const GATES = ['email'] as const
export type Gate = (typeof GATES)[number]

/** Signed by a member who may invite. */
export interface Invitation {
  /** Its subject is the id of the first invitation of the line. */
  readonly line: Line
  readonly invitationId: string
  readonly organisation: Fingerprint
  readonly member: Fingerprint
  readonly claimIdentity: PublicIdentity
  /** Ed25519 public key. */
  readonly claimLoginKey: Bytes
  readonly gate: Gate
  readonly notBefore: number
  readonly notAfter: number
  /** The invitation that a re-issue replaces, the one before on the line. */
  readonly supersedes: string | null
}

export const INVITATION = new StatementKind<Invitation>({
  payloadType: 'application/vnd.souspli.invitation+json',
  read,
  toJson: (invitation) => ({
    checkpoint: null,
    claim_identity: invitation.claimIdentity.toJSON(),
    claim_login_key: encodeBase64(invitation.claimLoginKey),
    gate: invitation.gate,
    invitation_id: invitation.invitationId,
    log_key: null,
    member: invitation.member,
    not_after: invitation.notAfter,
    not_before: invitation.notBefore,
    organisation: invitation.organisation,
    supersedes: invitation.supersedes,
  }),
})

/** An invitation that a member who may invite signed, for an organisation that is trusted. */
export class VerifiedInvitation extends Verified {
  readonly record: Invitation
  /** What a binding names. */
  readonly recordHash: string
  readonly inviter: VerifiedMember

  private constructor(record: Invitation, recordHash: string, inviter: VerifiedMember) {
    super()
    this.record = record
    this.recordHash = recordHash
    this.inviter = inviter
  }

  /**
   * Return the invitation if its signature chains to the organisation's fingerprint.
   *
   * The chain is checked at the record's own `issued_at`. Whether it is in force *now*
   * (`checkInForce`), and whether the derived keys are its keys, is for the caller to see
   * to. Raises StatementError.
   */
  static verify(
    record: Envelope,
    statements: Certification,
    { organisation, origin }: { organisation: Fingerprint; origin: Origin },
  ): VerifiedInvitation {
    // Read before it is verified, only to know at which moment the chain has to hold.
    const at = INVITATION.parse(record.payload).line.issuedAt
    const inviter = VerifiedMember.verify(statements, { organisation, origin, at })
    const signer = inviter.member.member
    const invitation = openStatement(record, INVITATION, { signer, origin })
    if (invitation.organisation !== organisation) {
      throw new ChainError('an invitation that names another organisation')
    }
    if (invitation.member !== signer.fingerprint) {
      throw new ChainError('an invitation that names another member')
    }
    checkMay(inviter.member, 'invitations')
    return new VerifiedInvitation(invitation, record.payloadHash, inviter)
  }
}

/** Return the invitation if `now` lies in its validity; raise DatesError if not. */
export function checkInForce(
  invitation: VerifiedInvitation,
  { now }: { now: number },
): VerifiedInvitation {
  const { notBefore, notAfter } = invitation.record
  if (now < notBefore || now > notAfter) {
    throw new DatesError('the invitation is not yet, or no longer, in force')
  }
  return invitation
}

function read(fields: Fields): Invitation {
  fields.constant('checkpoint', null)
  fields.constant('log_key', null)
  const invitation = {
    line: readLine(fields),
    invitationId: fields.id('invitation_id'),
    organisation: readFingerprint(fields, 'organisation'),
    member: readFingerprint(fields, 'member'),
    claimIdentity: fields.parsed('claim_identity', parsePublic),
    claimLoginKey: fields.base64('claim_login_key', { length: ED25519_PUBLIC_KEY_BYTES }),
    gate: fields.choice('gate', GATES),
    notBefore: fields.integer('not_before'),
    notAfter: fields.integer('not_after'),
    supersedes: fields.orNull('supersedes', (name) => fields.id(name)),
  }
  const validity = invitation.notAfter - invitation.notBefore
  if (validity < 0 || validity > MAX_VALIDITY_SECONDS) {
    throw new SchemaError('an invitation lasts at most 30 days')
  }
  const isFirst = invitation.line.sequence === 1
  if (isFirst !== (invitation.supersedes === null)) {
    throw new SchemaError('the first invitation of a line, and only it, supersedes none')
  }
  if (isFirst !== (invitation.line.subject === invitation.invitationId)) {
    throw new SchemaError("the subject of an invitation is the id of its line's first")
  }
  return invitation
}
