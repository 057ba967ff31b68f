/** Reading a JSON object whose list of fields is closed (encoding.md §3, «Schemas»). */
import type { Bytes } from '../bytes.ts'
import { MAX_BYTES, MAX_INTEGER } from './canonical.ts'
import { SchemaError, VersionError } from './errors.ts'
import { checkHex, HASH_BYTES, ID_BYTES, readBase64 } from './values.ts'

/**
 * Return what `read` makes of the object's fields, each of them taken once.
 *
 * Raises SchemaError if `value` is no object, if `read` asks for a field that is missing
 * or has another type, or if it leaves a field untaken. SpellingError comes from the
 * values themselves.
 */
export function readObject<Value>(value: unknown, read: (fields: Fields) => Value): Value {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SchemaError('no object where one belongs')
  }
  const fields = new Fields(value)
  const result = read(fields)
  fields.refuseTheRest()
  return result
}

/**
 * The fields of one object, to be taken by name. Made by `readObject`.
 *
 * Every method raises SchemaError for a field that is missing or was taken before. The
 * texts of errors hold names of fields, never values.
 */
export class Fields {
  // A Map, since every object inherits properties that nobody wrote.
  readonly #left: Map<string, unknown>

  constructor(value: object) {
    this.#left = new Map(Object.entries(value))
  }

  /** Say whether an optional field is there, and not taken yet. */
  has(name: string): boolean {
    return this.#left.has(name)
  }

  /** Return the field as it was parsed, whatever its type. */
  take(name: string): unknown {
    if (!this.#left.has(name)) throw new SchemaError(`field ${name} is missing`)
    const value = this.#left.get(name)
    this.#left.delete(name)
    return value
  }

  /** Return a text of `least` to `most` characters (Unicode code points). */
  text(name: string, { least = 1, most }: { least?: number; most: number }): string {
    const value = this.take(name)
    if (typeof value !== 'string' || !hasLength(value, least, most)) {
      throw new SchemaError(`field ${name} is no text of ${least} to ${most} characters`)
    }
    return value
  }

  /** Return a text of at most `most` characters that all of `pattern` describes. */
  matching(name: string, pattern: RegExp, { most }: { most: number }): string {
    const value = this.text(name, { most })
    if (!pattern.test(value)) throw new SchemaError(`field ${name} has another form`)
    return value
  }

  /** Return an integer from `least` to `most`. */
  integer(name: string, { least = 0, most = MAX_INTEGER } = {}): number {
    const value = this.take(name)
    if (!Number.isSafeInteger(value) || Number(value) < least || Number(value) > most) {
      throw new SchemaError(`field ${name} is no integer from ${least} to ${most}`)
    }
    return value as number
  }

  /** Return true or false. */
  boolean(name: string): boolean {
    const value = this.take(name)
    if (typeof value !== 'boolean') throw new SchemaError(`field ${name} is neither true nor false`)
    return value
  }

  /** Take a field that can hold one value only. */
  constant(name: string, expected: string | number | null): void {
    if (this.take(name) !== expected) throw new SchemaError(`field ${name} is not ${expected}`)
  }

  /** Take the field `version`, first of all; raise VersionError if it is another. */
  version(expected: number): void {
    const found = this.integer('version')
    if (found !== expected) throw new VersionError(`another version than ${expected}`)
  }

  /** Return the one of `choices` that the field is. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.take(name)
    for (const choice of choices) if (value === choice) return choice
    throw new SchemaError(`field ${name} is none of the words it may be`)
  }

  /** Return a 128-bit id or salt, 32 hexadecimal digits. */
  id(name: string): string {
    return checkHex(this.text(name, { most: 2 * ID_BYTES }), { length: ID_BYTES })
  }

  /** Return a SHA-256 hash, 64 hexadecimal digits. */
  hash(name: string): string {
    return checkHex(this.text(name, { most: 2 * HASH_BYTES }), { length: HASH_BYTES })
  }

  /** Return the bytes that were written as base64, `length` of them if it is given. */
  base64(name: string, options: { length?: number } = {}): Bytes {
    const value = this.take(name)
    if (typeof value !== 'string') throw new SchemaError(`field ${name} is no text`)
    return readBase64(value, options)
  }

  /**
   * Return the items of a list, still to be read.
   *
   * More than the default `most` fit into no canonical JSON.
   */
  list(name: string, { least = 0, most = MAX_BYTES } = {}): readonly unknown[] {
    const value = this.take(name)
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      throw new SchemaError(`field ${name} is no list of ${least} to ${most} items`)
    }
    return value
  }

  /** Return what another parser makes of the field. */
  parsed<Value>(name: string, parse: (value: unknown) => Value): Value {
    return parse(this.take(name))
  }

  /** Return null for `null`, else what `read`, which takes the field, returns. */
  orNull<Value>(name: string, read: (name: string) => Value): Value | null {
    if (this.#left.get(name) !== null) return read(name)
    this.take(name)
    return null
  }

  /** Raise SchemaError if a field was not taken: it is unknown. */
  refuseTheRest(): void {
    // Its name comes from outside and may be anything.
    if (this.#left.size > 0) throw new SchemaError('an unknown field')
  }
}

function hasLength(text: string, least: number, most: number): boolean {
  // A code point is one or two units: most texts need no counting.
  if (text.length < least || text.length > 2 * most) return false
  if (text.length <= most && least <= 1) return true
  const characters = [...text].length
  return characters >= least && characters <= most
}
