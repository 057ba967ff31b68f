/**
 * What an export keeps beside a document's files, so that its origin can be shown later.
 *
 * export.md §3: envelopes as they were verified here, one in each file.
 */
import type { Bytes } from '../bytes.ts'
import { encodeCanonical } from '../keys/canonical.ts'
import type { Envelope } from '../keys/dsse.ts'
import type { Withdrawn } from './receive.ts'
import type { VerifiedCover } from './sealed.ts'

export interface ProofFile {
  readonly name: string
  readonly content: Bytes
}

/** Return the files for a document's folder of proofs. */
export function proofFiles({ proof }: VerifiedCover, withdrawn: Withdrawn | null): ProofFile[] {
  const { manifest, grants, statements } = proof
  const files = [
    file('manifest.json', manifest),
    ...grants.map((grant, index) => file(`grant-${index + 1}.json`, grant)),
    file('organisation.json', statements.organisation),
    file('member.json', statements.member),
  ]
  // The service's word alone proves nothing.
  if (withdrawn === null || withdrawn === 'unproved') return files
  const { withdrawal, statements: about } = withdrawn.proof
  return [
    ...files,
    file('withdrawal.json', withdrawal),
    file('withdrawal-organisation.json', about.organisation),
    file('withdrawal-member.json', about.member),
  ]
}

function file(name: string, envelope: Envelope): ProofFile {
  return { name, content: encodeCanonical(envelope.toJSON()) }
}
