/**
 * The cover's plaintext: the document key, the manifest and the grants.
 *
 * sealed-document.md §4. Read and written here; believed only by `sealed.ts`.
 */
import { KeyStringError } from '../age/errors.ts'
import { HybridIdentity } from '../age/unwrap.ts'
import type { Bytes } from '../bytes.ts'
import { decodePadded, encodePadded } from '../keys/canonical.ts'
import { type Envelope, parseEnvelope } from '../keys/dsse.ts'
import { FormatError, VersionError } from '../keys/errors.ts'
import { type Fields, readObject } from '../keys/fields.ts'
import {
  CoverRefusedError,
  ExchangeUsageError,
  GrantRefusedError,
  UnknownVersionError,
} from './errors.ts'
import { MAX_GRANTS } from './grant.ts'

const VERSION = 1
const PADDING_BYTES = 8_192 // covers of short and long titles look alike
const MAX_COVER_BYTES = 524_288

const DOCUMENT_KEY_CHARACTERS = 100 // `AGE-SECRET-KEY-PQ-1…` has 77

/** A cover's plaintext. Its envelopes are not verified. */
export interface Cover {
  readonly documentKey: HybridIdentity
  readonly manifest: Envelope
  readonly grants: readonly Envelope[]
}

/**
 * Return the padded plaintext to seal.
 *
 * Raises ExchangeUsageError beyond 512 KiB: senders leave room for all grants there are.
 */
export function encodeCover(cover: Cover): Bytes {
  const plaintext = encodePadded(
    {
      document_key: cover.documentKey.toSecretString(),
      grants: cover.grants.map((grant) => grant.toJSON()),
      manifest: cover.manifest.toJSON(),
      version: VERSION,
    },
    { multiple: PADDING_BYTES },
  )
  if (plaintext.length > MAX_COVER_BYTES) throw new ExchangeUsageError('the cover has no room')
  return plaintext
}

/**
 * Return what a decrypted cover holds, or raise CoverRefusedError.
 *
 * More than eight grants raise GrantRefusedError, another version UnknownVersionError.
 */
export function parseCover(plaintext: Uint8Array): Cover {
  if (plaintext.length > MAX_COVER_BYTES) {
    throw new CoverRefusedError('larger than a cover can be')
  }
  try {
    return readObject(decodePadded(plaintext, { multiple: PADDING_BYTES }), readCover)
  } catch (failure) {
    if (failure instanceof VersionError) throw new UnknownVersionError('a cover of another version')
    if (!(failure instanceof FormatError || failure instanceof KeyStringError)) throw failure
    throw new CoverRefusedError('not a cover')
  }
}

function readCover(fields: Fields): Cover {
  fields.version(VERSION)
  const grants = fields.list('grants')
  if (grants.length > MAX_GRANTS) throw new GrantRefusedError(`more than ${MAX_GRANTS} grants`)
  return {
    documentKey: readDocumentKey(fields.text('document_key', { most: DOCUMENT_KEY_CHARACTERS })),
    manifest: fields.parsed('manifest', parseEnvelope),
    grants: grants.map(parseEnvelope),
  }
}

function readDocumentKey(text: string): HybridIdentity {
  const key = HybridIdentity.parse(text)
  if (key.toSecretString() !== text) {
    throw new CoverRefusedError('the document key is not spelt as age spells it')
  }
  return key
}
