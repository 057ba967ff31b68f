/** Octets: joined, compared, and read as text. */

/** Octets in memory of their own. (What WebCrypto takes: never a view on shared memory.) */
export type Bytes = Uint8Array<ArrayBuffer>

const encoder = new TextEncoder()

/** Return the parts, one after the other, in new memory. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  return joinBytes(parts)
}

/** The same for any number of parts: a call takes some 100,000 arguments, and no more. */
export function joinBytes(parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let position = 0
  for (const part of parts) {
    joined.set(part, position)
    position += part.length
  }
  return joined
}

/**
 * Say whether two values are the same, in a time that depends on their lengths only.
 *
 * For MACs and hashes of secrets: a comparison that stops at the first difference
 * tells an attacker how much of a guess was right.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (const [index, octet] of a.entries()) difference |= octet ^ (b[index] ?? 0xff)
  return difference === 0
}

/** Return the text as UTF-8. */
export function utf8(text: string): Bytes {
  return encoder.encode(text)
}
