/** The binding B: whoever held the letter says which identity is theirs (claim.md §4, §5). */
import { Verified } from '../../verified.ts'
import { type Envelope, haveSamePayload, type Signer } from '../dsse.ts'
import { ChainError, DatesError, SchemaError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { type PublicIdentity, parsePublic } from '../public.ts'
import type { Invitation } from './invitation.ts'
import { type Line, readLine } from './line.ts'
import { openStatement, StatementKind } from './statement.ts'

/** A claim begun in the invitation's last minutes may end after it. */
export const BINDING_GRACE_SECONDS = 3_600

/** Signed by the claim identity and, over the same payload, by the new identity. */
export interface Binding {
  /** Its subject is the invitation's id. There is one binding for each. */
  readonly line: Line
  readonly invitationId: string
  /** Hash of the invitation record. */
  readonly recordHash: string
  readonly identity: PublicIdentity
  readonly boundAt: number
}

/** A binding as it travels: one payload, signed by both identities. */
export interface BindingEnvelopes {
  readonly byClaim: Envelope
  readonly byIdentity: Envelope
}

export const BINDING = new StatementKind<Binding>({
  payloadType: 'application/vnd.souspli.binding+json',
  read,
  toJson: (binding) => ({
    bound_at: binding.boundAt,
    identity: binding.identity.toJSON(),
    invitation_id: binding.invitationId,
    record_hash: binding.recordHash,
  }),
})

/** Return the two envelopes, by the claim identity and by the new one. */
export function signBinding(
  binding: Binding,
  { claimIdentity, identity }: { claimIdentity: Signer; identity: Signer },
): BindingEnvelopes {
  return {
    byClaim: BINDING.sign(binding, claimIdentity),
    byIdentity: BINDING.sign(binding, identity),
  }
}

/** A binding that both identities signed. */
export class VerifiedBinding extends Verified {
  readonly binding: Binding
  /** What an attestation names. */
  readonly bindingHash: string

  private constructor(binding: Binding, bindingHash: string) {
    super()
    this.binding = binding
    this.bindingHash = bindingHash
  }

  /**
   * Return the binding if it answers this invitation and both identities signed it.
   *
   * `record` is the reader's own copy or one it has verified, with its hash. That no
   * other binding was seen for it is for the caller to see to. Raises StatementError.
   */
  static verify(
    { byClaim, byIdentity }: BindingEnvelopes,
    { record, recordHash }: { record: Invitation; recordHash: string },
  ): VerifiedBinding {
    if (!haveSamePayload(byClaim, byIdentity)) {
      throw new ChainError('two envelopes over different payloads')
    }
    const claimed = BINDING.parse(byClaim.payload)
    const origin = record.line.origin
    openStatement(byClaim, BINDING, { signer: record.claimIdentity, origin })
    const binding = openStatement(byIdentity, BINDING, { signer: claimed.identity, origin })
    if (binding.invitationId !== record.invitationId || binding.recordHash !== recordHash) {
      throw new ChainError('a binding for another invitation')
    }
    // Whoever finds the letter later could sign as it.
    if (binding.identity.fingerprint === record.claimIdentity.fingerprint) {
      throw new ChainError('a binding of the claim identity to itself')
    }
    const end = record.notAfter + BINDING_GRACE_SECONDS
    if (binding.boundAt < record.notBefore || binding.boundAt > end) {
      throw new DatesError("bound outside the invitation's validity")
    }
    return new VerifiedBinding(binding, byClaim.payloadHash)
  }
}

function read(fields: Fields): Binding {
  const binding = {
    line: readLine(fields),
    invitationId: fields.id('invitation_id'),
    recordHash: fields.hash('record_hash'),
    identity: fields.parsed('identity', parsePublic),
    boundAt: fields.integer('bound_at'),
  }
  if (binding.line.subject !== binding.invitationId || binding.line.sequence !== 1) {
    throw new SchemaError('a binding is alone on its line, whose subject is the invitation')
  }
  return binding
}
