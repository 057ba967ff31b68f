import { beforeAll, describe, expect, test } from 'vitest'
import { PayloadDecryptor } from '../../lib/age/decryptor.ts'
import { AgeUsageError, ChunkSealedTwiceError, PayloadError } from '../../lib/age/errors.ts'
import { FileKey } from '../../lib/age/filekey.ts'
import {
  CHUNK_BYTES,
  SEALED_CHUNK_BYTES,
  SEGMENT_CHUNKS,
  StreamLayout,
  TAG_BYTES,
} from '../../lib/age/lengths.ts'
import { chunkNonce, PayloadOpener, PayloadSealer } from '../../lib/age/stream.ts'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import { AEAD_BACKENDS, type Aead } from '../../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { randomBytes } from '../../lib/crypto/random.ts'
import { flipped } from '../support/flip.ts'
import { toHex } from '../support/hex.ts'

const CHUNK = randomBytes(CHUNK_BYTES)
const THREE = concatBytes(CHUNK, CHUNK, randomBytes(5))
const WHOLE = { firstChunkIndex: 0, last: true }

test('the nonce of a chunk is its index in eleven bytes, and whether it is the final one', () => {
  expect(toHex(chunkNonce(0, { last: false }))).toBe('000000000000000000000000')
  expect(toHex(chunkNonce(0x0102, { last: true }))).toBe('000000000000000000010201')
  expect(toHex(chunkNonce(2 ** 53 - 1, { last: false }))).toBe('000000001fffffffffffff00')
  expect(() => chunkNonce(-1, { last: false })).toThrow(AgeUsageError)
  expect(() => chunkNonce(2 ** 53, { last: false })).toThrow(AgeUsageError)
})

