/** A practice, its doctor, a letter, and documents as the doctor's client makes them. */
import type { Bytes } from '../../lib/bytes.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { randomHex } from '../../lib/exchange/ids.ts'
import { sealCover } from '../../lib/exchange/sealed.ts'
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
import { type PlainFile, sealContents } from './seal.ts'

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
  readonly manifestHash: string
}

/** Return a practice with one doctor, who may invite unless it is said otherwise. */
export function makePractice({ mayInvite = true } = {}): Practice {
  const [root, doctor] = [Identity.generate(), Identity.generate()]
  const organisation = root.public.fingerprint
  const line = { origin: ORIGIN, issuedAt: NOW - DAY }
  const statements = {
    organisation: ORGANISATION.sign(
      {
        line: firstOfLine(line),
        name: 'Cabinet des Tilleuls',
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
  { root, doctor }: Practice,
  recipient: PublicIdentity,
  files: readonly PlainFile[] = [REPORT],
): Promise<Deposit> {
  const aead = await chacha20Poly1305()
  const documentId = randomHex()
  const { documentKey, sealed, contents } = await sealContents(files, { createdAt: NOW, aead })
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
