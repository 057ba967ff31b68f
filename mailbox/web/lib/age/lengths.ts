/**
 * Where the chunks of a payload lie: arithmetic only, no key.
 *
 * A payload is a nonce of 16 bytes, then the plaintext in chunks of 64 KiB, each
 * sealed with a tag of 16 bytes; https://c2sp.org/age (Payload). The *stream* is
 * the payload without its nonce.
 */
import { AgeUsageError, PayloadError } from './errors.ts'

export const PAYLOAD_NONCE_BYTES = 16
export const CHUNK_BYTES = 65_536
export const TAG_BYTES = 16 // Poly1305
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES

/** docs/specs/sealed-document.md §2: 8 MiB of plaintext, the unit of upload and of the tree hash. */
export const SEGMENT_CHUNKS = 128

/** A run of octets: from `start` up to, and without, `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The chunks of one stream. Build it with `ofPlain` or `ofSealed`.
 *
 * A length that a peer or a store states proves nothing until the final chunk of
 * that layout has been opened: only that chunk is sealed as the final one.
 */
export class StreamLayout {
  readonly plainBytes: number

  private constructor(plainBytes: number) {
    this.plainBytes = plainBytes
  }

  /** Return the layout of the stream that seals so many bytes of plaintext. */
  static ofPlain(plainBytes: number): StreamLayout {
    if (!Number.isSafeInteger(plainBytes) || plainBytes < 0) {
      throw new AgeUsageError('a length is a whole number, not negative')
    }
    return new StreamLayout(plainBytes)
  }

  /**
   * Return the layout of a stream of so many bytes, nonce not included.
   *
   * Raises PayloadError if no plaintext gives that length: the stream stops inside
   * a tag, or ends with an empty chunk after others.
   */
  static ofSealed(sealedBytes: number): StreamLayout {
    const rest = sealedBytes % SEALED_CHUNK_BYTES
    const fullChunks = (sealedBytes - rest) / SEALED_CHUNK_BYTES
    const isEmptyPayload = fullChunks === 0 && rest === TAG_BYTES
    const isPossible =
      Number.isSafeInteger(sealedBytes) &&
      sealedBytes > 0 &&
      (rest === 0 || rest > TAG_BYTES || isEmptyPayload)
    if (!isPossible) {
      throw new PayloadError('no payload has this length: it was cut short or added to')
    }
    return new StreamLayout(sealedBytes - TAG_BYTES * (fullChunks + (rest > 0 ? 1 : 0)))
  }

  /** At least one: an empty payload is one empty chunk. */
  get chunkCount(): number {
    return Math.max(1, Math.ceil(this.plainBytes / CHUNK_BYTES))
  }

  /** At least one. All are full but the last. */
  get segmentCount(): number {
    return Math.ceil(this.chunkCount / SEGMENT_CHUNKS)
  }

  /** Length of the stream, nonce not included. */
  get sealedBytes(): number {
    return this.plainBytes + TAG_BYTES * this.chunkCount
  }

  /** Return the chunks of a segment: the index of the first, and how many. */
  segmentChunks(segmentIndex: number): { firstChunkIndex: number; count: number } {
    const firstChunkIndex = segmentIndex * SEGMENT_CHUNKS
    const count = Math.min(SEGMENT_CHUNKS, this.chunkCount - firstChunkIndex)
    this.#check(firstChunkIndex, count)
    return { firstChunkIndex, count }
  }

  /** Return the plaintext's bytes that these chunks hold. */
  plainRange(firstChunkIndex: number, count: number): ByteRange {
    this.#check(firstChunkIndex, count)
    const end = (firstChunkIndex + count) * CHUNK_BYTES
    return { start: firstChunkIndex * CHUNK_BYTES, end: Math.min(end, this.plainBytes) }
  }

  /** Return where in the stream these chunks lie sealed. */
  sealedRange(firstChunkIndex: number, count: number): ByteRange {
    this.#check(firstChunkIndex, count)
    const end = (firstChunkIndex + count) * SEALED_CHUNK_BYTES
    return { start: firstChunkIndex * SEALED_CHUNK_BYTES, end: Math.min(end, this.sealedBytes) }
  }

  /** Say whether these chunks end with the final one. */
  isLast(firstChunkIndex: number, count: number): boolean {
    this.#check(firstChunkIndex, count)
    return firstChunkIndex + count === this.chunkCount
  }

  #check(firstChunkIndex: number, count: number): void {
    const areWhole = Number.isSafeInteger(firstChunkIndex) && Number.isSafeInteger(count)
    if (
      !areWhole ||
      firstChunkIndex < 0 ||
      count < 1 ||
      firstChunkIndex + count > this.chunkCount
    ) {
      throw new AgeUsageError('these chunks are not in this stream')
    }
  }
}
