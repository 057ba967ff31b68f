/** The CCTV age vectors: a textual header of our own to each, then an age file. */
import { inflateSync } from 'node:zlib'
import * as files from 'cctv-age'
import { ScryptIdentity } from '../../lib/age/scrypt.ts'
import { HybridIdentity, type Identity } from '../../lib/age/unwrap.ts'
import { X25519Identity } from '../../lib/age/x25519.ts'
import type { Bytes } from '../../lib/bytes.ts'

/** What a reader must find; the words are CCTV's. */
export type Expectation =
  | 'success'
  | 'no match'
  | 'HMAC failure'
  | 'armor failure'
  | 'header failure'
  | 'payload failure'

export interface Vector {
  readonly name: string
  readonly expect: Expectation
  /** SHA-256 of all plaintext that may be released before the end, or before the failure. */
  readonly payload: string | undefined
  readonly fileKey: string | undefined
  readonly identities: readonly Identity[]
  /** As it would be read from a disk: the armor included. */
  readonly file: Bytes
}

const EXPECTATIONS: ReadonlySet<string> = new Set<Expectation>([
  'success',
  'no match',
  'HMAC failure',
  'armor failure',
  'header failure',
  'payload failure',
])

const FIELDS: ReadonlySet<string> = new Set([
  'expect',
  'payload',
  'file key',
  'identity',
  'passphrase',
  'armored',
  'compressed',
  'comment',
])

/** Return all vectors; throw on one that isn't understood completely. */
export function vectors(): Vector[] {
  return Object.entries(files).map(([name, data]) => parse(name, data))
}

function parse(name: string, data: Uint8Array): Vector {
  const text = Buffer.from(data)
  const end = text.indexOf('\n\n')
  const fields = text
    .subarray(0, end)
    .toString('utf8')
    .split('\n')
    .map((line) => {
      const separator = line.indexOf(': ')
      return { key: line.slice(0, separator), value: line.slice(separator + 2) }
    })
  for (const { key } of fields) {
    if (!FIELDS.has(key)) throw new Error(`${name}: unknown field ${key}`)
  }
  const all = (key: string) =>
    fields.filter((field) => field.key === key).map((field) => field.value)
  const [expect] = all('expect')
  if (expect === undefined || !isExpectation(expect)) throw new Error(`${name}: expects what?`)
  const body = text.subarray(end + 2)
  const [compressed] = all('compressed')
  if (compressed !== undefined && compressed !== 'zlib') throw new Error(`${name}: ${compressed}`)
  const [armored] = all('armored')
  if (armored !== undefined && armored !== 'yes') throw new Error(`${name}: armored ${armored}`)
  return {
    name,
    expect,
    payload: all('payload')[0],
    fileKey: all('file key')[0],
    identities: [
      ...all('identity').map(parseIdentity),
      ...all('passphrase').map((passphrase) => new ScryptIdentity(passphrase)),
    ],
    file: Uint8Array.from(compressed === undefined ? body : inflateSync(body)),
  }
}

function isExpectation(text: string): text is Expectation {
  return EXPECTATIONS.has(text)
}

function parseIdentity(text: string): Identity {
  return text.startsWith('AGE-SECRET-KEY-PQ-')
    ? HybridIdentity.parse(text)
    : X25519Identity.parse(text)
}
