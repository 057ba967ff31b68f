/** Properties of the archive: what is written is what stock tar and our own reader read. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryArchive } from '../../app/files/memory_archive.ts'
import type { Bytes } from '../../lib/bytes.ts'
import { Archive } from '../../lib/exchange/archive.ts'
import { Bundle, fileHeaders } from '../../lib/exchange/bundle.ts'
import { ExchangeUsageError } from '../../lib/exchange/errors.ts'
import { safeNames } from '../../lib/exchange/filenames.ts'
import { extract } from '../support/stock_tar.ts'
import { areSame, bytes } from './arbitrary.ts'

const label = fc.oneof(
  fc.stringMatching(/^[a-z0-9._ -]{1,20}$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.stringMatching(/^[a-z]{95,110}$/),
  fc.stringMatching(/^é{90,110}$/),
)
const length = fc.oneof(fc.constantFrom(0, 1, 511, 512, 513, 1_024), fc.nat({ max: 3_000 }))
const content = length.chain((size) => bytes({ minLength: size, maxLength: size, size: 'max' }))
const folder = fc.constantFrom('', '2026-11-12 Cabinet - Bilan/', '2026-11-12 É - ü/souspli/')
const file = fc.record({ label, content, folder })
const files = fc.array(file, { maxLength: 6 })
const madeAt = fc.integer({ min: 1, max: 4_000_000_000 })

interface Made {
  readonly path: string
  readonly content: Bytes
}

function named(list: readonly { label: string; content: Bytes; folder: string }[]): Made[] {
  const names = safeNames(list.map((one) => one.label.normalize('NFC')))
  return list.map((one, index) => ({
    path: `${one.folder}${names[index]}`,
    content: one.content,
  }))
}

async function archiveOf(list: readonly Made[], moment: number): Promise<Bytes> {
  const archive = new Archive(new MemoryArchive())
  for (const one of list) {
    const how = { path: one.path, size: one.content.length, madeAt: moment }
    await archive.add(how, new Blob([one.content]))
  }
  const { blob } = await archive.finish()
  return new Uint8Array(await blob.arrayBuffer())
}

describe('an archive', () => {
  test('is, up to its padding, what our reader of contents expects of these files', async () => {
    await fc.assert(
      fc.asyncProperty(files, madeAt, async (list, moment) => {
        const made = named(list)
        const tar = await archiveOf(made, moment)
        const bundle = new Bundle(
          made.map(({ path, content: { length: size } }) => ({ name: path, size })),
          { createdAt: moment },
        )
        expect(tar.length).toBe(bundle.tarLength)
        const read = made.map((): number[] => [])
        bundle.compare(0, tar, (index, data) => read[index]?.push(...data))
        expect(read.map((octets) => Uint8Array.from(octets))).toEqual(
          made.map((one) => one.content),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('gives its files, names and moments to stock tar', async () => {
    await fc.assert(
      fc.asyncProperty(files, madeAt, async (list, moment) => {
        const made = named(list)
        const found = extract(await archiveOf(made, moment))
        expect([...found.keys()].sort()).toEqual(made.map(({ path }) => path).sort())
        for (const one of made) {
          const there = found.get(one.path)
          expect(there?.changedAt).toBe(moment)
          expect(areSame(there?.content ?? new Uint8Array(1), one.content)).toBe(true)
        }
      }),
      { numRuns: 25 },
    )
  })

  test('of a file of many pieces comes out whole', async () => {
    const large = new Uint8Array(20_000_001).map((_, index) => index % 251)
    const path = '2026-11-12 Cabinet - Scanner/scanner.bin'
    const found = extract(await archiveOf([{ path, content: large }], 1_800_000_000))
    expect(areSame(found.get(path)?.content ?? new Uint8Array(0), large)).toBe(true)
  })

  test('says the size of a file of 8 GiB and more where tar looks for it', () => {
    const size = 8_589_934_592
    const headers = fileHeaders({ name: 'a/b', size }, { number: 1, createdAt: 1 })
    expect(new TextDecoder().decode(headers)).toContain(`size=${size}\n`)
  })

  test('taken back to a mark is as if nothing had followed', async () => {
    await fc.assert(
      fc.asyncProperty(files, files, madeAt, async (kept, dropped, moment) => {
        const archive = new Archive(new MemoryArchive())
        const [first, second] = [named(kept), named(dropped)]
        const add = async ({ path, content: data }: Made) =>
          archive.add({ path, size: data.length, madeAt: moment }, new Blob([data]))
        for (const one of first) await add(one)
        const mark = archive.mark
        for (const one of second) await add(one)
        await archive.rewind(mark)
        const { blob } = await archive.finish()
        const tar = new Uint8Array(await blob.arrayBuffer())
        expect(areSame(tar, await archiveOf(first, moment))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('takes no content of another size than it says', async () => {
    const archive = new Archive(new MemoryArchive())
    const adding = archive.add({ path: 'a', size: 2, madeAt: 1 }, new Blob(['a']))
    await expect(adding).rejects.toBeInstanceOf(ExchangeUsageError)
  })
})
