/** Hexadecimal, as the RFCs print their vectors. */
import type { Bytes } from '../../lib/bytes.ts'

export function hex(text: string): Bytes {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ''), 'hex'))
}

export function toHex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex')
}
