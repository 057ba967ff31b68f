/** What the properties are tried with: bytes, and everything that can happen to them. */
import fc from 'fast-check'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'

/** Bytes of any value, in memory of their own. */
export function bytes(constraints: fc.IntArrayConstraints = {}): fc.Arbitrary<Bytes> {
  return fc.uint8Array(constraints).map((octets) => Uint8Array.from(octets))
}

/** One thing that an attacker, a bad disk or a bad network does to bytes. */
export interface Change {
  readonly kind: 'flip' | 'cut' | 'add' | 'remove' | 'repeat' | 'swap'
  /** Where; taken modulo the length. */
  readonly at: number
  readonly other: number
  readonly length: number
  readonly added: Uint8Array
}

// Beginnings hold what is parsed; everywhere else has to be hit as well.
const position = fc.oneof(fc.nat({ max: 40 }), fc.noBias(fc.nat()))

/** Any change, of any length, anywhere. */
export const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'add', 'remove', 'repeat', 'swap'),
  at: position,
  other: position,
  length: fc.integer({ min: 1, max: 70 }),
  added: fc.uint8Array({ minLength: 1, maxLength: 70 }),
})

/** Return `original` with the change made to it; it may turn out the same. */
export function changed(original: Uint8Array, { kind, at, other, length, added }: Change): Bytes {
  const size = original.length
  const start = at % (size + 1)
  const end = Math.min(start + length, size)
  const [before, part, after] = [
    original.subarray(0, start),
    original.subarray(start, end),
    original.subarray(end),
  ]
  switch (kind) {
    case 'flip': {
      const copy = Uint8Array.from(original)
      const octet = copy[at % Math.max(1, size)]
      if (octet !== undefined) copy[at % size] = octet ^ (1 << (other % 8))
      return copy
    }
    case 'cut':
      return concatBytes(before)
    case 'add':
      return concatBytes(before, added, part, after)
    case 'remove':
      return concatBytes(before, after)
    case 'repeat':
      return concatBytes(before, part, part, after)
    case 'swap': {
      const middle = after.length === 0 ? 0 : other % after.length
      return concatBytes(before, after.subarray(0, middle), part, after.subarray(middle))
    }
  }
}

/** Say whether two values are the same bytes, in native code: they may be long. */
export function areSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
