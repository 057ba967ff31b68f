/** A payload opens to what was sealed however it is cut up, and to nothing else. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PayloadDecryptor } from '../../lib/age/decryptor.ts'
import { PayloadError } from '../../lib/age/errors.ts'
import { FileKey } from '../../lib/age/filekey.ts'
import { CHUNK_BYTES, SEALED_CHUNK_BYTES, StreamLayout, TAG_BYTES } from '../../lib/age/lengths.ts'
import { PayloadOpener, PayloadSealer } from '../../lib/age/stream.ts'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import { AEAD_BACKENDS } from '../../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { areSame, change, changed } from './arbitrary.ts'

const WHOLE = { firstChunkIndex: 0, last: true }

/** Lengths of nothing, of a few chunks, and around their boundaries, where mistakes live. */
const plainBytes = fc
  .tuple(fc.nat({ max: 3 }), fc.oneof(fc.integer({ min: -17, max: 17 }), fc.nat({ max: 65_536 })))
  .map(([chunks, off]) => Math.max(0, chunks * CHUNK_BYTES + off))

/** Return so many bytes of which no two chunks are alike. */
function plaintextOf(length: number, seed: number): Bytes {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = seed | 1
  for (let index = 0; index < words.length; index += 1) {
    state = Math.imul(state ^ index, 0x9e3779b1)
    words[index] = state ^ (state >>> 15)
  }
  return new Uint8Array(words.buffer, 0, length).slice()
}

const plaintext = fc.record({ length: plainBytes, seed: fc.nat() })

/** For each chunk boundary, whether to cut there: every split into runs that is allowed. */
const cuts = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 })

interface Run {
  readonly firstChunkIndex: number
  readonly count: number
}

function runsOf(chunkCount: number, cutAfter: readonly boolean[]): Run[] {
  const runs: Run[] = []
  let firstChunkIndex = 0
  for (let end = 1; end <= chunkCount; end += 1) {
    if (end === chunkCount || cutAfter[end - 1]) {
      runs.push({ firstChunkIndex, count: end - firstChunkIndex })
      firstChunkIndex = end
    }
  }
  return runs
}

