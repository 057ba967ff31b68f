/**
 * The manifest: what a document is, from whom, for whom, and what its contents hash to.
 *
 * sealed-document.md §3. File names, titles and the patient's identity stand here and
 * nowhere else. Only read here: a patient's page sends nothing of its own yet.
 */
import { decodeCanonical } from '../keys/canonical.ts'
import { FormatError, SchemaError, VersionError } from '../keys/errors.ts'
import { type Fields, readObject } from '../keys/fields.ts'
import { type Fingerprint, readFingerprint } from '../keys/public.ts'
import { MAX_CREATED_AT } from './bundle.ts'
import { checkBirthDate, checkDate } from './dates.ts'
import { ManifestRefusedError, UnknownVersionError } from './errors.ts'
import { checkNames } from './filenames.ts'

const VERSION = 1
const MAX_HASHED_FILE_BYTES = 67_108_864 // 64 MiB: browsers hash a file in one piece
const MAX_TEXT_CHARACTERS = 200
export const MAX_ORIGIN_CHARACTERS = 253 // of a DNS name
const MAX_ADDRESS_CHARACTERS = 254 // RFC 5321: a path of 256 with its angle brackets
const MAX_FILES = 1_000
/** 2 GiB of files: what a document holds at most, unless its reader says otherwise. */
export const MAX_BYTES = 2_147_483_648

const LOINC = /^[0-9]{1,7}-[0-9]$/
const MEDIA_TYPE = /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/
const INS_MATRICULE = /^[0-9]{6}[0-9AB][0-9]{8}$/ // 2A, 2B: Corsica
const OID = /^[0-9]+(?:\.[0-9]+)+$/

const PRIORITIES = ['routine', 'soon', 'urgent'] as const
const SEXES = ['F', 'M', 'U'] as const

/** One file of the contents. */
export interface ContentsFile {
  readonly name: string
  readonly mediaType: string
  readonly size: number
  /** Of the file itself, so that `sha256sum` proves a saved one; null above 64 MiB. */
  readonly sha256: string | null
}

/** What `contents.age` holds, and how long it is at each layer. */
export interface Contents {
  readonly files: readonly ContentsFile[]
  readonly paddedLength: number
  readonly sealedLength: number
  readonly tarLength: number
  readonly treeHash: string
}

/** The person the document is about. */
export interface Patient {
  readonly birthName: string
  readonly givenNames: string
  /** `YYYY-MM-DD`; an unknown month or day is `00`. */
  readonly birthDate: string
  readonly sex: (typeof SEXES)[number]
  /** The French national health identity. */
  readonly ins: { readonly matricule: string; readonly oid: string } | null
}

/** What the document is, in its author's words: the manifest's `document`. */
export interface Description {
  readonly title: string
  /** Of the act, `YYYY-MM-DD`. */
  readonly date: string
  /** Null in an offline document that is about nobody in particular. */
  readonly patient: Patient | null
  /** A LOINC code. */
  readonly kind: string | null
  readonly priority: (typeof PRIORITIES)[number]
  readonly replaces: string | null
  readonly withdraws: string | null
}

/** Who signed, as their member statement certifies them. */
export interface Sender {
  readonly address: string
  readonly fingerprint: Fingerprint
  readonly name: string
  readonly organisation: Fingerprint
}

/** A manifest whose schema holds. That it is genuine is `VerifiedCover`'s to say. */
export interface Manifest {
  readonly salt: string
  readonly documentId: string
  readonly origin: string
  readonly createdAt: number
  readonly sender: Sender
  readonly recipient: Fingerprint
  readonly contents: Contents
  readonly document: Description
}

/**
 * Return the manifest that `payload`, whose signatures hold, is canonical JSON of.
 *
 * Raises ManifestRefusedError if it breaks any rule of §3 or has more than `maxBytes` bytes
 * of files, UnknownVersionError for another version. That its lengths belong together, and
 * to the contents, is checked when those are opened.
 */
