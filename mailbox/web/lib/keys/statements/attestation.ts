/** The attestation: a member tells colleagues that a binding was checked (claim.md §5). */
import { type Address, type Origin, parseAddress } from '../address.ts'
import type { Envelope } from '../dsse.ts'
import { ChainError, SchemaError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { type Fingerprint, readFingerprint } from '../public.ts'
import type { VerifiedBinding } from './binding.ts'
import { type Certification, VerifiedMember } from './chain.ts'
import { type Line, readLine } from './line.ts'
import { checkMay, MAX_ADDRESS_CHARACTERS } from './member.ts'
import { openStatement, StatementKind } from './statement.ts'

/** Signed by a member of the organisation that invited. */
export interface Attestation {
  /** Its subject is the invitation's id. */
  readonly line: Line
  readonly organisation: Fingerprint
  readonly member: Fingerprint
  readonly invitationId: string
  readonly bindingHash: string
  /** Of the identity that the binding binds. */
  readonly identity: Fingerprint
  /** The patient's, as the practice knows it. */
  readonly address: Address
}

export const ATTESTATION = new StatementKind<Attestation>({
  payloadType: 'application/vnd.souspli.attestation+json',
  read,
  toJson: (attestation) => ({
    address: attestation.address,
    binding_hash: attestation.bindingHash,
    identity: attestation.identity,
    invitation_id: attestation.invitationId,
    member: attestation.member,
    organisation: attestation.organisation,
  }),
})

/**
 * Return the attestation if a member who may attest signed it for this binding.
 *
 * That the address is the one that was asked for is for the caller to see to. Raises
 * StatementError.
 */
export function verifyAttestation(
  attestation: Envelope,
  statements: Certification,
  {
    organisation,
    origin,
    binding,
  }: { organisation: Fingerprint; origin: Origin; binding: VerifiedBinding },
): Attestation {
  // Read before it is verified, only to know at which moment the chain has to hold.
  const at = ATTESTATION.parse(attestation.payload).line.issuedAt
  const attester = VerifiedMember.verify(statements, { organisation, origin, at })
  const signer = attester.member.member
  const statement = openStatement(attestation, ATTESTATION, { signer, origin })
  if (statement.organisation !== organisation) {
    throw new ChainError('an attestation that names another organisation')
  }
  if (statement.member !== signer.fingerprint) {
    throw new ChainError('an attestation that names another member')
  }
  const { identity, invitationId } = binding.binding
  if (
    statement.invitationId !== invitationId ||
    statement.bindingHash !== binding.bindingHash ||
    statement.identity !== identity.fingerprint
  ) {
    throw new ChainError('an attestation of another binding')
  }
  checkMay(attester.member, 'attestations')
  return statement
}

function read(fields: Fields): Attestation {
  const attestation = {
    line: readLine(fields),
    organisation: readFingerprint(fields, 'organisation'),
    member: readFingerprint(fields, 'member'),
    invitationId: fields.id('invitation_id'),
    bindingHash: fields.hash('binding_hash'),
    identity: readFingerprint(fields, 'identity'),
    address: parseAddress(fields.text('address', { most: MAX_ADDRESS_CHARACTERS })),
  }
  if (attestation.line.subject !== attestation.invitationId) {
    throw new SchemaError("the subject of an attestation is the invitation's id")
  }
  return attestation
}