describe.each(AEAD_BACKENDS)('with the %s cipher', (backend) => {
  const fileKey = FileKey.generate()
  let aead: Aead
  let sealer: PayloadSealer
  let opener: PayloadOpener
  let sealed: Bytes

  beforeAll(async () => {
    aead = await chacha20Poly1305(backend)
    sealer = await PayloadSealer.create(fileKey, aead)
    opener = await PayloadOpener.create(fileKey, sealer.nonce, aead)
    sealed = await sealer.sealSegment(THREE, WHOLE)
  })

  test('what is sealed in one run is opened in any', async () => {
    expect(await opener.openSegment(sealed, WHOLE)).toEqual(THREE)
    const middle = sealed.subarray(SEALED_CHUNK_BYTES, 2 * SEALED_CHUNK_BYTES)
    expect(await opener.openSegment(middle, { firstChunkIndex: 1, last: false })).toEqual(CHUNK)
  })

  test('more than a segment is sealed and opened in one run', async () => {
    const plaintext = new Uint8Array((SEGMENT_CHUNKS + 1) * CHUNK_BYTES + 7)
    plaintext.set(CHUNK, SEGMENT_CHUNKS * CHUNK_BYTES)
    const long = await PayloadSealer.create(fileKey, aead)
    const stream = await long.sealSegment(plaintext, WHOLE)
    const reader = await PayloadOpener.create(fileKey, long.nonce, aead)
    expect(Buffer.compare(await reader.openSegment(stream, WHOLE), plaintext)).toBe(0)
    const damaged = flipped(stream, SEGMENT_CHUNKS * SEALED_CHUNK_BYTES)
    await expect(reader.openSegment(damaged, WHOLE)).rejects.toBeInstanceOf(PayloadError)
  })

  test('runs sealed out of order make the same stream as one run', async () => {
    const reproduce = () => PayloadSealer.reproduceForTestVectors(fileKey, sealer.nonce, aead)
    const inRuns = await reproduce()
    const end = await inRuns.sealSegment(THREE.subarray(2 * CHUNK_BYTES), {
      firstChunkIndex: 2,
      last: true,
    })
    const start = await inRuns.sealSegment(THREE.subarray(0, 2 * CHUNK_BYTES), {
      firstChunkIndex: 0,
      last: false,
    })
    expect(Buffer.compare(concatBytes(start, end), sealed)).toBe(0)
  })

  test('an empty payload is one empty chunk', async () => {
    const empty = await PayloadSealer.create(fileKey, aead)
    const stream = await empty.sealSegment(new Uint8Array(0), WHOLE)
    expect(stream).toHaveLength(TAG_BYTES)
    const reader = await PayloadOpener.create(fileKey, empty.nonce, aead)
    expect(await reader.openSegment(stream, WHOLE)).toHaveLength(0)
  })

  test('two payloads under one file key have nonces of their own', async () => {
    const other = await PayloadSealer.create(fileKey, aead)
    expect(other.nonce).not.toEqual(sealer.nonce)
  })

  describe('opening refuses', () => {
    test.each([
      ['a changed bit in a chunk in the middle', (s: Bytes) => flipped(s, SEALED_CHUNK_BYTES + 9)],
      ['a changed tag at the end', (s: Bytes) => flipped(s, -1)],
      ['a stream cut by a byte', (s: Bytes) => s.subarray(0, -1)],
      ['a stream cut at a chunk', (s: Bytes) => s.subarray(0, 2 * SEALED_CHUNK_BYTES)],
      ['a stream cut inside a tag', (s: Bytes) => s.subarray(0, 2 * SEALED_CHUNK_BYTES + 3)],
      ['a byte after the end', (s: Bytes) => concatBytes(s, Uint8Array.of(0))],
      ['nothing', () => new Uint8Array(0)],
      [
        'two chunks that changed places',
        (s: Bytes) =>
          concatBytes(
            s.subarray(SEALED_CHUNK_BYTES, 2 * SEALED_CHUNK_BYTES),
            s.subarray(0, SEALED_CHUNK_BYTES),
            s.subarray(2 * SEALED_CHUNK_BYTES),
          ),
      ],
    ])('%s', async (_fact, damage) => {
      const opening = opener.openSegment(damage(sealed), WHOLE)
      await expect(opening).rejects.toBeInstanceOf(PayloadError)
    })

    test('the final chunk as one in between, and the reverse', async () => {
      const first = sealed.subarray(0, SEALED_CHUNK_BYTES)
      const asFinal = opener.openSegment(first, { firstChunkIndex: 0, last: true })
      await expect(asFinal).rejects.toBeInstanceOf(PayloadError)
      const full = await PayloadSealer.create(fileKey, aead)
      const stream = await full.sealSegment(CHUNK, WHOLE)
      const reader = await PayloadOpener.create(fileKey, full.nonce, aead)
      const asMiddle = reader.openSegment(stream, { firstChunkIndex: 0, last: false })
      await expect(asMiddle).rejects.toBeInstanceOf(PayloadError)
    })

    test('a run that does not fit the layout', async () => {
      const layout = StreamLayout.ofPlain(THREE.length)
      for (const [start, end, firstChunkIndex] of [
        [0, SEALED_CHUNK_BYTES - 1, 0],
        [0, 0, 0],
        [0, SEALED_CHUNK_BYTES, 2],
        [0, SEALED_CHUNK_BYTES, 3],
      ] as const) {
        const opening = opener.openRange(sealed.subarray(start, end), { layout, firstChunkIndex })
        await expect(opening).rejects.toBeInstanceOf(PayloadError)
      }
    })

    test('a stated length that is not the true one', async () => {
      const atStart = sealed.subarray(0, 2 * SEALED_CHUNK_BYTES)
      const atEnd = sealed.subarray(2 * SEALED_CHUNK_BYTES)
      for (const [run, firstChunkIndex, plainBytes] of [
        [atStart, 0, 2 * CHUNK_BYTES],
        [atEnd, 2, THREE.length + 1],
        [atEnd, 2, THREE.length - 1],
      ] as const) {
        const layout = StreamLayout.ofPlain(plainBytes)
        const opening = opener.openRange(run, { layout, firstChunkIndex })
        await expect(opening).rejects.toBeInstanceOf(PayloadError)
      }
    })
  })

  describe('sealing refuses', () => {
    const FIRST = { firstChunkIndex: 0, last: false }

    test('a chunk index a second time, the same plaintext included', async () => {
      const once = await PayloadSealer.create(fileKey, aead)
      await once.sealSegment(CHUNK, FIRST)
      const again = once.sealSegment(CHUNK, FIRST)
      await expect(again).rejects.toBeInstanceOf(ChunkSealedTwiceError)
    })

    test('a chunk index a second time while the first is under way', async () => {
      const once = await PayloadSealer.create(fileKey, aead)
      const both = [once.sealSegment(CHUNK, FIRST), once.sealSegment(CHUNK, FIRST)]
      const [first, second] = await Promise.allSettled(both)
      expect(first?.status).toBe('fulfilled')
      expect(second).toMatchObject({ reason: expect.any(ChunkSealedTwiceError) })
    })

    test('a chunk after the final one, and a second final one', async () => {
      const once = await PayloadSealer.create(fileKey, aead)
      await once.sealSegment(CHUNK, { firstChunkIndex: 1, last: true })
      for (const run of [
        { firstChunkIndex: 2, last: false },
        { firstChunkIndex: 2, last: true },
        { firstChunkIndex: 0, last: true },
      ]) {
        await expect(once.sealSegment(CHUNK, run)).rejects.toBeInstanceOf(ChunkSealedTwiceError)
      }
      expect(await once.sealSegment(CHUNK, FIRST)).toHaveLength(SEALED_CHUNK_BYTES)
    })

    test('a final chunk before one that is sealed already', async () => {
      const once = await PayloadSealer.create(fileKey, aead)
      await once.sealSegment(CHUNK, { firstChunkIndex: 3, last: false })
      const final = once.sealSegment(CHUNK, { firstChunkIndex: 1, last: true })
      await expect(final).rejects.toBeInstanceOf(ChunkSealedTwiceError)
    })

    test.each([
      ['an empty run', 0, { firstChunkIndex: 0, last: false }],
      ['an empty final chunk after others', 0, { firstChunkIndex: 1, last: true }],
      ['a short chunk that is not the final one', 5, { firstChunkIndex: 0, last: false }],
      ['a negative index', CHUNK_BYTES, { firstChunkIndex: -1, last: false }],
      ['half an index', CHUNK_BYTES, { firstChunkIndex: 0.5, last: false }],
    ])('%s', async (_fact, length, run) => {
      const fresh = await PayloadSealer.create(fileKey, aead)
      const sealing = fresh.sealSegment(new Uint8Array(length), run)
      await expect(sealing).rejects.toBeInstanceOf(AgeUsageError)
    })
  })

  describe('a payload opened as it arrives', () => {
    test('raises the same failure again, and has released what came before it', async () => {
      const decryptor = new PayloadDecryptor(opener)
      const damaged = flipped(sealed, SEALED_CHUNK_BYTES)
      expect(await decryptor.receive(damaged)).toEqual(CHUNK)
      await expect(decryptor.receive(new Uint8Array(0))).rejects.toBeInstanceOf(PayloadError)
      await expect(decryptor.finish()).rejects.toBeInstanceOf(PayloadError)
    })

    test('is not whole before the end', async () => {
      const decryptor = new PayloadDecryptor(opener)
      await decryptor.receive(sealed.subarray(0, -1))
      await expect(decryptor.finish()).rejects.toBeInstanceOf(PayloadError)
    })

    test('is finished once', async () => {
      const decryptor = new PayloadDecryptor(opener)
      const start = await decryptor.receive(sealed)
      expect(concatBytes(start, await decryptor.finish())).toEqual(THREE)
      await expect(decryptor.receive(sealed)).rejects.toBeInstanceOf(AgeUsageError)
      await expect(decryptor.finish()).rejects.toBeInstanceOf(AgeUsageError)
    })
  })

  test('sealers and openers show no key', () => {
    expect(`${sealer} ${opener}`).toBe('PayloadSealer(…) PayloadOpener(…)')
    expect(Object.keys(sealer)).toEqual(['nonce'])
    expect(Object.keys(opener)).toEqual([])
  })
})
