/**
 * Covers: opened and verified, sealed again for another identity.
 *
 * sealed-document.md §4, §5 and §7 rules 1–3. There is one way to a cover's content,
 * `VerifiedCover.open`, and it verifies everything; what it returns is the only thing that
 * contents are opened and covers re-sealed from.
 */
import { AgeError, NoMatchError } from '../age/errors.ts'
import { decrypt, encrypt } from '../age/file.ts'
import type { HybridIdentity } from '../age/unwrap.ts'
import type { Bytes } from '../bytes.ts'
import type { Aead } from '../crypto/aead.ts'
import type { Origin } from '../keys/address.ts'
import { type Envelope, type Signer, verifyEnvelope } from '../keys/dsse.ts'
import { SignatureError } from '../keys/errors.ts'
import type { Identity } from '../keys/identity.ts'
import type { Fingerprint, PublicIdentity } from '../keys/public.ts'
import { Secret } from '../keys/secret.ts'
import type { Certification, VerifiedMember } from '../keys/statements/chain.ts'
import type { Vault } from '../keys/vault_contents.ts'
import { Verified } from '../verified.ts'
import { type Cover, encodeCover, parseCover } from './cover.ts'
import {
  AnotherDocumentError,
  CoverRefusedError,
  ExchangeUsageError,
  ManifestRefusedError,
  NotForMeError,
} from './errors.ts'
import {
  checkRoom,
  effectiveRecipient,
  type Grant,
  type GrantReason,
  signGrant,
  verifyGrants,
} from './grant.ts'
import { MAX_BYTES, type Manifest, parseManifest } from './manifest.ts'
import { verifySender } from './sender.ts'

/** Who opens covers, and whom they trust. Prints as `…`. */
export class Reader extends Secret {
  /** The account's identity, then any claim identities that are still kept. */
  readonly identities: readonly Identity[]
  readonly origin: Origin
  /** Fingerprints of the organisations that the reader trusts. */
  readonly organisations: ReadonlySet<Fingerprint>
  readonly aead: Aead

  constructor(parts: {
    identities: readonly Identity[]
    origin: Origin
    organisations: Iterable<Fingerprint>
    aead: Aead
  }) {
    super()
    this.identities = parts.identities
    this.origin = parts.origin
    this.organisations = new Set(parts.organisations)
    this.aead = parts.aead
  }

  /** Return the reader whom a vault makes. */
  static ofVault(vault: Vault, { origin, aead }: { origin: Origin; aead: Aead }): Reader {
    return new Reader({
      identities: [vault.identity, ...vault.claims.map(({ identity }) => identity)],
      organisations: vault.pinned.map(({ fingerprint }) => fingerprint),
      origin,
      aead,
    })
  }

  /** The reader's own fingerprints. */
  get fingerprints(): ReadonlySet<Fingerprint> {
    return new Set(this.identities.map((identity) => identity.public.fingerprint))
  }
}

/** Which cover, as whom, and what the service says about its sender. */
export interface CoverQuestion {
  readonly reader: Reader
  /** The document that was asked for. */
  readonly documentId: string
  readonly statements: Certification
  /** How many bytes of files the document may have; 2 GiB unless given. */
  readonly maxBytes?: number
}

/** What shows to somebody else, later and offline, from whom a document is. As it was verified. */
export interface Proof {
  readonly manifest: Envelope
  readonly grants: readonly Envelope[]
  /** About the sender. */
  readonly statements: Certification
}

/** A cover of which everything was verified. Only `open` makes one. */
export class VerifiedCover extends Verified {
  readonly manifest: Manifest
  readonly manifestHash: string
  readonly sender: VerifiedMember
  readonly grants: readonly Grant[]
  readonly effectiveRecipient: Fingerprint
  readonly proof: Proof
  readonly #cover: Cover

  private constructor(
    cover: Cover,
    parts: {
      manifest: Manifest
      sender: VerifiedMember
      grants: readonly Grant[]
      statements: Certification
    },
  ) {
    super()
    this.#cover = cover
    this.manifest = parts.manifest
    this.manifestHash = cover.manifest.payloadHash
    this.sender = parts.sender
    this.grants = parts.grants
    this.effectiveRecipient = effectiveRecipient(parts.manifest, parts.grants)
    const { statements } = parts
    this.proof = { manifest: cover.manifest, grants: cover.grants, statements }
  }

