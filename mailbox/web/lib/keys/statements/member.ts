/** The member statement: an organisation says who works for it, and as what. */
import { type Address, parseAddress } from '../address.ts'
import { passesLuhn } from '../codes.ts'
import { RoleError, SchemaError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { type Fingerprint, type PublicIdentity, parsePublic, readFingerprint } from '../public.ts'
import { type Line, readLine } from './line.ts'
import { type Act, MAY_SIGN, ROLES, type Role } from './roles.ts'
import { DAY_SECONDS, StatementKind } from './statement.ts'

const MAX_NAME_CHARACTERS = 200
export const MAX_ADDRESS_CHARACTERS = 254
const MAX_VALIDITY_SECONDS = 366 * DAY_SECONDS

const RPPS = /^[0-9]{11}$/ // Répertoire partagé des professionnels de santé

/** Signed by the organisation's root. */
export interface Member {
  readonly line: Line
  readonly organisation: Fingerprint
  readonly member: PublicIdentity
  readonly name: string
  readonly address: Address
  readonly role: Role
  /** Number in the French register of health professionals. */
  readonly rpps: string | null
  readonly mayInvite: boolean
  readonly notBefore: number
  readonly notAfter: number
}

export const MEMBER = new StatementKind<Member>({
  payloadType: 'application/vnd.souspli.member+json',
  read,
  toJson: (member) => ({
    address: member.address,
    may_invite: member.mayInvite,
    member: member.member.toJSON(),
    name: member.name,
    not_after: member.notAfter,
    not_before: member.notBefore,
    organisation: member.organisation,
    role: member.role,
    rpps: member.rpps,
  }),
})

/** Return the member if its role allows the act; raise RoleError if not. */
export function checkMay(member: Member, act: Act): Member {
  const allowed = MAY_SIGN[member.role].includes(act)
  if (!allowed || (act === 'invitations' && !member.mayInvite)) {
    throw new RoleError(`a member who may not sign ${act}`)
  }
  return member
}

function read(fields: Fields): Member {
  const member = {
    line: readLine(fields),
    organisation: readFingerprint(fields, 'organisation'),
    member: fields.parsed('member', parsePublic),
    name: fields.text('name', { most: MAX_NAME_CHARACTERS }),
    address: parseAddress(fields.text('address', { most: MAX_ADDRESS_CHARACTERS })),
    role: fields.choice('role', ROLES),
    rpps: fields.orNull('rpps', (name) => readRpps(fields, name)),
    mayInvite: fields.boolean('may_invite'),
    notBefore: fields.integer('not_before'),
    notAfter: fields.integer('not_after'),
  }
  const validity = member.notAfter - member.notBefore
  if (validity < 0 || validity > MAX_VALIDITY_SECONDS) {
    throw new SchemaError('a membership lasts at most 366 days')
  }
  return member
}

function readRpps(fields: Fields, name: string): string {
  const rpps = fields.matching(name, RPPS, { most: 11 })
  if (!passesLuhn(rpps)) throw new SchemaError('no RPPS number')
  return rpps
}
