/**
 * Writing, signing and opening any statement.
 *
 * All that leaves `openStatement` is verified, and all it raises is a StatementError.
 */
import type { Bytes } from '../../bytes.ts'
import type { Origin } from '../address.ts'
import { decodeCanonical, encodeCanonical } from '../canonical.ts'
import {
  type Envelope,
  type PayloadType,
  type Signer,
  signEnvelope,
  verifyEnvelope,
} from '../dsse.ts'
import {
  ChainError,
  FormatError,
  SignatureError,
  StatementSchemaError,
  StatementSignatureError,
} from '../errors.ts'
import { type Fields, readObject } from '../fields.ts'
import type { PublicIdentity } from '../public.ts'
import { type Line, lineToJson } from './line.ts'

export const DAY_SECONDS = 86_400

/** What all kinds of statement have in common. */
export interface Statement {
  readonly line: Line
}

/** How one kind of statement is written and read. */
export class StatementKind<Kind extends Statement> {
  readonly payloadType: PayloadType
  readonly #read: (fields: Fields) => Kind
  readonly #toJson: (statement: Kind) => Record<string, unknown>

  /** `read` and `toJson` are about all fields; the line's are written here. */
  constructor(how: {
    payloadType: PayloadType
    read: (fields: Fields) => Kind
    toJson: (statement: Kind) => Record<string, unknown>
  }) {
    this.payloadType = how.payloadType
    this.#read = how.read
    this.#toJson = how.toJson
  }

  /** Return the statement that a payload holds; StatementSchemaError if it holds none. */
  parse(payload: Uint8Array): Kind {
    try {
      return readObject(decodeCanonical(payload), this.#read)
    } catch (failure) {
      if (!(failure instanceof FormatError)) throw failure
      throw new StatementSchemaError(failure.message)
    }
  }

  /** Return the canonical JSON that is signed; CanonicalError for a text it refuses. */
  toPayload(statement: Kind): Bytes {
    return encodeCanonical({ ...lineToJson(statement.line), ...this.#toJson(statement) })
  }

  /**
   * Return the statement, signed. Whether `signer` may sign it is for readers to judge.
   *
   * Raises StatementSchemaError if a reader would refuse it, so that nothing is signed
   * that nobody accepts.
   */
  sign(statement: Kind, signer: Signer): Envelope {
    const payload = this.toPayload(statement)
    this.parse(payload)
    return signEnvelope(this.payloadType, payload, signer)
  }
}

/**
 * Return the statement in an envelope that `signer` signed for this origin.
 *
 * Raises StatementSignatureError, StatementSchemaError, or ChainError for a statement
 * that was made for another service.
 */
export function openStatement<Kind extends Statement>(
  envelope: Envelope,
  kind: StatementKind<Kind>,
  { signer, origin }: { signer: PublicIdentity; origin: Origin },
): Kind {
  let payload: Bytes
  try {
    payload = verifyEnvelope(envelope, { payloadType: kind.payloadType, signer })
  } catch (failure) {
    if (!(failure instanceof SignatureError)) throw failure
    throw new StatementSignatureError(failure.message)
  }
  const statement = kind.parse(payload)
  if (statement.line.origin !== origin) throw new ChainError('a statement for another service')
  return statement
}
