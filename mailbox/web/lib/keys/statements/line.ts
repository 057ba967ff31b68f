/** The fields that all statements carry: which line they continue, and where. */
import { randomBytes } from '../../crypto/random.ts'
import { type Origin, parseOrigin } from '../address.ts'
import { SchemaError } from '../errors.ts'
import type { Fields } from '../fields.ts'
import { encodeHex, ID_BYTES } from '../values.ts'

const VERSION = 1
const MOST_ORIGIN_CHARACTERS = 253

/**
 * A statement's place in its line of statements (statements.md, first table).
 *
 * Sequence, previous and salt are what a transparency log's leaf will need.
 */
export interface Line {
  readonly origin: Origin
  /** 128-bit id that all statements of the line share. */
  readonly subject: string
  readonly sequence: number
  /** Hash of the statement before; null for the first. */
  readonly previous: string | null
  /** 128 random bits: without them a hash would confirm a guess of the contents. */
  readonly salt: string
  readonly issuedAt: number
}

/** Return the beginning of a line; its subject is random unless it is given. */
export function firstOfLine({
  origin,
  issuedAt,
  subject = randomId(),
}: {
  origin: Origin
  issuedAt: number
  subject?: string
}): Line {
  return { origin, subject, sequence: 1, previous: null, salt: randomId(), issuedAt }
}

/** Return the fields, to stand beside the statement's own. */
export function lineToJson(line: Line): Record<string, unknown> {
  return {
    issued_at: line.issuedAt,
    origin: line.origin,
    previous: line.previous,
    salt: line.salt,
    sequence: line.sequence,
    subject: line.subject,
    version: VERSION,
  }
}

/** Return these fields of a statement, or raise a FormatError. */
export function readLine(fields: Fields): Line {
  fields.constant('version', VERSION)
  const line = {
    origin: parseOrigin(fields.text('origin', { most: MOST_ORIGIN_CHARACTERS })),
    subject: fields.id('subject'),
    sequence: fields.integer('sequence', { least: 1 }),
    previous: fields.orNull('previous', (name) => fields.hash(name)),
    salt: fields.id('salt'),
    issuedAt: fields.integer('issued_at'),
  }
  if ((line.sequence === 1) !== (line.previous === null)) {
    throw new SchemaError('the first statement of a line, and only it, follows none')
  }
  return line
}

function randomId(): string {
  return encodeHex(randomBytes(ID_BYTES))
}
