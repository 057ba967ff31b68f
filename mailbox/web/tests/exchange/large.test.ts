/** Contents of several segments: kept sealed, resumed, read again, left; each cipher. */
import { beforeAll, describe, expect, test } from 'vitest'
import { AgeUsageError } from '../../lib/age/errors.ts'
import { openStart, SEALED_START_BYTES } from '../../lib/age/file.ts'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import { AEAD_BACKENDS, type Aead } from '../../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { ContentsOpener, type ContentsQuestion } from '../../lib/exchange/contents_opener.ts'
import { type ContentsReader, PageReader } from '../../lib/exchange/contents_reader.ts'
import {
  ContentsCutShortError,
  ContentsRefusedError,
  ExchangeUsageError,
  LeftError,
  NoRoomError,
  NoStorageError,
  OpenElsewhereError,
} from '../../lib/exchange/errors.ts'
import { FileCollector } from '../../lib/exchange/file_collector.ts'
import {
  choosePlace,
  keptName,
  MOST_IN_MEMORY,
  MOST_WITHOUT_FILES,
} from '../../lib/exchange/kept_segments.ts'
import type { VerifiedCover } from '../../lib/exchange/sealed.ts'
import { SegmentLayout } from '../../lib/exchange/segments.ts'
import { type Progress, VerifiedContents } from '../../lib/exchange/verified_contents.ts'
import { LeafMemory, leafHash } from '../../lib/keys/tree.ts'
import { flipped } from '../support/flip.ts'
import { MemorySegments } from '../support/memory_segments.ts'
import { sealContents } from '../support/seal.ts'
import { NOW } from '../support/world.ts'

const SEGMENT = 8_388_608
const NOBODY_LEAVES = { report: () => {}, signal: new AbortController().signal }

/** Three segments: a file in the first and the second, an empty one, one up to the third. */
const FILES = [
  { name: 'first.bin', content: pattern(SEGMENT + 1_000, 251) },
  { name: 'empty.txt', content: new Uint8Array(0) },
  { name: 'second.bin', content: pattern(SEGMENT + 5_000, 241) },
].map((file) => ({ ...file, mediaType: 'application/octet-stream' }))

let question: ContentsQuestion
let sealed: Bytes
let layout: SegmentLayout

function pattern(length: number, period: number): Bytes {
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index += 1) bytes[index] = index % period
  return bytes
}

beforeAll(async () => {
  const made = await sealContents(FILES, { createdAt: NOW, aead: await chacha20Poly1305() })
  const { files, padded_length, sealed_length, tar_length, tree_hash } = made.contents as {
    files: { name: string; media_type: string; size: number; sha256: string }[]
    padded_length: number
    sealed_length: number
    tar_length: number
    tree_hash: string
  }
  sealed = made.sealed
  layout = new SegmentLayout(padded_length)
  question = {
    createdAt: NOW,
    documentKey: made.documentKey,
    contents: {
      files: files.map(({ media_type, ...file }) => ({ ...file, mediaType: media_type })),
      paddedLength: padded_length,
      sealedLength: sealed_length,
      tarLength: tar_length,
      treeHash: tree_hash,
    },
  }
})

function segment(index: number): Bytes {
  const { start, end } = layout.sealedRange(index)
  return sealed.slice(start, end)
}

async function openAll(opener: ContentsOpener): Promise<readonly (Blob | null)[]> {
  while (opener.nextRange !== null) await opener.openNext(segment(opener.nextIndex))
  return opener.finish()
}

async function read(opener: ContentsOpener, fileIndex: number): Promise<Bytes> {
  const parts: Uint8Array[] = []
  await opener.readFile(fileIndex, (data) => parts.push(data.slice()), NOBODY_LEAVES)
  return concatBytes(...parts)
}

describe.each(AEAD_BACKENDS)('with the %s cipher', (backend) => {
  let aead: Aead
  beforeAll(async () => {
    aead = await chacha20Poly1305(backend)
  })

  test('contents in memory are given out as blobs', async () => {
    const blobs = await openAll(new ContentsOpener(question, { aead }))
    for (const [index, { content }] of FILES.entries()) {
      const bytes = new Uint8Array((await blobs[index]?.arrayBuffer()) ?? [])
      expect(Buffer.compare(bytes, content)).toBe(0)
    }
  })

  test('contents with a place keep what the service has, and no plaintext', async () => {
    const kept = new MemorySegments()
    const opener = new ContentsOpener(question, { aead, kept })
    expect(await openAll(opener)).toEqual([null, null, null])
    expect(Buffer.compare(kept.bytes, sealed)).toBe(0)
    for (const [index, { content }] of FILES.entries()) {
      expect(Buffer.compare(await read(opener, index), content)).toBe(0)
    }
  })

  test('a flipped bit in any segment is refused, and that segment is not kept', async () => {
    for (let broken = 0; broken < layout.count; broken += 1) {
      const kept = new MemorySegments()
      const opener = new ContentsOpener(question, { aead, kept })
      for (let index = 0; index < broken; index += 1) await opener.openNext(segment(index))
      const opening = opener.openNext(flipped(segment(broken), 70_000))
      await expect(opening).rejects.toBeInstanceOf(ContentsRefusedError)
      expect(kept.length).toBe(layout.sealedRange(broken).start)
      await expect(opener.finish()).rejects.toBeInstanceOf(ExchangeUsageError)
    }
  })
})

