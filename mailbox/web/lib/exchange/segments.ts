/** Where the segments of sealed contents lie: arithmetic only, no key (sealed-document.md §2). */
import { SEALED_START_BYTES, sealedFileBytes, sealedSegmentRange } from '../age/file.ts'
import { type ByteRange, StreamLayout } from '../age/lengths.ts'

/** The segments of contents of `paddedLength` bytes, counted from 0. */
export class SegmentLayout {
  readonly stream: StreamLayout
  /** Length of the sealed file, header and nonce included. */
  readonly sealedLength: number

  constructor(paddedLength: number) {
    this.stream = StreamLayout.ofPlain(paddedLength)
    this.sealedLength = sealedFileBytes(paddedLength)
  }

  /** How many segments there are. */
  get count(): number {
    return this.stream.segmentCount
  }

  /** Return the plaintext's bytes that a segment holds. */
  plainRange(index: number): ByteRange {
    const { firstChunkIndex, count } = this.stream.segmentChunks(index)
    return this.stream.plainRange(firstChunkIndex, count)
  }

  /** Return a segment's bytes in the sealed file; segment 0 begins with the header. */
  sealedRange(index: number): ByteRange {
    const { start, end } = sealedSegmentRange(this.stream, index)
    return { start: index === 0 ? start - SEALED_START_BYTES : start, end }
  }
}
