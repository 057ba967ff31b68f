/**
 * A payload's chunks, sealed and opened in runs, in any order, several at a time.
 *
 * https://c2sp.org/age (Payload). The chunks of a run are handed to the cipher
 * together: the native one works on them in parallel, off this thread.
 */
import type { Bytes } from '../bytes.ts'
import { AEAD_NONCE_BYTES, type Aead, type AeadKey } from '../crypto/aead.ts'
import { AuthenticationError } from '../crypto/errors.ts'
import { randomBytes } from '../crypto/random.ts'
import { AgeUsageError, ChunkSealedTwiceError, PayloadError } from './errors.ts'
import type { FileKey } from './filekey.ts'
import {
  CHUNK_BYTES,
  PAYLOAD_NONCE_BYTES,
  SEALED_CHUNK_BYTES,
  SEGMENT_CHUNKS,
  type StreamLayout,
  TAG_BYTES,
} from './lengths.ts'

/** A run of chunks: where it begins, and whether it ends with the payload's final chunk. */
export interface Run {
  readonly firstChunkIndex: number
  readonly last: boolean
}

/**
 * Seals each chunk of one new payload, and each index only once. Prints as `…`.
 *
 * `nonce` goes before chunk 0 in the file. It is drawn here, so that a second
 * payload under the same file key still gets a key of its own.
 */
export class PayloadSealer {
  readonly nonce: Bytes
  readonly #key: AeadKey
  readonly #sealed = new Set<number>()
  #end = 0 // one more than the highest index sealed so far
  #lastIndex: number | null = null // the final chunk's, once sealed

  private constructor(nonce: Bytes, key: AeadKey) {
    this.nonce = nonce
    this.#key = key
  }

  static create(fileKey: FileKey, aead: Aead): Promise<PayloadSealer> {
    const nonce = randomBytes(PAYLOAD_NONCE_BYTES)
    return PayloadSealer.reproduceForTestVectors(fileKey, nonce, aead)
  }

  /**
   * Seal a known file again, byte for byte. Only tests may call this.
   *
   * Two plaintexts sealed with the same file key and nonce give both away, and let
   * anyone forge more.
   */
  static async reproduceForTestVectors(
    fileKey: FileKey,
    nonce: Bytes,
    aead: Aead,
  ): Promise<PayloadSealer> {
    return new PayloadSealer(nonce, await aead.withKey(fileKey.payloadKey(nonce)))
  }

  /**
   * Return a run of chunks, sealed.
   *
   * `plaintext` is whole chunks of CHUNK_BYTES; only a run with `last`, which ends
   * with the payload's final chunk, may end with a shorter one, and it is empty
   * only if the whole payload is. It must not change until the promise is kept.
   *
   * Raises ChunkSealedTwiceError if any of the indices was sealed before, or lies
   * after the final chunk: nothing is sealed then. To send a run again, keep the
   * sealed bytes and send those. AgeUsageError for lengths that can't be.
   */
  async sealSegment(plaintext: Bytes, { firstChunkIndex, last }: Run): Promise<Bytes> {
    const count = countChunks({
      length: plaintext.length,
      chunkBytes: CHUNK_BYTES,
      firstChunkIndex,
      last,
    })
    this.#claim({ firstChunkIndex, count, last })
    const sealed = new Uint8Array(plaintext.length + count * TAG_BYTES)
    await eachChunk(count, async (index) => {
      const isFinal = last && index === count - 1
      const chunk = plaintext.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)
      const nonce = chunkNonce(firstChunkIndex + index, { last: isFinal })
      sealed.set(await this.#key.seal(nonce, chunk), index * SEALED_CHUNK_BYTES)
    })
    return sealed
  }

  // Before sealing, not after: of two calls given the same run, both would get as
  // far as the cipher.
  #claim({ firstChunkIndex, count, last }: Run & { count: number }): void {
    const end = firstChunkIndex + count
    const isAfterFinal = this.#lastIndex !== null && (last || end - 1 > this.#lastIndex)
    const isBeforeSealed = last && this.#end > end - 1
    const indices = Array.from({ length: count }, (_, index) => firstChunkIndex + index)
    if (isAfterFinal || isBeforeSealed || indices.some((index) => this.#sealed.has(index))) {
      throw new ChunkSealedTwiceError('a chunk index is sealed once')
    }
    for (const index of indices) this.#sealed.add(index)
    this.#end = Math.max(this.#end, end)
    if (last) this.#lastIndex = end - 1
  }

  toString(): string {
    return 'PayloadSealer(…)'
  }
}

/** Opens chunks of one payload, from anywhere in it. Prints as `…`. */
export class PayloadOpener {
  readonly #key: AeadKey

  private constructor(key: AeadKey) {
    this.#key = key
  }

  static async create(fileKey: FileKey, nonce: Uint8Array, aead: Aead): Promise<PayloadOpener> {
    return new PayloadOpener(await aead.withKey(fileKey.payloadKey(nonce)))
  }

