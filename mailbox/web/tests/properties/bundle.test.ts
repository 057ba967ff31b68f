/** The contents' tar: made one way only, and compared down to its last octet. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Bytes, concatBytes } from '../../lib/bytes.ts'
import {
  Bundle,
  fileHeaders,
  MAX_CREATED_AT,
  paddedLength,
  padme,
} from '../../lib/exchange/bundle.ts'
import { ContentsRefusedError, ExchangeUsageError } from '../../lib/exchange/errors.ts'
import { fillBundle } from '../support/seal.ts'
import { areSame, bytes } from './arbitrary.ts'

const BLOCK_BYTES = 512

const name = fc.oneof(
  fc.stringMatching(/^[a-z0-9._ -]{1,20}$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.stringMatching(/^[a-z]{95,110}$/),
)
const size = fc.oneof(
  fc.nat({ max: 2_000 }),
  fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: -1, max: 1 })).map(([n, off]) => n * 512 + off),
)
const file = fc.record({ name, content: size.chain(contentOf) })
const files = fc.array(file, { maxLength: 4 })
const createdAt = fc.nat({ max: 4_000_000_000 })

function contentOf(length: number): fc.Arbitrary<Bytes> {
  const bounded = Math.max(0, length)
  return bytes({ minLength: bounded, maxLength: bounded, size: 'max' })
}

interface BundledContent {
  readonly name: string
  readonly content: Bytes
}

function bundleOf(list: readonly BundledContent[], moment: number) {
  const bundle = new Bundle(
    list.map((one) => ({ name: one.name, size: one.content.length })),
    { createdAt: moment },
  )
  const tar = fillBundle(
    bundle,
    list.map(({ content }) => content),
  )
  return { bundle, tar }
}

/** Compare the tar in pieces of these sizes; return the files that come out of it. */
function compareInPieces(bundle: Bundle, tar: Bytes, sizes: readonly number[]): Map<number, Bytes> {
  const written = new Map<number, Bytes>()
  for (let start = 0, turn = 0; start < tar.length; turn += 1) {
    const length = sizes[turn % sizes.length] ?? 1
    bundle.compare(start, tar.subarray(start, start + length), (fileIndex, data) => {
      written.set(fileIndex, concatBytes(written.get(fileIndex) ?? new Uint8Array(0), data))
    })
    start += length
  }
  return written
}

const pieceSizes = fc.array(fc.integer({ min: 700, max: 70_000 }), { minLength: 1, maxLength: 4 })