describe('the memory of segments', () => {
  test('hashes a leaf where it stands, and may be written again at once', async () => {
    const memory = new LeafMemory(5_000)
    const [long, short] = [pattern(5_000, 251), pattern(1_234, 13)]
    memory.room.set(long)
    const first = memory.hash(long.length)
    memory.room.set(short)
    const second = memory.hash(short.length)
    expect(await first).toEqual(await leafHash(long))
    expect(await second).toEqual(await leafHash(short))
  })

  test('that is too short for a run is a mistake of the caller', async () => {
    const aead = await chacha20Poly1305()
    const start = segment(0).subarray(0, SEALED_START_BYTES)
    const payload = await openStart(start, { identity: question.documentKey, aead })
    const run = { layout: layout.stream, firstChunkIndex: 128, into: new Uint8Array(SEGMENT - 1) }
    await expect(payload.openRange(segment(1), run)).rejects.toBeInstanceOf(AgeUsageError)
  })
})

describe('what an earlier visit kept', () => {
  let aead: Aead
  beforeAll(async () => {
    aead = await chacha20Poly1305()
  })

  async function resumed(bytes: Bytes): Promise<{ opener: ContentsOpener; kept: MemorySegments }> {
    const kept = new MemorySegments(bytes)
    const opener = new ContentsOpener(question, { aead, kept })
    await opener.resume(NOBODY_LEAVES)
    return { opener, kept }
  }

  test('is gone on from, at the last whole segment', async () => {
    const { opener, kept } = await resumed(sealed.slice(0, layout.sealedRange(1).end + 12_345))
    expect(opener.nextIndex).toBe(2)
    expect(kept.length).toBe(layout.sealedRange(2).start)
    await openAll(opener)
    expect(Buffer.compare(await read(opener, 2), FILES[2]?.content ?? new Uint8Array(1))).toBe(0)
  })

  test('may be everything', async () => {
    const { opener } = await resumed(sealed.slice())
    expect(opener.nextRange).toBeNull()
    expect(await opener.finish()).toEqual([null, null, null])
  })

  test.each([
    ['the header', 100, 0],
    ['the nonce of the first segment', 1_630, 0],
    ['the first segment', 70_000, 0],
    ['the second segment', 8_500_000, 1],
  ])('and was damaged in %s comes again from there', async (_what, at, expected) => {
    const { opener, kept } = await resumed(flipped(sealed, at))
    expect(opener.nextIndex).toBe(expected)
    expect(kept.length).toBe(layout.sealedRange(expected).start)
    expect(await openAll(opener)).toEqual([null, null, null])
    expect(Buffer.compare(kept.bytes, sealed)).toBe(0)
  })

  test('is not given out if it changed after it was verified', async () => {
    const kept = new MemorySegments()
    const opener = new ContentsOpener(question, { aead, kept })
    await openAll(opener)
    kept.bytes = flipped(sealed, 8_500_000)
    await expect(read(opener, 0)).rejects.toBeInstanceOf(ContentsRefusedError)
  })

  test('is not given out if another segment of the same document stands there', async () => {
    // Sealed by who has the key: only the verified hash tells them apart.
    const other = await sealContents(
      FILES.map((file) => ({ ...file, content: file.content.slice().fill(7) })),
      { createdAt: NOW, aead },
    )
    const kept = new MemorySegments()
    const opener = new ContentsOpener(question, { aead, kept })
    await openAll(opener)
    kept.bytes = other.sealed
    await expect(read(opener, 2)).rejects.toBeInstanceOf(ContentsRefusedError)
  })

  test('is verified no further once the person has left', async () => {
    const leaving = new AbortController()
    const left = new LeftError({ keep: true })
    const kept = new MemorySegments(sealed.slice())
    const opener = new ContentsOpener(question, { aead, kept })
    const report = () => leaving.abort(left)
    await expect(opener.resume({ report, signal: leaving.signal })).rejects.toBe(left)
    expect(opener.nextIndex).toBe(1)
    expect(kept.length).toBe(sealed.length)
  })

  test('is found under a name that only the document key gives', () => {
    const name = keptName(question.documentKey)
    expect(name).toMatch(/^[0-9a-f]{32}$/)
    expect(keptName(question.documentKey)).toBe(name)
  })
})