export function parseManifest(
  payload: Uint8Array,
  { maxBytes = MAX_BYTES }: { maxBytes?: number } = {},
): Manifest {
  try {
    const manifest = readObject(decodeCanonical(payload), readManifest)
    checkSize(manifest.contents, maxBytes)
    return manifest
  } catch (failure) {
    if (failure instanceof VersionError) {
      throw new UnknownVersionError('a manifest of another version')
    }
    if (!(failure instanceof FormatError)) throw failure
    throw new ManifestRefusedError('the manifest is not one that may be read')
  }
}

function readManifest(fields: Fields): Manifest {
  fields.version(VERSION)
  fields.constant('checkpoint', null)
  return {
    salt: fields.id('salt'),
    documentId: fields.id('document_id'),
    origin: fields.text('origin', { most: MAX_ORIGIN_CHARACTERS }),
    createdAt: fields.integer('created_at', { most: MAX_CREATED_AT }),
    sender: readObject(fields.take('sender'), readSender),
    recipient: readFingerprint(fields, 'recipient'),
    contents: readObject(fields.take('contents'), readContents),
    document: readObject(fields.take('document'), readDescription),
  }
}

function readSender(fields: Fields): Sender {
  fields.constant('on_behalf_of', null)
  return {
    address: fields.text('address', { most: MAX_ADDRESS_CHARACTERS }),
    fingerprint: readFingerprint(fields, 'fingerprint'),
    name: fields.text('name', { most: MAX_TEXT_CHARACTERS }),
    organisation: readFingerprint(fields, 'organisation'),
  }
}

function readContents(fields: Fields): Contents {
  const entries = fields.list('files', { least: 1, most: MAX_FILES })
  const files = entries.map((entry) => readObject(entry, readFile))
  checkNames(files.map(({ name }) => name))
  return {
    files,
    paddedLength: fields.integer('padded_length'),
    sealedLength: fields.integer('sealed_length'),
    tarLength: fields.integer('tar_length'),
    treeHash: fields.hash('tree_hash'),
  }
}

/** A sum that is no longer exact is beyond what any length can say, and so beyond the limit. */
function checkSize({ files }: Contents, maxBytes: number): void {
  if (files.reduce((total, { size }) => total + size, 0) > maxBytes) {
    throw new SchemaError(`a document has at most ${maxBytes} bytes`)
  }
}

function readFile(fields: Fields): ContentsFile {
  const size = fields.integer('size')
  return {
    name: fields.text('name', { most: MAX_TEXT_CHARACTERS }),
    mediaType: fields.matching('media_type', MEDIA_TYPE, { most: 100 }),
    size,
    sha256: size <= MAX_HASHED_FILE_BYTES ? fields.hash('sha256') : readNull(fields, 'sha256'),
  }
}

function readDescription(fields: Fields): Description {
  return {
    title: fields.text('title', { most: MAX_TEXT_CHARACTERS }),
    date: checkDate(fields.text('date', { most: 10 })),
    patient: fields.orNull('patient', (name) => readObject(fields.take(name), readPatient)),
    kind: fields.orNull('kind', (name) => fields.matching(name, LOINC, { most: 9 })),
    priority: fields.choice('priority', PRIORITIES),
    replaces: fields.orNull('replaces', (name) => fields.id(name)),
    withdraws: fields.orNull('withdraws', (name) => fields.id(name)),
  }
}

function readPatient(fields: Fields): Patient {
  return {
    birthName: fields.text('birth_name', { most: MAX_TEXT_CHARACTERS }),
    givenNames: fields.text('given_names', { most: MAX_TEXT_CHARACTERS }),
    birthDate: checkBirthDate(fields.text('birth_date', { most: 10 })),
    sex: fields.choice('sex', SEXES),
    ins: fields.orNull('ins', (name) =>
      readObject(fields.take(name), (ins) => ({
        matricule: ins.matching('matricule', INS_MATRICULE, { most: 15 }),
        oid: ins.matching('oid', OID, { most: 64 }),
      })),
    ),
  }
}

function readNull(fields: Fields, name: string): null {
  fields.constant(name, null)
  return null
}
