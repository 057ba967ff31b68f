/**
 * Receipts: the reader's signature that a document was verified whole and opened.
 *
 * sealed-document.md §6.
 */
import { encodeCanonical } from '../keys/canonical.ts'
import { type Envelope, type Signer, signEnvelope } from '../keys/dsse.ts'
import { randomHex } from './ids.ts'
import type { VerifiedContents } from './verified_contents.ts'

const VERSION = 1

/**
 * Return the receipt of a document that was verified to its end and opened.
 *
 * `signer` is the account's identity: the sender checks the receipt against it.
 */
export function signReceipt(
  { cover }: VerifiedContents,
  { signer, now }: { signer: Signer; now: number },
): Envelope {
  const { documentId, origin } = cover.manifest
  const payload = encodeCanonical({
    checkpoint: null,
    document_id: documentId,
    manifest_hash: cover.manifestHash,
    opened_at: now,
    origin,
    reader: signer.public.fingerprint,
    salt: randomHex(),
    version: VERSION,
  })
  return signEnvelope('application/vnd.souspli.receipt+json', payload, signer)
}
