/** Joining items so that no two lists of items give the same bytes (encoding.md §1). */
import { type Bytes, concatBytes, utf8 } from '../bytes.ts'
import { hkdfSha256 } from '../crypto/hkdf.ts'
import { MisuseError } from './errors.ts'

export const LABEL_PREFIX = 'souspli/v1/'
export const DERIVED_BYTES = 32

const LENGTH_BYTES = 4
const LABEL = /^souspli\/v1\/[\x20-\x7e]+$/
const LONE_SURROGATE = /\p{Cs}/u

/**
 * Return label and items, each behind its length; text is UTF-8.
 *
 * `label` says what the result is for, `souspli/v1/<purpose>`: nothing hashed or signed
 * for one purpose can stand for another. Raises MisuseError without it, or for text that
 * UTF-8 can't hold.
 */
export function frame(label: string, ...items: readonly (Uint8Array | string)[]): Bytes {
  return concatBytes(...[checkLabel(label), ...items].flatMap(withLength))
}

/**
 * Return the 32 bytes that `key` gives for one purpose (HKDF-SHA256).
 *
 * `key` is 32 bytes of full strength: a root, an unlocker's secret, the output of
 * Argon2id; never a password or a code. Raises MisuseError for another length.
 */
export function derive(key: Uint8Array, label: string): Bytes {
  if (key.length !== DERIVED_BYTES) {
    throw new MisuseError(`a key to derive from is ${DERIVED_BYTES} bytes long`)
  }
  return hkdfSha256({ secret: key, info: utf8(checkLabel(label)), length: DERIVED_BYTES })
}

function checkLabel(label: string): string {
  if (!LABEL.test(label)) throw new MisuseError(`a label is ${LABEL_PREFIX}<purpose>`)
  return label
}

function withLength(item: Uint8Array | string): Uint8Array[] {
  const value = typeof item === 'string' ? encodeText(item) : item
  const length = new Uint8Array(LENGTH_BYTES)
  new DataView(length.buffer).setUint32(0, value.length)
  return [length, value]
}

function encodeText(text: string): Bytes {
  // TextEncoder would write U+FFFD in its place, and two texts would be one.
  if (LONE_SURROGATE.test(text)) throw new MisuseError('a text item with a lone surrogate')
  return utf8(text)
}
