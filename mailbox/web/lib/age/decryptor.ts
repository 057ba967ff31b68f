/**
 * A payload opened as it arrives, for readers that can't wait for all of it.
 *
 * Nothing in the product may act on what this releases before `finish` has returned:
 * every chunk is authentic, but the end may be missing. A sealed document is opened
 * with `PayloadOpener` instead, and shown once its tree hash has verified.
 */
import { type Bytes, concatBytes } from '../bytes.ts'
import { AgeUsageError, PayloadError } from './errors.ts'
import { SEALED_CHUNK_BYTES } from './lengths.ts'
import type { PayloadOpener } from './stream.ts'

/**
 * Takes a stream in pieces of any size and releases each chunk once it is authentic.
 *
 * After an error every further call raises the same error: what was released before
 * it stays authentic, and is not the whole file. Await each call before the next.
 */
export class PayloadDecryptor {
  readonly #opener: PayloadOpener
  #pending: Bytes = new Uint8Array(0)
  #nextIndex = 0
  #ended = false
  #failure: unknown = null

  constructor(opener: PayloadOpener) {
    this.#opener = opener
  }

  /**
   * Return the plaintext of the chunks that `data` completes, if any.
   *
   * Raises PayloadError if the first of them is damaged or follows the final chunk.
   * If a later one is, what comes before it is returned, and the next call raises.
   */
  async receive(data: Uint8Array): Promise<Bytes> {
    this.#raiseFailure()
    this.#pending = concatBytes(this.#pending, data)
    const released: Bytes[] = []
    try {
      while (this.#pending.length > 0) {
        if (this.#ended) throw new PayloadError('the payload goes on after its final chunk')
        if (this.#pending.length < SEALED_CHUNK_BYTES) break
        released.push(await this.#openFullChunk())
      }
    } catch (failure) {
      this.#failure = failure
      if (released.length === 0) throw failure
    }
    return concatBytes(...released)
  }

  /**
   * Return what is left, now that the file has ended. Only then is it whole.
   *
   * Raises PayloadError if it ends without a final chunk, or anything failed before.
   */
  async finish(): Promise<Bytes> {
    this.#raiseFailure()
    this.#failure = new AgeUsageError('this payload has been finished')
    if (this.#ended) return new Uint8Array(0)
    try {
      return await this.#open(this.#pending, { last: true })
    } catch (failure) {
      this.#failure = failure
      throw failure
    }
  }

  async #openFullChunk(): Promise<Bytes> {
    const chunk = this.#pending.slice(0, SEALED_CHUNK_BYTES)
    this.#pending = this.#pending.subarray(SEALED_CHUNK_BYTES)
    try {
      return await this.#open(chunk, { last: false })
    } catch (failure) {
      if (!(failure instanceof PayloadError)) throw failure
      // A full chunk may be the final one. Only its nonce tells, so the other one is
      // tried; the tag decides, never the length.
      const plaintext = await this.#open(chunk, { last: true })
      this.#ended = true
      return plaintext
    }
  }

  async #open(chunk: Bytes, { last }: { last: boolean }): Promise<Bytes> {
    const run = { firstChunkIndex: this.#nextIndex, last }
    const plaintext = await this.#opener.openSegment(chunk, run)
    this.#nextIndex += 1
    return plaintext
  }

  #raiseFailure(): void {
    if (this.#failure !== null) throw this.#failure
  }
}
