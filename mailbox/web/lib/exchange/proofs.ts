/**
 * What an export keeps beside a document's files, so that its origin can be shown later.
 *
 * export.md §3: envelopes as they were verified here, one in each file.
 */
import type { Envelope } from '../keys/dsse.ts'
import type { Withdrawn } from './receive.ts'
import type { VerifiedCover } from './sealed.ts'

export interface ProofFile {
  readonly name: string
  readonly envelope: Envelope
}

/** Return what goes into a document's folder of proofs. */
export function proofsOf({ proof }: VerifiedCover, withdrawn: Withdrawn | null): ProofFile[] {
  const { manifest, grants, statements } = proof
  const proofs = [
    { name: 'manifest.json', envelope: manifest },
    ...grants.map((envelope, index) => ({ name: `grant-${index + 1}.json`, envelope })),
    { name: 'organisation.json', envelope: statements.organisation },
    { name: 'member.json', envelope: statements.member },
  ]
  // The service's word alone proves nothing.
  if (withdrawn === null || withdrawn === 'unproved') return proofs
  const { withdrawal, statements: about } = withdrawn.proof
  return [
    ...proofs,
    { name: 'withdrawal.json', envelope: withdrawal },
    { name: 'withdrawal-organisation.json', envelope: about.organisation },
    { name: 'withdrawal-member.json', envelope: about.member },
  ]
}