describe('a file with a wrong hash of its own', () => {
  test.each([true, false])('is refused as soon as it is complete (kept: %s)', async (keep) => {
    const files = [{ name: 'a', mediaType: 'text/plain', size: 3, sha256: 'ab'.repeat(32) }]
    const collector = new FileCollector(files, { keep })
    collector.add(0, Uint8Array.of(1, 2))
    await collector.settle()
    collector.add(0, Uint8Array.of(3))
    await expect(collector.settle()).rejects.toBeInstanceOf(ContentsRefusedError)
  })

  test('is refused when it is empty', async () => {
    const files = [{ name: 'a', mediaType: 'text/plain', size: 0, sha256: 'ab'.repeat(32) }]
    const settling = new FileCollector(files, { keep: true }).settle()
    await expect(settling).rejects.toBeInstanceOf(ContentsRefusedError)
  })
})

describe('the place', () => {
  const refusing = (failure: Error) => async () => {
    throw failure
  }

  test('of a short document is memory, without a look at files', async () => {
    const looked = refusing(new Error('looked'))
    expect(await choosePlace(MOST_WITHOUT_FILES, looked)).toBeNull()
  })

  test('of a long one is a file', async () => {
    const kept = new MemorySegments()
    expect(await choosePlace(MOST_WITHOUT_FILES + 1, async () => kept)).toBe(kept)
  })

  test.each([new NoStorageError(''), new NoRoomError('')])(
    'after %o is memory as far as that goes, and refused beyond',
    async (failure) => {
      expect(await choosePlace(MOST_IN_MEMORY, refusing(failure))).toBeNull()
      await expect(choosePlace(MOST_IN_MEMORY + 1, refusing(failure))).rejects.toBe(failure)
    },
  )

  test('is not memory while another window has the file', async () => {
    const failure = new OpenElsewhereError('')
    await expect(choosePlace(MOST_WITHOUT_FILES + 1, refusing(failure))).rejects.toBe(failure)
  })
})

describe('collecting', () => {
  /** What `collect` asks of a cover; the cover itself is verified elsewhere. */
  function coverOf({ contents, createdAt, documentKey }: ContentsQuestion): VerifiedCover {
    const manifest = { contents, createdAt }
    return { manifest, secretDocumentKey: () => documentKey } as unknown as VerifiedCover
  }

  async function collect(how: {
    damage?: number
    leaveAt?: number
    keep?: boolean
    stallAt?: number
    cutAt?: number
  }) {
    const aead = await chacha20Poly1305()
    const leaving = new AbortController()
    const ended: boolean[] = []
    const heard: Progress[] = []
    const fetched: number[] = []
    const startReader = (asked: ContentsQuestion): ContentsReader => {
      const reader = new PageReader(asked, { aead })
      return Object.assign(reader, {
        end: async ({ keep }: { keep: boolean }) => {
          ended.push(keep)
        },
      })
    }
    const collecting = VerifiedContents.collect(coverOf(question), {
      startReader,
      fetch: async ({ start, end }, onBytes) => {
        fetched.push(start)
        if (fetched.length === how.leaveAt) {
          leaving.abort(new LeftError({ keep: how.keep ?? true }))
          return new Promise<Bytes>(() => {})
        }
        if (fetched.length === how.stallAt) return new Promise<Bytes>(() => {})
        if (fetched.length === how.cutAt) throw new ContentsCutShortError('cut')
        onBytes(end - start)
        const bytes = sealed.slice(start, end)
        return fetched.length === how.damage ? flipped(bytes, 70_000) : bytes
      },
      report: (progress) => heard.push(progress),
      signal: leaving.signal,
    })
    return { collecting, ended, heard, fetched }
  }

  test('gives out all files, says how far it is, and forgets the key', async () => {
    const { collecting, ended, heard } = await collect({})
    const { files } = await collecting
    expect(files.map(({ name, size }) => [name, size])).toEqual(
      FILES.map(({ name, content }) => [name, content.length]),
    )
    expect(heard.map(({ phase, done }) => [phase, done])).toEqual([
      ['receiving', layout.sealedRange(0).end],
      ['receiving', layout.sealedRange(1).end],
      ['receiving', layout.sealedRange(2).end],
      ['verifying', sealed.length],
    ])
    expect(ended).toEqual([false])
  })

  test('keeps nothing of a refused document', async () => {
    const { collecting, ended } = await collect({ damage: 2 })
    await expect(collecting).rejects.toBeInstanceOf(ContentsRefusedError)
    expect(ended).toEqual([false])
  })

  test('tells a refusal at once, however slowly the next segment comes', async () => {
    const { collecting, ended, fetched } = await collect({ damage: 1, stallAt: 2 })
    await expect(collecting).rejects.toBeInstanceOf(ContentsRefusedError)
    expect(ended).toEqual([false])
    expect(fetched).toHaveLength(2)
  })

  test('keeps the segments that came when the rest is cut off', async () => {
    const { collecting, ended } = await collect({ cutAt: 3 })
    await expect(collecting).rejects.toBeInstanceOf(ContentsCutShortError)
    expect(ended).toEqual([true])
  })

  test.each([true, false])('ends at once when it is left (kept: %s)', async (keep) => {
    const { collecting, ended, fetched } = await collect({ leaveAt: 2, keep })
    await expect(collecting).rejects.toBeInstanceOf(LeftError)
    expect(ended).toEqual([keep])
    expect(fetched).toHaveLength(2)
  })
})
