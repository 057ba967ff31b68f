/** Lengths, checked at the primitives' doors. */
import { CryptoUsageError } from './errors.ts'

/**
 * Return `value` if it has exactly `length` bytes; raise CryptoUsageError if not.
 *
 * `what` names the value in the text; it is a word of ours, never the value.
 */
export function checkLength<Value extends Uint8Array>(
  value: Value,
  { length, what }: { length: number; what: string },
): Value {
  if (value.length !== length) {
    throw new CryptoUsageError(`${what} is ${length} bytes long, not ${value.length}`)
  }
  return value
}
