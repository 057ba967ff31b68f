/** The consent: a member notes what a patient told the practice (consent.md §2). */
import type { Origin } from '../address.ts'
import type { Envelope } from '../dsse.ts'
import { ChainError, SchemaError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { type Fingerprint, readFingerprint } from '../public.ts'
import { type Certification, VerifiedMember } from './chain.ts'
import { type Line, readLine } from './line.ts'
import { checkMay } from './member.ts'
import { openStatement, StatementKind } from './statement.ts'
import { WAYS, type Way } from './way.ts'

/** Of a text's version: a date and a letter or two. */
export const MAX_VERSION_CHARACTERS = 32

/** How the patient told the practice. */
const HOWS = ['oral', 'written', 'online'] as const
export type How = (typeof HOWS)[number]

/** Signed by a member of the organisation that it is about. */
export interface Consent {
  /** Its subject is the id of the first invitation of the patient's line. */
  readonly line: Line
  readonly organisation: Fingerprint
  readonly member: Fingerprint
  readonly way: Way
  readonly how: How
  readonly givenAt: number
  /** Of the text that was read to the patient; null if none was. */
  readonly textVersion: string | null
  /** SHA-256 of its bytes. */
  readonly textHash: string | null
}

export const CONSENT = new StatementKind<Consent>({
  payloadType: 'application/vnd.souspli.consent+json',
  read,
  toJson: (consent) => ({
    given_at: consent.givenAt,
    how: consent.how,
    member: consent.member,
    organisation: consent.organisation,
    text_hash: consent.textHash,
    text_version: consent.textVersion,
    way: consent.way,
  }),
})

/**
 * Return the consent if a member of `organisation` signed it for this patient's line.
 *
 * `subject` is that of the reader's own copy of the invitation. Raises StatementError.
 */
export function verifyConsent(
  consent: Envelope,
  statements: Certification,
  { organisation, origin, subject }: { organisation: Fingerprint; origin: Origin; subject: string },
): Consent {
  // Read before it is verified, only to know at which moment the chain has to hold.
  const at = CONSENT.parse(consent.payload).line.issuedAt
  const certified = VerifiedMember.verify(statements, { organisation, origin, at })
  const signer = certified.member.member
  const statement = openStatement(consent, CONSENT, { signer, origin })
  if (statement.organisation !== organisation) {
    throw new ChainError('a consent that names another organisation')
  }
  if (statement.member !== signer.fingerprint) {
    throw new ChainError('a consent that names another member')
  }
  if (statement.line.subject !== subject) throw new ChainError('a consent about another patient')
  checkMay(certified.member, 'consents')
  return statement
}

function read(fields: Fields): Consent {
  const consent = {
    line: readLine(fields),
    organisation: readFingerprint(fields, 'organisation'),
    member: readFingerprint(fields, 'member'),
    way: fields.choice('way', WAYS),
    how: fields.choice('how', HOWS),
    givenAt: fields.integer('given_at'),
    textVersion: fields.orNull('text_version', (name) =>
      fields.text(name, { most: MAX_VERSION_CHARACTERS }),
    ),
    textHash: fields.orNull('text_hash', (name) => fields.hash(name)),
  }
  if (consent.givenAt > consent.line.issuedAt) {
    throw new SchemaError('a consent that was noted before it was given')
  }
  if ((consent.textVersion === null) !== (consent.textHash === null)) {
    throw new SchemaError('a text has a version and a hash')
  }
  if (consent.way === 'electronic' && consent.textHash === null) {
    throw new SchemaError('nobody agrees to a text that nobody read')
  }
  return consent
}