  /**
   * Return the plaintext of a run of sealed chunks.
   *
   * The twin of `PayloadSealer.sealSegment`; `last` says that the run ends with the
   * payload's final chunk, and is proved by its opening.
   *
   * `into` is memory to put it in, at its beginning: of many large runs, most of the time
   * would go into new memory for each.
   *
   * Raises PayloadError if a chunk was damaged, moved or cut, or is final where it
   * should not be, or the reverse: nothing of the run is returned then, and what `into`
   * holds means nothing. AgeUsageError if `into` is too short.
   */
  async openSegment(
    sealed: Bytes,
    { firstChunkIndex, last, into }: Run & { into?: Bytes },
  ): Promise<Bytes> {
    const count = countSealedChunks({ length: sealed.length, firstChunkIndex, last })
    const length = sealed.length - count * TAG_BYTES
    const plaintext = into?.subarray(0, length) ?? new Uint8Array(length)
    if (plaintext.length < length) throw new AgeUsageError('the memory is shorter than the run')
    await eachChunk(count, async (index) => {
      const isFinal = last && index === count - 1
      const chunk = sealed.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES)
      const nonce = chunkNonce(firstChunkIndex + index, { last: isFinal })
      plaintext.set(await this.#openChunk(nonce, chunk), index * CHUNK_BYTES)
    })
    return plaintext
  }

  /**
   * Return the plaintext of a run of chunks out of a stream whose length is known.
   *
   * `sealed` is exactly `layout.sealedRange(firstChunkIndex, count)` of the stream
   * for some count. Raises like `openSegment`, and PayloadError if it is no such run.
   * The length itself is proved only once the final chunk has been opened.
   */
  async openRange(
    sealed: Bytes,
    {
      layout,
      firstChunkIndex,
      into,
    }: { layout: StreamLayout; firstChunkIndex: number; into?: Bytes },
  ): Promise<Bytes> {
    const count = Math.ceil(sealed.length / SEALED_CHUNK_BYTES)
    if (count < 1 || firstChunkIndex + count > layout.chunkCount) {
      throw new PayloadError('these are not chunks of this stream')
    }
    const range = layout.sealedRange(firstChunkIndex, count)
    if (range.end - range.start !== sealed.length) {
      throw new PayloadError('these are not whole chunks of this stream')
    }
    const last = layout.isLast(firstChunkIndex, count)
    return this.openSegment(sealed, { firstChunkIndex, last, ...(into && { into }) })
  }

  async #openChunk(nonce: Bytes, chunk: Bytes): Promise<Bytes> {
    try {
      return await this.#key.open(nonce, chunk)
    } catch (failure) {
      if (!(failure instanceof AuthenticationError)) throw failure
      throw new PayloadError('a chunk of the payload is damaged or out of place')
    }
  }

  toString(): string {
    return 'PayloadOpener(…)'
  }
}

/** Return the nonce of one chunk: its index as 11 bytes, then 1 for the final one. */
export function chunkNonce(index: number, { last }: { last: boolean }): Bytes {
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new AgeUsageError('no payload has a chunk of this index')
  }
  const nonce = new Uint8Array(AEAD_NONCE_BYTES)
  // The index fills 8 of its 11 bytes, the last before the final one.
  new DataView(nonce.buffer).setBigUint64(AEAD_NONCE_BYTES - 1 - 8, BigInt(index))
  nonce[AEAD_NONCE_BYTES - 1] = last ? 1 : 0
  return nonce
}

/**
 * Work on all chunks, a segment's worth at a time: enough to keep the native cipher
 * busy (four times as fast as one by one), and a bound on what it copies.
 *
 * All of those at work end before a failure is raised: none still writes then.
 */
async function eachChunk(count: number, work: (index: number) => Promise<void>): Promise<void> {
  for (let start = 0; start < count; start += SEGMENT_CHUNKS) {
    const length = Math.min(SEGMENT_CHUNKS, count - start)
    const atWork = Array.from({ length }, (_, index) => work(start + index))
    for (const outcome of await Promise.allSettled(atWork)) {
      if (outcome.status === 'rejected') throw outcome.reason
    }
  }
}

function countSealedChunks(run: Run & { length: number }): number {
  try {
    return countChunks({ ...run, chunkBytes: SEALED_CHUNK_BYTES })
  } catch (failure) {
    if (!(failure instanceof AgeUsageError)) throw failure
    throw new PayloadError('the payload was cut short or added to')
  }
}

/**
 * Return how many chunks, sealed or plain, a run of this length holds.
 *
 * Raises AgeUsageError if it is no run of chunks that age allows.
 */
function countChunks(run: Run & { length: number; chunkBytes: number }): number {
  const { length, chunkBytes, firstChunkIndex, last } = run
  const emptyChunkBytes = chunkBytes - CHUNK_BYTES
  const rest = length % chunkBytes
  if (!Number.isSafeInteger(firstChunkIndex) || firstChunkIndex < 0) {
    throw new AgeUsageError('a chunk index is a whole number, not negative')
  }
  // An empty payload: the one empty chunk there is.
  if (last && firstChunkIndex === 0 && length === emptyChunkBytes) return 1
  if (length === 0 || (rest > 0 && (!last || rest <= emptyChunkBytes))) {
    throw new AgeUsageError('a run is whole chunks, and no chunk is empty')
  }
  return Math.ceil(length / chunkBytes)
}
