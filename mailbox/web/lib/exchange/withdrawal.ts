/**
 * Withdrawals: the sender's signature that a document is taken back.
 *
 * withdrawal.md §1 and §3. A page verifies them; it makes none.
 */
import type { Origin } from '../keys/address.ts'
import { decodeCanonical } from '../keys/canonical.ts'
import { type Envelope, verifyEnvelope } from '../keys/dsse.ts'
import { FormatError, SchemaError, SignatureError } from '../keys/errors.ts'
import { type Fields, readObject } from '../keys/fields.ts'
import { type Fingerprint, readFingerprint } from '../keys/public.ts'
import type { Certification, VerifiedMember } from '../keys/statements/chain.ts'
import { Verified } from '../verified.ts'
import { SenderRefusedError, WithdrawalRefusedError } from './errors.ts'
import { MAX_ORIGIN_CHARACTERS } from './manifest.ts'
import { verifySender } from './sender.ts'

const VERSION = 1
const PAYLOAD_TYPE = 'application/vnd.souspli.withdrawal+json'

/** Why a document is taken back: a fixed word, which the service sees. */
export const WITHDRAWAL_REASONS = ['wrong-patient', 'wrong-document', 'replaced', 'other'] as const
export type WithdrawalReason = (typeof WITHDRAWAL_REASONS)[number]

/** What a member says by signing: this document is taken back, since then. */
export interface Withdrawal {
  readonly documentId: string
  readonly member: Fingerprint
  readonly organisation: Fingerprint
  readonly origin: string
  readonly reason: WithdrawalReason
  /** The corrected document, exactly where the reason is `replaced`. */
  readonly replacedBy: string | null
  readonly salt: string
  readonly withdrawnAt: number
}

/** Whose withdrawal it may be, and of what. */
export interface WithdrawalQuestion {
  /** The statements about the signer, as the service gave them. */
  readonly statements: Certification
  /**
   * Fingerprints of whom it may be: where there is a cover of the document that was
   * verified, its sender's organisation and no other (rule 4).
   */
  readonly trusted: ReadonlySet<Fingerprint>
  readonly origin: Origin
  readonly documentId: string
}

/** A withdrawal by a member whom a trusted organisation certifies. */
export class VerifiedWithdrawal extends Verified {
  readonly withdrawal: Withdrawal
  readonly signer: VerifiedMember
  /** What was verified, to be shown to somebody else later. */
  readonly proof: { readonly withdrawal: Envelope; readonly statements: Certification }

  private constructor(
    withdrawal: Withdrawal,
    { signer, proof }: Pick<VerifiedWithdrawal, 'signer' | 'proof'>,
  ) {
    super()
    this.withdrawal = withdrawal
    this.signer = signer
    this.proof = proof
  }

  /**
   * Return the withdrawal if it is of this document, by a member who may sign documents.
   *
   * Raises WithdrawalRefusedError for anything else.
   */
  static verify(envelope: Envelope, question: WithdrawalQuestion): VerifiedWithdrawal {
    const { origin, documentId } = question
    const { withdrawal, signer } = verifySigned(envelope, question)
    const certified = signer.member
    if (
      withdrawal.origin !== origin ||
      withdrawal.documentId !== documentId ||
      withdrawal.member !== certified.member.fingerprint ||
      withdrawal.organisation !== certified.organisation
    ) {
      throw new WithdrawalRefusedError('a withdrawal of another document, or by somebody else')
    }
    const proof = { withdrawal: envelope, statements: question.statements }
    return new VerifiedWithdrawal(withdrawal, { signer, proof })
  }
}

function verifySigned(
  envelope: Envelope,
  { statements, trusted, origin }: WithdrawalQuestion,
): { withdrawal: Withdrawal; signer: VerifiedMember } {
  try {
    // Read before it is verified, only to know at which moment the chain has to hold.
    const at = parse(envelope.payload).withdrawnAt
    const signer = verifySender(statements, { trusted, origin, at })
    const how = { payloadType: PAYLOAD_TYPE, signer: signer.member.member } as const
    return { withdrawal: parse(verifyEnvelope(envelope, how)), signer }
  } catch (failure) {
    const isRefused =
      failure instanceof FormatError ||
      failure instanceof SenderRefusedError ||
      failure instanceof SignatureError
    if (!isRefused) throw failure
    throw new WithdrawalRefusedError('not a withdrawal signed by a trusted sender')
  }
}

function parse(payload: Uint8Array): Withdrawal {
  return readObject(decodeCanonical(payload), readWithdrawal)
}

function readWithdrawal(fields: Fields): Withdrawal {
  fields.constant('version', VERSION)
  fields.constant('checkpoint', null)
  const withdrawal: Withdrawal = {
    documentId: fields.id('document_id'),
    member: readFingerprint(fields, 'member'),
    organisation: readFingerprint(fields, 'organisation'),
    origin: fields.text('origin', { most: MAX_ORIGIN_CHARACTERS }),
    reason: fields.choice('reason', WITHDRAWAL_REASONS),
    replacedBy: fields.orNull('replaced_by', (name) => fields.id(name)),
    salt: fields.id('salt'),
    withdrawnAt: fields.integer('withdrawn_at'),
  }
  if ((withdrawal.reason === 'replaced') !== (withdrawal.replacedBy !== null)) {
    throw new SchemaError('what is replaced, and only that, names what replaces it')
  }
  if (withdrawal.replacedBy === withdrawal.documentId) {
    throw new SchemaError('a document that replaces itself')
  }
  return withdrawal
}
