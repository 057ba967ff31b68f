/**
 * Canonical JSON: one spelling for every value, the same in every language.
 *
 * The rules 1–7 are those of encoding.md §3. Whoever signs or seals JSON writes it with
 * `encodeCanonical`; whoever verified a signature reads it with `decodeCanonical`.
 */
import { type Bytes, concatBytes, equalBytes, utf8 } from '../bytes.ts'
import { checkAssigned } from './assigned.ts'
import { CanonicalError, MisuseError } from './errors.ts'

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** An object of canonical JSON. Own properties only: look them up with `fields.ts`. */
export type JsonObject = { readonly [key: string]: JsonValue }

export const MAX_BYTES = 1_048_576 // rule 6
export const MAX_DEPTH = 8 // rule 4
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER // rule 1: 2^53 - 1

// Rule 2. Beginning with a letter keeps out `__proto__`, which is no ordinary key here,
// and digits, which objects move to the front.
const KEY = /^(?:[a-z][a-z0-9_]*|payloadType)$/

// Rule 3. Escapes, since most of these can't be seen in an editor. With the flag u,
// only a surrogate that stands alone is a surrogate.
const FORBIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/u

const ASCII = /^[\u0020-\u007e]*$/

const SPACE = 0x20

/**
 * Return the canonical JSON of `value`; `decodeCanonical` gives the same value back.
 *
 * Takes plain objects, arrays, text, integers, booleans and null. Raises CanonicalError
 * for whatever a reader would refuse.
 */
export function encodeCanonical(value: Readonly<Record<string, unknown>>): Bytes {
  const pieces: string[] = []
  writeObject(value, 1, pieces)
  return checkSize(utf8(pieces.join('')))
}

/**
 * Return the object that `encoded` is the canonical JSON of.
 *
 * Raises CanonicalError, and nothing else, if any of the rules is broken. Its text holds
 * nothing of what was read.
 */
export function decodeCanonical(encoded: Uint8Array): JsonObject {
  checkSize(encoded)
  let value: unknown
  try {
    // ignoreBOM keeps a byte order mark in the text, where it is refused.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(encoded)
    value = JSON.parse(text)
  } catch {
    // Not chained: a SyntaxError quotes what it read.
    throw new CanonicalError('not JSON in UTF-8')
  }
  if (!isPlainObject(value)) throw new CanonicalError('the outermost value is not an object')
  // JSON.parse takes the last of two equal keys, rounds large numbers and skips white
  // space: writing the value again shows it, and checks every rule.
  if (!equalBytes(encodeCanonical(value), encoded)) {
    throw new CanonicalError('not the canonical spelling of its value')
  }
  return value as JsonObject
}

/** Return the canonical JSON of `value` and spaces up to a multiple of `multiple` bytes. */
export function encodePadded(
  value: Readonly<Record<string, unknown>>,
  { multiple }: { multiple: number },
): Bytes {
  if (multiple < 1) throw new MisuseError('a multiple is at least 1')
  const encoded = encodeCanonical(value)
  return concatBytes(encoded, new Uint8Array(paddingOf(encoded.length, multiple)).fill(SPACE))
}

/**
 * Return the object that `encodePadded` wrote, or raise CanonicalError.
 *
 * Fewer or more spaces than the rule gives are refused like any other spelling.
 */
export function decodePadded(padded: Uint8Array, { multiple }: { multiple: number }): JsonObject {
  let length = padded.length
  while (length > 0 && padded[length - 1] === SPACE) length -= 1
  if (padded.length - length !== paddingOf(length, multiple)) {
    throw new CanonicalError('not padded as the rule says')
  }
  return decodeCanonical(padded.subarray(0, length))
}

/** Return `text` if it may stand in canonical JSON (rule 3), or raise CanonicalError. */
export function checkText(text: string): string {
  if (FORBIDDEN.test(text)) throw new CanonicalError('a character that no text may hold')
  if (ASCII.test(text)) return text // most texts are keys and hashes
  // First: of other characters, versions of Unicode differ on what is in NFC.
  checkAssigned(text)
  if (text.normalize('NFC') !== text) throw new CanonicalError('a text that is not in NFC')
  return text
}

function write(value: unknown, depth: number, pieces: string[]): void {
  if (value === null || typeof value === 'boolean') pieces.push(String(value))
  else if (typeof value === 'number') pieces.push(String(checkInteger(value)))
  else if (typeof value === 'string') pieces.push(quote(value))
  else if (Array.isArray(value)) writeArray(value, depth, pieces)
  else if (isPlainObject(value)) writeObject(value, depth, pieces)
  else throw new CanonicalError('neither object, array, text, integer, boolean nor null')
}

function writeObject(value: Readonly<Record<string, unknown>>, depth: number, pieces: string[]) {
  checkDepth(depth)
  // Keys are ASCII by rule 2, so all languages sort them alike.
  const keys = Object.keys(value).map(checkKey).sort()
  for (const [index, key] of keys.entries()) {
    pieces.push(`${index === 0 ? '{' : ','}"${key}":`)
    write(value[key], depth + 1, pieces)
  }
  pieces.push(keys.length === 0 ? '{}' : '}')
}

function writeArray(value: readonly unknown[], depth: number, pieces: string[]): void {
  checkDepth(depth)
  for (const [index, item] of value.entries()) {
    pieces.push(index === 0 ? '[' : ',')
    write(item, depth + 1, pieces)
  }
  pieces.push(value.length === 0 ? '[]' : ']')
}

function quote(text: string): string {
  // Whatever else JSON would escape, rule 3 has refused.
  return `"${checkText(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function checkSize<Value extends Uint8Array>(encoded: Value): Value {
  if (encoded.length > MAX_BYTES) throw new CanonicalError(`more than ${MAX_BYTES} bytes`)
  return encoded
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new CanonicalError(`containers nested deeper than ${MAX_DEPTH}`)
}

function checkKey(key: string): string {
  if (!KEY.test(key)) throw new CanonicalError('an object key outside [a-z][a-z0-9_]*')
  return key
}

function checkInteger(value: number): number {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
    throw new CanonicalError('a number that is no integer within 2^53 - 1')
  }
  return value
}

/** Objects of other classes are refused: one of them may be a secret. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function paddingOf(length: number, multiple: number): number {
  return (multiple - (length % multiple)) % multiple
}
