/** A practice, its doctor, a letter, and documents as the doctor's client makes them. */
import { HybridIdentity } from '../../lib/age/unwrap.ts'
import type { Bytes } from '../../lib/bytes.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Bundle } from '../../lib/exchange/bundle.ts'
import { randomHex } from '../../lib/exchange/ids.ts'
import { sealCover } from '../../lib/exchange/sealed.ts'
import { SegmentLayout } from '../../lib/exchange/segments.ts'
import { parseAddress, parseOrigin } from '../../lib/keys/address.ts'
import type { Argon2id } from '../../lib/keys/argon2.ts'
import { encodeCanonical } from '../../lib/keys/canonical.ts'
import { ClaimCode, ClaimKeys } from '../../lib/keys/claimcode.ts'
import { type Envelope, signEnvelope } from '../../lib/keys/dsse.ts'
import { Identity } from '../../lib/keys/identity.ts'
import type { PublicIdentity } from '../../lib/keys/public.ts'
import type { Certification } from '../../lib/keys/statements/chain.ts'
import { INVITATION } from '../../lib/keys/statements/invitation.ts'
import { firstOfLine } from '../../lib/keys/statements/line.ts'
import { MEMBER } from '../../lib/keys/statements/member.ts'
import { ORGANISATION } from '../../lib/keys/statements/organisation.ts'
import { quickArgon2id } from './quick_argon2id.ts'
import { type PlainFile, type SealedContents, sealContents } from './seal.ts'

export const ORIGIN = parseOrigin('souspli.localhost')
export const NOW = 1_800_000_000
export const DAY = 86_400
export const PERSON = { surname: 'Le Goff-Œuvrard', birthDate: '1951-02-00' }

export const REPORT: PlainFile = {
  name: 'compte rendu é.pdf',
  mediaType: 'application/pdf',
  content: new TextEncoder().encode('%PDF-1.7 invented for a test\n'.repeat(40)),
}

export interface Practice {
  readonly root: Identity
  readonly doctor: Identity
  readonly statements: Certification
}

export interface Letter {
  readonly invitationId: string
  readonly code: ClaimCode
  readonly keys: ClaimKeys
  readonly record: Envelope
  readonly notAfter: number
}

/** A document as it lies at the service. */
export interface Deposit {
  readonly documentId: string
  readonly cover: Bytes
  readonly contents: Bytes
  /** What the service says of their length, if it is another. */
  readonly saidLength?: number
  readonly manifestHash: string
}

/** Return a practice with one doctor, who may invite unless it is said otherwise. */
export function makePractice({ mayInvite = true, name = 'Cabinet des Tilleuls' } = {}): Practice {
  const [root, doctor] = [Identity.generate(), Identity.generate()]
  const organisation = root.public.fingerprint
  const line = { origin: ORIGIN, issuedAt: NOW - DAY }
  const statements = {
    organisation: ORGANISATION.sign(
      {
        line: firstOfLine(line),
        name,
        phone: '01 23 45 67 89',
        postalAddress: [],
        root: root.public,
      },
      root,
    ),
    member: MEMBER.sign(
      {
        line: firstOfLine(line),
        organisation,
        member: doctor.public,
        name: 'Dr Claire d’Alençon',
        address: parseAddress('claire@tilleuls.example'),
        role: 'practitioner',
        rpps: null,
        mayInvite,
        notBefore: NOW - DAY,
        notAfter: NOW + 300 * DAY,
      },
      root,
    ),
  }
  return { root, doctor, statements }
}

/** Return a letter of the practice's doctor, in force for 30 days from `notBefore` on. */
export async function makeLetter(
  { root, doctor }: Practice,
  {
    argon2id = quickArgon2id,
    notBefore = NOW - 300,
  }: { argon2id?: Argon2id; notBefore?: number } = {},
): Promise<Letter> {
  const invitationId = randomHex()
  const organisation = root.public.fingerprint
  const code = ClaimCode.draw()
  const keys = await ClaimKeys.derive(code, {
    origin: ORIGIN,
    invitationId,
    organisation,
    argon2id,
  })
  const notAfter = notBefore + 30 * DAY
  const record = INVITATION.sign(
    {
      line: firstOfLine({ origin: ORIGIN, issuedAt: NOW - 10, subject: invitationId }),
      invitationId,
      organisation,
      member: doctor.public.fingerprint,
      claimIdentity: keys.identity.public,
      claimLoginKey: keys.loginKey.publicKey,
      gate: 'email',
      notBefore,
      notAfter,
      supersedes: null,
    },
    doctor,
  )
  return { invitationId, code, keys, record, notAfter }
}

