/** The organisation statement: a practice, laboratory or hospital says who it is. */
import { SchemaError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { type PublicIdentity, parsePublic } from '../public.ts'
import { type Line, readLine } from './line.ts'
import { StatementKind } from './statement.ts'

const MAX_NAME_CHARACTERS = 200
const PHONE_CHARACTERS = { least: 3, most: 30 }
const MAX_POSTAL_LINES = 6 // of a French address, NF Z 10-011, below the name
const MAX_POSTAL_LINE_CHARACTERS = 100

/**
 * Signed by its own root, so it proves nothing but itself.
 *
 * Whose it is, the reader knows from a fingerprint that it already trusts.
 */
export interface Organisation {
  readonly line: Line
  readonly name: string
  readonly phone: string
  readonly postalAddress: readonly string[]
  /** Its fingerprint names the organisation everywhere. */
  readonly root: PublicIdentity
}

export const ORGANISATION = new StatementKind<Organisation>({
  payloadType: 'application/vnd.souspli.organisation+json',
  read,
  toJson: (organisation) => ({
    name: organisation.name,
    phone: organisation.phone,
    postal_address: organisation.postalAddress,
    root: organisation.root.toJSON(),
  }),
})

function read(fields: Fields): Organisation {
  return {
    line: readLine(fields),
    name: fields.text('name', { most: MAX_NAME_CHARACTERS }),
    phone: fields.text('phone', PHONE_CHARACTERS),
    postalAddress: fields.list('postal_address', { most: MAX_POSTAL_LINES }).map(readPostalLine),
    root: fields.parsed('root', parsePublic),
  }
}

function readPostalLine(value: unknown): string {
  if (typeof value !== 'string' || value === '' || [...value].length > MAX_POSTAL_LINE_CHARACTERS) {
    throw new SchemaError('a postal line is no text of 1 to 100 characters')
  }
  return value
}
