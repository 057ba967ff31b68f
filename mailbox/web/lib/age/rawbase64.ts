/** Base64 as age writes it: RFC 4648 section 4, no padding, one spelling per value. */
import { Base64Error, decodeBase64, encodeBase64 } from '../base64.ts'
import type { Bytes } from '../bytes.ts'
import { HeaderError } from './errors.ts'

/** Return the canonical unpadded base64 of `value`. */
export function encodeRawBase64(value: Uint8Array): string {
  return encodeBase64(value).replace(/=+$/, '')
}

/**
 * Return the bytes that `text` is the canonical unpadded base64 of.
 *
 * Raises HeaderError for any other spelling. Were two accepted, a header could be
 * changed without its meaning changing.
 */
export function decodeRawBase64(text: string): Bytes {
  if (text.includes('=')) throw new HeaderError('base64 is written without padding here')
  try {
    return decodeBase64(text + '='.repeat((4 - (text.length % 4)) % 4))
  } catch (failure) {
    if (!(failure instanceof Base64Error)) throw failure
    throw new HeaderError('not canonical unpadded base64')
  }
}
