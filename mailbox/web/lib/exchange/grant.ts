/**
 * Grants: whoever re-seals a cover for another identity signs that they did.
 *
 * sealed-document.md §5. The author's manifest stays as it was signed; the chain of grants
 * says how the document came from its first recipient to the reader.
 */
import { decodeCanonical, encodeCanonical } from '../keys/canonical.ts'
import { type Envelope, type Signer, signEnvelope, verifyEnvelope } from '../keys/dsse.ts'
import { FormatError, SignatureError, VersionError } from '../keys/errors.ts'
import { type Fields, readObject } from '../keys/fields.ts'
import {
  type Fingerprint,
  type PublicIdentity,
  parsePublic,
  readFingerprint,
} from '../keys/public.ts'
import {
  ExchangeUsageError,
  GrantRefusedError,
  NotForMeError,
  ResealedByStrangerError,
  UnknownVersionError,
} from './errors.ts'
import { randomHex } from './ids.ts'
import { MAX_ORIGIN_CHARACTERS, type Manifest } from './manifest.ts'

export const MAX_GRANTS = 8 // keeps a cover small; a document passes through few hands

const VERSION = 1
const PAYLOAD_TYPE = 'application/vnd.souspli.grant+json'

/** Why a cover was re-sealed. */
const GRANT_REASONS = ['claim', 'share', 'rekey', 'delegate'] as const
export type GrantReason = (typeof GRANT_REASONS)[number]

/** One re-sealing: `granter` (the field `from`) sealed the cover to `to`. */
export interface Grant {
  readonly documentId: string
  readonly granter: PublicIdentity
  readonly grantedAt: number
  readonly manifestHash: string
  readonly origin: string
  readonly reason: GrantReason
  readonly salt: string
  readonly to: Fingerprint
}

/** Return the grant by which `signer` hands the document to the identity `to`. */
export function signGrant(
  manifest: Manifest,
  manifestHash: string,
  {
    signer,
    to,
    reason,
    now,
  }: { signer: Signer; to: Fingerprint; reason: GrantReason; now: number },
): Envelope {
  const payload = encodeCanonical({
    document_id: manifest.documentId,
    from: signer.public.toJSON(),
    granted_at: now,
    manifest_hash: manifestHash,
    origin: manifest.origin,
    reason,
    salt: randomHex(),
    to,
    version: VERSION,
  })
  return signEnvelope(PAYLOAD_TYPE, payload, signer)
}

/**
 * Return the grants if they lead from this manifest to the reader.
 *
 * `own` are the reader's fingerprints, those of its claim identities included. The
 * manifest's sender has been verified. Raises GrantRefusedError for a broken chain,
 * NotForMeError if it ends at somebody else, ResealedByStrangerError if its last link was
 * made by a key that is neither the reader's nor the sender's.
 */
export function verifyGrants(
  envelopes: readonly Envelope[],
  manifest: Manifest,
  manifestHash: string,
  { own }: { own: ReadonlySet<Fingerprint> },
): readonly Grant[] {
  if (envelopes.length > MAX_GRANTS) throw new GrantRefusedError(`more than ${MAX_GRANTS} grants`)
  const grants = envelopes.map(verifyGrant)
  let mayGrant: readonly Fingerprint[] = [manifest.recipient, manifest.sender.fingerprint]
  for (const grant of grants) {
    if (
      grant.documentId !== manifest.documentId ||
      grant.origin !== manifest.origin ||
      grant.manifestHash !== manifestHash
    ) {
      throw new GrantRefusedError('a grant of another document')
    }
    if (!mayGrant.includes(grant.granter.fingerprint)) {
      throw new GrantRefusedError('a grant by somebody who was not granted the document')
    }
    mayGrant = [grant.to]
  }
  if (!own.has(effectiveRecipient(manifest, grants))) {
    throw new NotForMeError('the document names another recipient')
  }
  const last = grants.at(-1)?.granter.fingerprint
  if (last !== undefined && !own.has(last) && last !== manifest.sender.fingerprint) {
    throw new ResealedByStrangerError('re-sealed by somebody whose key is not verified')
  }
  return grants
}

/** Return the fingerprint that the document is for, as things stand. */
export function effectiveRecipient(manifest: Manifest, grants: readonly Grant[]): Fingerprint {
  return grants.at(-1)?.to ?? manifest.recipient
}

/** Raise ExchangeUsageError if no reader would accept one grant more. */
export function checkRoom(envelopes: readonly Envelope[]): void {
  if (envelopes.length >= MAX_GRANTS) {
    throw new ExchangeUsageError(`a document has at most ${MAX_GRANTS} grants`)
  }
}

function verifyGrant(envelope: Envelope): Grant {
  // Who signed stands inside: it proves that this key granted, and no more. Whether that
  // key may is the chain's to say.
  try {
    const grant = readObject(decodeCanonical(envelope.payload), readGrant)
    verifyEnvelope(envelope, { payloadType: PAYLOAD_TYPE, signer: grant.granter })
    return grant
  } catch (failure) {
    if (failure instanceof VersionError) throw new UnknownVersionError('a grant of another version')
    if (!(failure instanceof FormatError || failure instanceof SignatureError)) throw failure
    throw new GrantRefusedError('a grant that is not one, or not signed')
  }
}

function readGrant(fields: Fields): Grant {
  fields.version(VERSION)
  return {
    documentId: fields.id('document_id'),
    granter: fields.parsed('from', parsePublic),
    grantedAt: fields.integer('granted_at'),
    manifestHash: fields.hash('manifest_hash'),
    origin: fields.text('origin', { most: MAX_ORIGIN_CHARACTERS }),
    reason: fields.choice('reason', GRANT_REASONS),
    salt: fields.id('salt'),
    to: readFingerprint(fields, 'to'),
  }
}