  /**
   * Return the cover's content if rules 1–3 hold; the contents are not looked at.
   *
   * Raises CoverRefusedError (damaged; NotForMeError for somebody else's),
   * SenderRefusedError, ManifestRefusedError (AnotherDocumentError for a genuine one of
   * another document, service or sender), GrantRefusedError, UnknownVersionError.
   */
  static async open(sealed: Bytes, question: CoverQuestion): Promise<VerifiedCover> {
    const { reader, documentId, statements, maxBytes = MAX_BYTES } = question
    const { origin } = reader
    const cover = parseCover(await decryptCover(sealed, reader))
    // Read before it is verified, to know at which moment the sender's membership has to
    // hold; read again from the verified bytes.
    const at = parseManifest(cover.manifest.payload, { maxBytes }).createdAt
    const sender = verifySender(statements, { trusted: reader.organisations, origin, at })
    const manifest = verifyManifest(cover.manifest, sender, { maxBytes })
    if (manifest.origin !== origin) throw new AnotherDocumentError('a document of another service')
    if (manifest.documentId !== documentId) {
      throw new AnotherDocumentError('another document than the one asked for')
    }
    const own = reader.fingerprints
    const grants = verifyGrants(cover.grants, manifest, cover.manifest.payloadHash, { own })
    return new VerifiedCover(cover, { manifest, sender, grants, statements })
  }

  /** Return the key of the contents, for `contents_opener.ts` and for nothing else. */
  secretDocumentKey(): HybridIdentity {
    return this.#cover.documentKey
  }

  /** Return what was sealed, for `resealCover` and for nothing else. */
  secretCover(): Cover {
    return this.#cover
  }
}

/** Return the `cover.age` that only `recipient` can open. */
export async function sealCover(
  cover: Cover,
  recipient: PublicIdentity,
  { aead }: { aead: Aead },
): Promise<Bytes> {
  return encrypt(encodeCover(cover), { recipient: recipient.toRecipient(), aead })
}

/**
 * Return the cover sealed to `to`, with one grant more, signed by `signer`.
 *
 * `signer` is whom the document is for as things stand: no reader would accept another's.
 * Raises ExchangeUsageError if it is somebody else, or after 8 grants.
 */
export async function resealCover(
  cover: VerifiedCover,
  how: { signer: Signer; to: PublicIdentity; reason: GrantReason; now: number; aead: Aead },
): Promise<Bytes> {
  const { signer, to, reason, now, aead } = how
  if (signer.public.fingerprint !== cover.effectiveRecipient) {
    throw new ExchangeUsageError("the document is not this identity's to pass on")
  }
  const { documentKey, manifest, grants } = cover.secretCover()
  checkRoom(grants)
  const grant = signGrant(cover.manifest, cover.manifestHash, {
    signer,
    to: to.fingerprint,
    reason,
    now,
  })
  return sealCover({ documentKey, manifest, grants: [...grants, grant] }, to, { aead })
}

async function decryptCover(sealed: Bytes, { identities, aead }: Reader): Promise<Bytes> {
  for (const identity of identities) {
    try {
      return await decrypt(sealed, { identity: identity.secretAgeIdentity(), aead })
    } catch (failure) {
      if (!(failure instanceof AgeError)) throw failure
      if (!(failure instanceof NoMatchError)) {
        throw new CoverRefusedError('the cover is damaged, or no sealed cover')
      }
    }
  }
  throw new NotForMeError('the cover is sealed to somebody else')
}

function verifyManifest(
  envelope: Envelope,
  sender: VerifiedMember,
  limits: { maxBytes: number },
): Manifest {
  const certified = sender.member
  const signer = certified.member
  let payload: Bytes
  try {
    const payloadType = 'application/vnd.souspli.manifest+json'
    payload = verifyEnvelope(envelope, { payloadType, signer })
  } catch (failure) {
    if (!(failure instanceof SignatureError)) throw failure
    throw new ManifestRefusedError('the manifest is not signed by its sender')
  }
  const manifest = parseManifest(payload, limits)
  const says = manifest.sender
  if (
    says.fingerprint !== signer.fingerprint ||
    says.organisation !== certified.organisation ||
    says.name !== certified.name ||
    says.address !== certified.address
  ) {
    throw new AnotherDocumentError('the manifest names another sender than its statements')
  }
  return manifest
}