/** Return a document with these files, sealed to `recipient` by the doctor. */
export async function makeDeposit(
  practice: Practice,
  recipient: PublicIdentity,
  files: readonly PlainFile[] = [REPORT],
  said: Readonly<Record<string, unknown>> = {},
): Promise<Deposit> {
  const made = await sealContents(files, { createdAt: NOW, aead: await chacha20Poly1305() })
  return sealDeposit(practice, recipient, made, said)
}

/** Return the doctor's withdrawal of a document. */
export function makeWithdrawal(
  { root, doctor }: Practice,
  documentId: string,
  said: Readonly<Record<string, unknown>> = {},
): Envelope {
  const payload = encodeCanonical({
    checkpoint: null,
    document_id: documentId,
    member: doctor.public.fingerprint,
    organisation: root.public.fingerprint,
    origin: ORIGIN,
    reason: 'wrong-patient',
    replaced_by: null,
    salt: randomHex(),
    version: 1,
    withdrawn_at: NOW + 60,
    ...said,
  })
  return signEnvelope('application/vnd.souspli.withdrawal+json', payload, doctor)
}

/**
 * Return the cover of a document with one file of `size` bytes; nobody has sealed those.
 *
 * `saidLength` is the right one unless it is given.
 */
export async function makeLargeDeposit(
  practice: Practice,
  recipient: PublicIdentity,
  { size, saidLength }: { size: number; saidLength?: number },
): Promise<Deposit> {
  const bundle = new Bundle([{ name: 'scanner.bin', size }], { createdAt: NOW })
  const { sealedLength } = new SegmentLayout(bundle.paddedLength)
  const contents = {
    files: [{ media_type: 'application/octet-stream', name: 'scanner.bin', sha256: null, size }],
    padded_length: bundle.paddedLength,
    sealed_length: sealedLength,
    tar_length: bundle.tarLength,
    tree_hash: '00'.repeat(32),
  }
  const made = { documentKey: HybridIdentity.generate(), sealed: new Uint8Array(0), contents }
  const deposit = await sealDeposit(practice, recipient, made)
  return { ...deposit, saidLength: saidLength ?? sealedLength }
}

async function sealDeposit(
  { root, doctor }: Practice,
  recipient: PublicIdentity,
  { documentKey, sealed, contents }: SealedContents,
  said: Readonly<Record<string, unknown>> = {},
): Promise<Deposit> {
  const aead = await chacha20Poly1305()
  const documentId = randomHex()
  const payload = encodeCanonical({
    checkpoint: null,
    contents,
    created_at: NOW,
    document: {
      date: '2027-01-15',
      kind: null,
      patient: {
        birth_date: PERSON.birthDate,
        birth_name: PERSON.surname,
        given_names: 'Jeanne',
        ins: null,
        sex: 'F',
      },
      priority: 'routine',
      replaces: null,
      title: 'Compte rendu',
      withdraws: null,
      ...said,
    },
    document_id: documentId,
    origin: ORIGIN,
    recipient: recipient.fingerprint,
    salt: randomHex(),
    sender: {
      address: 'claire@tilleuls.example',
      fingerprint: doctor.public.fingerprint,
      name: 'Dr Claire d’Alençon',
      on_behalf_of: null,
      organisation: root.public.fingerprint,
    },
    version: 1,
  })
  const manifest = signEnvelope('application/vnd.souspli.manifest+json', payload, doctor)
  const cover = await sealCover({ documentKey, manifest, grants: [] }, recipient, { aead })
  return { documentId, cover, contents: sealed, manifestHash: manifest.payloadHash }
}
