/** Every CCTV vector there is, with each cipher: by the type of its failure, and by what it releases. */
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decryptAnyAgeFile, openStartOfAnyAgeFile, readBinary } from '../../lib/age/any_file.ts'
import { PayloadDecryptor } from '../../lib/age/decryptor.ts'
import {
  ArmorError,
  HeaderError,
  HmacError,
  NoMatchError,
  PayloadError,
} from '../../lib/age/errors.ts'
import { FileKey } from '../../lib/age/filekey.ts'
import { authenticatedPart, encodeHeader, parseHeader } from '../../lib/age/header.ts'
import { PAYLOAD_NONCE_BYTES, SEGMENT_CHUNKS, StreamLayout } from '../../lib/age/lengths.ts'
import { PayloadSealer } from '../../lib/age/stream.ts'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import { AEAD_BACKENDS, type Aead } from '../../lib/crypto/aead.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { hex } from '../support/hex.ts'
import { rowsBelow } from '../support/vectors_page.ts'
import { type Expectation, type Vector, vectors } from './cctv.ts'

const FAILURES = {
  'no match': NoMatchError,
  'HMAC failure': HmacError,
  'armor failure': ArmorError,
  'header failure': HeaderError,
  'payload failure': PayloadError,
} satisfies Record<Exclude<Expectation, 'success'>, new (text: string) => Error>

const ALL = vectors()
const SUCCESSES = ALL.filter((vector) => vector.expect === 'success')

// One byte at a time would do too, and take an hour; an odd size meets every boundary.
const PIECES = { 'in one piece': Number.MAX_SAFE_INTEGER, 'in odd pieces': 10_007 }

function countExpectations() {
  const counts: Partial<Record<Expectation, number>> = {}
  for (const { expect } of ALL) counts[expect] = (counts[expect] ?? 0) + 1
  return counts
}

test('all 143 vectors are there', () => {
  expect(countExpectations()).toEqual({
    success: 26,
    'no match': 13,
    'HMAC failure': 1,
    'armor failure': 22,
    'header failure': 62,
    'payload failure': 19,
  })
  expect(ALL).toHaveLength(143)
})

test('docs/vectors.md says how many', () => {
  const onPage = rowsBelow('## age').map(([what, vectors, , typescript]) => [
    what,
    vectors,
    typescript,
  ])
  for (const [what, count] of [...Object.entries(countExpectations()), ['all', ALL.length]]) {
    expect(onPage).toContainEqual([what, `${count}`, `${count}`])
  }
  expect(onPage).toHaveLength(8) // with the row of headings
})

/** Return everything released, and the failure that came after it, if one did. */
async function read(vector: Vector, pieceBytes: number, aead: Aead) {
  const released: Bytes[] = []
  try {
    const { identities } = vector
    const file = readBinary(vector.file)
    const { opener, streamStart } = await openStartOfAnyAgeFile(file, { identities, aead })
    const decryptor = new PayloadDecryptor(opener)
    for (let start = streamStart; start < file.length; start += pieceBytes) {
      released.push(await decryptor.receive(file.subarray(start, start + pieceBytes)))
    }
    released.push(await decryptor.finish())
  } catch (failure) {
    return { plaintext: concatBytes(...released), failure }
  }
  return { plaintext: concatBytes(...released), failure: null }
}

test.each(ALL.map((vector) => [vector.name, vector] as const))(
  '%s, whole or not at all',
  async (_name, { identities, file, expect: expectation, payload }) => {
    const opening = decryptAnyAgeFile(file, { identities, aead: await chacha20Poly1305() })
    if (expectation !== 'success') {
      await expect(opening).rejects.toBeInstanceOf(FAILURES[expectation])
    } else {
      const digest = createHash('sha256')
        .update(await opening)
        .digest('hex')
      expect(digest).toBe(payload)
    }
  },
)

describe.each(AEAD_BACKENDS)('with the %s cipher', (backend) => {
  describe.each(Object.entries(PIECES))('%s', (_how, pieceBytes) => {
    test.each(ALL.map((vector) => [vector.name, vector] as const))('%s', async (_name, vector) => {
      const aead = await chacha20Poly1305(backend)
      const { plaintext, failure } = await read(vector, pieceBytes, aead)
      if (vector.expect === 'success') expect(failure).toBeNull()
      else expect(failure).toBeInstanceOf(FAILURES[vector.expect])
      // Before the payload there is nothing to release, and CCTV gives no hash.
      const digest = createHash('sha256').update(plaintext).digest('hex')
      if (vector.payload === undefined) expect(plaintext).toHaveLength(0)
      else expect(digest).toBe(vector.payload)
    })
  })

  test.each(SUCCESSES.map((vector) => [vector.name, vector] as const))(
    '%s, segment by segment from the last to the first',
    async (_name, vector) => {
      const aead = await chacha20Poly1305(backend)
      const { identities } = vector
      const file = readBinary(vector.file)
      const { opener, streamStart } = await openStartOfAnyAgeFile(file, { identities, aead })
      const stream = file.subarray(streamStart)
      const layout = StreamLayout.ofSealed(stream.length)
      const segments: Bytes[] = []
      for (let index = layout.segmentCount - 1; index >= 0; index -= 1) {
        const { firstChunkIndex, count } = layout.segmentChunks(index)
        expect(count).toBeLessThanOrEqual(SEGMENT_CHUNKS)
        const { start, end } = layout.sealedRange(firstChunkIndex, count)
        segments.unshift(
          await opener.openRange(stream.subarray(start, end), { layout, firstChunkIndex }),
        )
      }
      const digest = createHash('sha256')
        .update(concatBytes(...segments))
        .digest('hex')
      expect(digest).toBe(vector.payload)
    },
  )

  test.each(SUCCESSES.map((vector) => [vector.name, vector] as const))(
    '%s, sealed again octet by octet',
    async (_name, vector) => {
      const aead = await chacha20Poly1305(backend)
      const file = readBinary(vector.file)
      const { length } = parseHeader(file)
      const streamStart = length + PAYLOAD_NONCE_BYTES
      const { plaintext } = await read(vector, Number.MAX_SAFE_INTEGER, aead)
      const nonce = file.slice(length, streamStart)
      const fileKey = new FileKey(hex(vector.fileKey ?? ''))
      const sealer = await PayloadSealer.reproduceForTestVectors(fileKey, nonce, aead)
      const sealed = await sealer.sealSegment(plaintext, { firstChunkIndex: 0, last: true })
      expect(Buffer.compare(sealed, file.subarray(streamStart))).toBe(0)
    },
  )
})

test.each(
  ALL.filter(({ expect }) => expect !== 'header failure' && expect !== 'armor failure').map(
    (vector) => [vector.name, vector] as const,
  ),
)('the header of %s is written again as it was', (_name, vector) => {
  const file = readBinary(vector.file)
  const { header, length } = parseHeader(file)
  const written = encodeHeader({
    authenticated: authenticatedPart(header.stanzas),
    mac: header.mac,
  })
  expect(written).toEqual(file.slice(0, length))
})