/** Return the items in an order that `keys` decides. */
function shuffled<Item>(items: readonly Item[], keys: readonly number[]): Item[] {
  return items
    .map((item, index) => ({ item, key: keys[index % keys.length] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item)
}

const order = fc.array(fc.nat(), { minLength: 8, maxLength: 8 })

async function seal(content: Bytes) {
  const aead = await chacha20Poly1305()
  const fileKey = FileKey.generate()
  const sealer = await PayloadSealer.create(fileKey, aead)
  const sealed = await sealer.sealSegment(content, WHOLE)
  const opener = await PayloadOpener.create(fileKey, sealer.nonce, aead)
  return { fileKey, nonce: sealer.nonce, sealed, opener }
}

/** Feed `sealed` in pieces of these sizes, again and again; return what is released, and how it ends. */
async function feed(opener: PayloadOpener, sealed: Bytes, sizes: readonly number[]) {
  const decryptor = new PayloadDecryptor(opener)
  const released: Bytes[] = []
  try {
    for (let start = 0, turn = 0; start < sealed.length; turn += 1) {
      const size = sizes[turn % sizes.length] ?? 1
      released.push(await decryptor.receive(sealed.subarray(start, start + size)))
      start += size
    }
    released.push(await decryptor.finish())
  } catch (failure) {
    return { released: concatBytes(...released), failure }
  }
  return { released: concatBytes(...released), failure: null }
}

/** Sizes of pieces: an empty one now and then, and never so small that a run takes for ever. */
const pieceSizes = fc
  .array(fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 500, max: 200_000 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((sizes) => [...sizes, 40_961])

describe.each(AEAD_BACKENDS)('with the %s cipher', (backend) => {
  // The JavaScript cipher is ten times slower, and only the first property is about ciphers.
  const numRuns = backend === 'native' ? 40 : 8

  test('any split into runs, sealed in any order, is the same stream and opens in any other', async () => {
    const aead = await chacha20Poly1305(backend)
    await fc.assert(
      fc.asyncProperty(plaintext, cuts, cuts, order, async (what, sealCuts, openCuts, keys) => {
        const content = plaintextOf(what.length, what.seed)
        const layout = StreamLayout.ofPlain(content.length)
        const fileKey = FileKey.generate()
        const sealer = await PayloadSealer.create(fileKey, aead)
        const sealed = new Uint8Array(layout.sealedBytes)
        const sealRuns = runsOf(layout.chunkCount, sealCuts)
        for (const { firstChunkIndex, count } of shuffled(sealRuns, keys)) {
          const { start, end } = layout.plainRange(firstChunkIndex, count)
          const last = layout.isLast(firstChunkIndex, count)
          const run = await sealer.sealSegment(content.subarray(start, end), {
            firstChunkIndex,
            last,
          })
          sealed.set(run, layout.sealedRange(firstChunkIndex, count).start)
        }
        const again = await PayloadSealer.reproduceForTestVectors(fileKey, sealer.nonce, aead)
        expect(areSame(await again.sealSegment(content, WHOLE), sealed)).toBe(true)

        const opener = await PayloadOpener.create(fileKey, sealer.nonce, aead)
        const opened = new Uint8Array(content.length)
        const found = StreamLayout.ofSealed(sealed.length)
        const openRuns = runsOf(found.chunkCount, openCuts)
        for (const { firstChunkIndex, count } of shuffled(openRuns, keys)) {
          const { start, end } = found.sealedRange(firstChunkIndex, count)
          const run = await opener.openRange(sealed.subarray(start, end), {
            layout: found,
            firstChunkIndex,
          })
          opened.set(run, found.plainRange(firstChunkIndex, count).start)
        }
        expect(areSame(opened, content)).toBe(true)
      }),
      { numRuns },
    )
  })
})

test('a stream opened as it arrives is released whole, whatever the pieces', async () => {
  await fc.assert(
    fc.asyncProperty(plaintext, pieceSizes, async (what, sizes) => {
      const content = plaintextOf(what.length, what.seed)
      const { sealed, opener } = await seal(content)
      const { released, failure } = await feed(opener, sealed, sizes)
      expect(failure).toBeNull()
      expect(areSame(released, content)).toBe(true)
    }),
    { numRuns: 40 },
  )
})

test('any change raises PayloadError, and only chunks that are whole were released before', async () => {
  await fc.assert(
    fc.asyncProperty(plaintext, change, pieceSizes, async (what, damage, sizes) => {
      const content = plaintextOf(what.length, what.seed)
      const { sealed, opener } = await seal(content)
      const damaged = changed(sealed, damage)
      fc.pre(!areSame(damaged, sealed))

      await expect(opener.openSegment(damaged, WHOLE)).rejects.toBeInstanceOf(PayloadError)
      const { released, failure } = await feed(opener, damaged, sizes)
      expect(failure).toBeInstanceOf(PayloadError)
      expect(areSame(released, content.subarray(0, released.length))).toBe(true)
      // A final chunk that opened may have been shorter than a chunk; then more followed it.
      const isWholeChunks = released.length % CHUNK_BYTES === 0
      expect(isWholeChunks || released.length === content.length).toBe(true)
    }),
    { numRuns: 80 },
  )
})

test('chunks left out, doubled or in another order raise PayloadError', async () => {
  const places = fc.array(fc.nat(), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.nat({ max: 40 }),
      places,
      async (fullChunks, rest, wanted) => {
        const content = plaintextOf(fullChunks * CHUNK_BYTES + rest, fullChunks)
        const { sealed, opener } = await seal(content)
        const { chunkCount } = StreamLayout.ofPlain(content.length)
        const chunkAt = (index: number) =>
          sealed.subarray(index * SEALED_CHUNK_BYTES, (index + 1) * SEALED_CHUNK_BYTES)
        const rearranged = concatBytes(...wanted.map((place) => chunkAt(place % chunkCount)))
        fc.pre(!areSame(rearranged, sealed))

        const opening = opener.openSegment(rearranged, WHOLE)
        await expect(opening).rejects.toBeInstanceOf(PayloadError)
        const { failure } = await feed(opener, rearranged, [SEALED_CHUNK_BYTES])
        expect(failure).toBeInstanceOf(PayloadError)
      },
    ),
    { numRuns: 60 },
  )
})

test('a run opened anywhere but in its own place raises PayloadError', async () => {
  const content = plaintextOf(4 * CHUNK_BYTES + 9, 1)
  const { sealed, opener } = await seal(content)
  const layout = StreamLayout.ofPlain(content.length)
  const index = fc.nat({ max: layout.chunkCount - 1 })
  await fc.assert(
    fc.asyncProperty(
      index,
      fc.integer({ min: 1, max: 5 }),
      fc.nat({ max: 6 }),
      fc.boolean(),
      async (first, wanted, place, last) => {
        const count = Math.min(wanted, layout.chunkCount - first)
        fc.pre(place !== first || last !== layout.isLast(first, count))
        const { start, end } = layout.sealedRange(first, count)
        const run = sealed.subarray(start, end)
        const opening = opener.openSegment(run, { firstChunkIndex: place, last })
        await expect(opening).rejects.toBeInstanceOf(PayloadError)
      },
    ),
    { numRuns: 60 },
  )
})

test('a stated length that is not the true one raises PayloadError by the final chunk', async () => {
  await fc.assert(
    fc.asyncProperty(plaintext, plainBytes, async (what, stated) => {
      fc.pre(stated !== what.length)
      const content = plaintextOf(what.length, what.seed)
      const { sealed, opener } = await seal(content)
      const layout = StreamLayout.ofPlain(stated)
      const open = async () => {
        for (let index = 0; index < layout.chunkCount; index += 1) {
          const { start, end } = layout.sealedRange(index, 1)
          await opener.openRange(sealed.subarray(start, end), { layout, firstChunkIndex: index })
        }
        // All that the stated length promises has opened, its final chunk included.
        throw new Error('opened')
      }
      await expect(open()).rejects.toBeInstanceOf(PayloadError)
    }),
    { numRuns: 40 },
  )
})

test('another file key or nonce opens nothing', async () => {
  await fc.assert(
    fc.asyncProperty(plainBytes, fc.nat({ max: 15 }), fc.boolean(), async (length, at, isKey) => {
      const { fileKey, nonce, sealed } = await seal(plaintextOf(length, 3))
      const secret = fileKey.secretBytes()
      const other = isKey ? secret : nonce.slice()
      other[at] = (other[at] ?? 0) ^ 1
      const aead = await chacha20Poly1305()
      const opener = await PayloadOpener.create(
        new FileKey(isKey ? other : secret),
        isKey ? nonce : other,
        aead,
      )
      expect(sealed.length).toBeGreaterThanOrEqual(TAG_BYTES)
      await expect(opener.openSegment(sealed, WHOLE)).rejects.toBeInstanceOf(PayloadError)
    }),
    { numRuns: 20 },
  )
})
