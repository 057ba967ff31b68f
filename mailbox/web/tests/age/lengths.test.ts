import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AgeUsageError, PayloadError } from '../../lib/age/errors.ts'
import {
  SEALED_START_BYTES,
  sealedFileBytes,
  sealedFileLayout,
  sealedSegmentRange,
} from '../../lib/age/file.ts'
import {
  CHUNK_BYTES,
  SEALED_CHUNK_BYTES,
  SEGMENT_CHUNKS,
  StreamLayout,
} from '../../lib/age/lengths.ts'

const SEGMENT_BYTES = SEGMENT_CHUNKS * CHUNK_BYTES

const length = fc.oneof(
  fc.nat({ max: 40 * SEGMENT_BYTES }),
  // Around the boundaries, where mistakes live.
  fc
    .tuple(fc.nat({ max: 300 }), fc.integer({ min: -17, max: 17 }))
    .map(([chunks, off]) => Math.max(0, chunks * CHUNK_BYTES + off)),
)

test('the plaintext length and the sealed length determine each other', () => {
  fc.assert(
    fc.property(length, (plainBytes) => {
      const layout = StreamLayout.ofPlain(plainBytes)
      expect(StreamLayout.ofSealed(layout.sealedBytes).plainBytes).toBe(plainBytes)
      expect(sealedFileLayout(sealedFileBytes(plainBytes)).plainBytes).toBe(plainBytes)
    }),
  )
})

test.each([
  [0, 1, 16],
  [1, 1, 17],
  [CHUNK_BYTES, 1, SEALED_CHUNK_BYTES],
  [CHUNK_BYTES + 1, 2, SEALED_CHUNK_BYTES + 17],
  [SEGMENT_BYTES, 128, 128 * SEALED_CHUNK_BYTES],
])('%i bytes make %i chunks and %i sealed bytes', (plainBytes, chunks, sealedBytes) => {
  const layout = StreamLayout.ofPlain(plainBytes)
  expect([layout.chunkCount, layout.sealedBytes]).toEqual([chunks, sealedBytes])
})

test.each([
  ['0', 0],
  ['less than a tag', 15],
  ['a full chunk and an empty one', SEALED_CHUNK_BYTES + 16],
  ['a full chunk and part of a tag', SEALED_CHUNK_BYTES + 1],
  ['negative', -1],
  ['a fraction', 17.5],
  ['not a number', Number.NaN],
])('no stream has a length of %s', (_fact, sealedBytes) => {
  expect(() => StreamLayout.ofSealed(sealedBytes)).toThrow(PayloadError)
})

test('a file shorter than its own start is refused', () => {
  expect(() => sealedFileLayout(SEALED_START_BYTES)).toThrow(PayloadError)
  expect(() => sealedFileLayout(0)).toThrow(PayloadError)
})

test('segments follow each other without a gap, in the plaintext and in the file', () => {
  fc.assert(
    fc.property(length, (plainBytes) => {
      const layout = StreamLayout.ofPlain(plainBytes)
      let plainEnd = 0
      let fileEnd = SEALED_START_BYTES
      for (let index = 0; index < layout.segmentCount; index += 1) {
        const { firstChunkIndex, count } = layout.segmentChunks(index)
        const plain = layout.plainRange(firstChunkIndex, count)
        const sealed = sealedSegmentRange(layout, index)
        expect([plain.start, sealed.start]).toEqual([plainEnd, fileEnd])
        const isLastSegment = index === layout.segmentCount - 1
        expect(layout.isLast(firstChunkIndex, count)).toBe(isLastSegment)
        if (!isLastSegment) expect(plain.end - plain.start).toBe(SEGMENT_BYTES)
        plainEnd = plain.end
        fileEnd = sealed.end
      }
      expect([plainEnd, fileEnd]).toEqual([plainBytes, sealedFileBytes(plainBytes)])
    }),
  )
})

describe('chunks that a stream does not have are refused', () => {
  const layout = StreamLayout.ofPlain(3 * CHUNK_BYTES)

  test.each([
    ['a negative one', -1, 1],
    ['none', 0, 0],
    ['one too many', 2, 2],
    ['one after the last', 3, 1],
    ['half of one', 0.5, 1],
  ])('%s', (_fact, firstChunkIndex, count) => {
    expect(() => layout.plainRange(firstChunkIndex, count)).toThrow(AgeUsageError)
    expect(() => layout.sealedRange(firstChunkIndex, count)).toThrow(AgeUsageError)
    expect(() => layout.isLast(firstChunkIndex, count)).toThrow(AgeUsageError)
  })

  test.each([-1, 1, 0.5])('those of segment %d', (segmentIndex) => {
    expect(() => layout.segmentChunks(segmentIndex)).toThrow(AgeUsageError)
  })

  test.each([-1, 0.5, Number.NaN])('a plaintext of %d bytes', (plainBytes) => {
    expect(() => StreamLayout.ofPlain(plainBytes)).toThrow(AgeUsageError)
  })
})
