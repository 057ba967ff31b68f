/** One bit changed: what an attacker or a bad cable does. */
import type { Bytes } from '../../lib/bytes.ts'

/** Return a copy of `value` with one bit of the octet at `index` (from the end, if negative) changed. */
export function flipped(value: Uint8Array, index: number): Bytes {
  const copy = Uint8Array.from(value)
  const position = index < 0 ? copy.length + index : index
  const octet = copy[position]
  if (octet === undefined) throw new RangeError('no such octet')
  copy[position] = octet ^ 1
  return copy
}

/** Return a copy in which the base64 letter at `index` is another one. (One bit may make it none.) */
export function misspelt(value: Uint8Array, index: number): Bytes {
  const copy = Uint8Array.from(value)
  const [b, c] = [0x42, 0x43] // "B" and "C"
  copy[index] = copy[index] === b ? c : b
  return copy
}