describe('a bundle', () => {
  test('gives its files back, compared in pieces of any size', () => {
    fc.assert(
      fc.property(files, createdAt, pieceSizes, (list, moment, sizes) => {
        const { bundle, tar } = bundleOf(list, moment)
        const written = compareInPieces(bundle, tar, sizes)
        const expected = list.map(({ content }) => content)
        expect(expected.map((_, index) => written.get(index) ?? new Uint8Array(0))).toEqual(
          expected,
        )
        expect(written.size).toBe(expected.filter((content) => content.length > 0).length)
      }),
      { numRuns: 40 },
    )
  })

  test('with any bit changed outside its files is refused; a bit inside one comes out there', () => {
    fc.assert(
      fc.property(files, createdAt, fc.nat(), fc.nat({ max: 7 }), (list, moment, at, bit) => {
        const { bundle, tar } = bundleOf(list, moment)
        // Half of all tries in the tar, where there is more to find than in the zeros after it.
        const position = at % (at % 2 === 0 ? bundle.tarLength : tar.length)
        const damaged = tar.slice()
        damaged[position] = (damaged[position] ?? 0) ^ (1 << bit)
        const [run] = bundle.runs(position, 1)
        const compare = () => compareInPieces(bundle, damaged, [tar.length])
        if (run?.piece.fileIndex === undefined) expect(compare).toThrow(ContentsRefusedError)
        else {
          const read = compare().get(run.piece.fileIndex)
          const original = list[run.piece.fileIndex]?.content
          expect(read).toHaveLength(original?.length ?? -1)
          expect(read).not.toEqual(original)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('says of every octet of every range where it comes from, once', () => {
    fc.assert(
      fc.property(files, createdAt, fc.nat(), fc.nat(), (list, moment, from, to) => {
        const { bundle, tar } = bundleOf(list, moment)
        const start = from % (tar.length + 1)
        const length = to % (tar.length - start + 1)
        let end = 0
        for (const { piece, inside, at, length: runLength } of bundle.runs(start, length)) {
          expect(at).toBe(end)
          expect(runLength).toBeGreaterThan(0)
          expect(inside + runLength).toBeLessThanOrEqual(piece.length)
          expect(piece.start + inside).toBe(start + at)
          end += runLength
        }
        expect(end).toBe(length)
        expect(() => bundle.runs(start, tar.length - start + 1)).toThrow(ExchangeUsageError)
      }),
      { numRuns: 60 },
    )
  })

  test('of other files, names or moments is another one', () => {
    fc.assert(
      fc.property(files, files, createdAt, createdAt, (one, other, moment, otherMoment) => {
        const isSame = JSON.stringify([one, moment]) === JSON.stringify([other, otherMoment])
        // The moment stands in the files' headers: without files there is none.
        fc.pre(isSame || one.length + other.length > 0)
        const { tar } = bundleOf(one, moment)
        const { tar: otherTar } = bundleOf(other, otherMoment)
        expect(areSame(tar, otherTar)).toBe(isSame)
      }),
      { numRuns: 60 },
    )
  })

  test('has headers of whole blocks, each with the checksum of tar', () => {
    const large = fc.oneof(fc.nat(), fc.constantFrom(8_589_934_591, 8_589_934_592, 2 ** 40))
    fc.assert(
      fc.property(name, large, fc.nat({ max: MAX_CREATED_AT }), (label, bytesLong, moment) => {
        const headers = fileHeaders(
          { name: label, size: bytesLong },
          { number: 1, createdAt: moment },
        )
        expect(headers.length % BLOCK_BYTES).toBe(0)
        for (const start of [0, headers.length - BLOCK_BYTES]) {
          const block = headers.slice(start, start + BLOCK_BYTES)
          const stated = Number.parseInt(Buffer.from(block.slice(148, 154)).toString('latin1'), 8)
          block.fill(0x20, 148, 156)
          expect(block.reduce((sum, octet) => sum + octet, 0)).toBe(stated)
        }
      }),
    )
  })
})

describe('Padmé', () => {
  const length = fc.oneof(
    fc.integer({ min: 2, max: 100_000 }),
    fc.integer({ min: 2, max: 2 ** 52 }),
    fc
      .tuple(fc.integer({ min: 2, max: 51 }), fc.integer({ min: -2, max: 2 }))
      .map(([exponent, off]) => Math.max(2, 2 ** exponent + off)),
  )

  /** The paper's definition, in integers of any size. */
  function padmeOfPaper(value: bigint): bigint {
    const exponent = BigInt(value.toString(2).length - 1) // ⌊log2 L⌋
    const bits = BigInt(exponent.toString(2).length) // ⌊log2 E⌋ + 1
    const mask = (1n << (exponent - bits)) - 1n
    return (value + mask) & ~mask
  }

  test('is what the paper defines', () => {
    fc.assert(
      fc.property(length, (value) => {
        expect(BigInt(padme(value))).toBe(padmeOfPaper(BigInt(value)))
      }),
      { numRuns: 1_000 },
    )
  })

  test('never shortens, adds 12 % at most, and leaves its own lengths alone', () => {
    fc.assert(
      fc.property(length, (value) => {
        const padded = padme(value)
        expect(padded).toBeGreaterThanOrEqual(value)
        expect((padded - value) / value).toBeLessThanOrEqual(0.12)
        expect(padme(padded)).toBe(padded)
      }),
      { numRuns: 500 },
    )
  })

  test('keeps the order of lengths', () => {
    fc.assert(
      fc.property(length, length, (one, other) => {
        const [less, more] = one < other ? [one, other] : [other, one]
        expect(padme(less)).toBeLessThanOrEqual(padme(more))
        expect(paddedLength(less)).toBeLessThanOrEqual(paddedLength(more))
        expect(paddedLength(less)).toBeGreaterThanOrEqual(65_536)
      }),
      { numRuns: 500 },
    )
  })
})
