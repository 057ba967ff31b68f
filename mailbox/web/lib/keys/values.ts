/**
 * Base64 and hexadecimal, one spelling per value (encoding.md §2).
 *
 * Were two spellings of one value accepted, a signed or hashed thing could be changed
 * without its meaning changing.
 */
import { Base64Error, decodeBase64, encodeBase64 } from '../base64.ts'
import type { Bytes } from '../bytes.ts'
import { SpellingError } from './errors.ts'

/** 128 random bits name an invitation, a document, an unlocker, a line of statements. */
export const ID_BYTES = 16

/** SHA-256. */
export const HASH_BYTES = 32

const HEX = /^[0-9a-f]*$/

export { encodeBase64 }

/**
 * Return the bytes that `text` is the canonical base64 of.
 *
 * Raises SpellingError for any other spelling, or another number of bytes than `length`.
 */
export function readBase64(text: string, { length }: { length?: number } = {}): Bytes {
  let value: Bytes
  try {
    value = decodeBase64(text)
  } catch (failure) {
    if (!(failure instanceof Base64Error)) throw failure
    throw new SpellingError('not the canonical base64 of its value')
  }
  if (length !== undefined && value.length !== length) {
    throw new SpellingError(`${value.length} bytes where ${length} belong`)
  }
  return value
}

/** Return `text` if it is the lower-case hexadecimal of `length` bytes, or raise SpellingError. */
export function checkHex(text: string, { length }: { length: number }): string {
  if (text.length !== 2 * length || !HEX.test(text)) {
    throw new SpellingError(`not ${2 * length} lower-case hexadecimal digits`)
  }
  return text
}

/** Return the `length` bytes that `text` spells, or raise SpellingError. */
export function decodeHex(text: string, { length }: { length: number }): Bytes {
  checkHex(text, { length })
  return Uint8Array.from({ length }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  )
}

/** Return the lower-case hexadecimal of `value`. */
export function encodeHex(value: Uint8Array): string {
  return Array.from(value, (octet) => octet.toString(16).padStart(2, '0')).join('')
}
