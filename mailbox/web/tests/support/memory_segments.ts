/** Kept segments in memory: what a private file does, and what can be broken at will. */
import type { ByteRange } from '../../lib/age/lengths.ts'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import type { KeptSegments } from '../../lib/exchange/kept_segments.ts'

export class MemorySegments implements KeptSegments {
  bytes: Bytes = new Uint8Array(0)

  constructor(bytes?: Bytes) {
    if (bytes !== undefined) this.bytes = bytes
  }

  get length(): number {
    return this.bytes.length
  }

  async read({ start, end }: ByteRange): Promise<Bytes> {
    return this.bytes.slice(start, end)
  }

  async append(sealed: Bytes): Promise<void> {
    this.bytes = concatBytes(this.bytes, sealed)
  }

  async cut(length: number): Promise<void> {
    this.bytes = this.bytes.slice(0, length)
  }
}
