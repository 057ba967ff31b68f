/** Base64, RFC 4648 section 4: one spelling per value, any other refused. */
import type { Bytes } from './bytes.ts'
import { SouspliError } from './errors.ts'

/** The text is not the canonical base64 of anything. It never repeats the text. */
export class Base64Error extends SouspliError {
  override name = 'Base64Error'
}

// String.fromCharCode takes its octets as arguments, of which engines allow some
// tens of thousands.
const OCTETS_PER_CALL = 8_192

/** Return the padded base64 of `value`. */
export function encodeBase64(value: Uint8Array): string {
  let binary = ''
  for (let start = 0; start < value.length; start += OCTETS_PER_CALL) {
    binary += String.fromCharCode(...value.subarray(start, start + OCTETS_PER_CALL))
  }
  return btoa(binary)
}

/**
 * Return the bytes that `text` is the canonical, padded base64 of.
 *
 * Raises Base64Error for any other spelling: missing padding, white space,
 * characters outside the alphabet, bits that are not zero after the last byte.
 */
export function decodeBase64(text: string): Bytes {
  let binary: string
  try {
    binary = atob(text)
  } catch {
    throw new Base64Error('not base64')
  }
  const value = Uint8Array.from(binary, (character) => character.charCodeAt(0))
  // atob skips white space, adds missing padding and drops spare bits: encoding
  // again catches all of it.
  if (encodeBase64(value) !== text) throw new Base64Error('not canonical base64')
  return value
}
