import { describe, expect, test } from 'vitest'
import { sha256 } from '../../lib/crypto/sha256.ts'
import { Bundle, type BundledFile, fileHeaders, paddedLength } from '../../lib/exchange/bundle.ts'
import { checkBirthDate, checkDate } from '../../lib/exchange/dates.ts'
import {
  ContentsRefusedError,
  ExchangeUsageError,
  ManifestRefusedError,
  UnknownVersionError,
} from '../../lib/exchange/errors.ts'
import { safeNames } from '../../lib/exchange/filenames.ts'
import { MAX_BYTES, parseManifest } from '../../lib/exchange/manifest.ts'
import { SegmentLayout } from '../../lib/exchange/segments.ts'
import { SchemaError } from '../../lib/keys/errors.ts'
import { leafHash, treeHash } from '../../lib/keys/tree.ts'
import { flipped } from '../support/flip.ts'
import { hex, toHex } from '../support/hex.ts'
import { fillBundle } from '../support/seal.ts'
import { vectorCases } from '../support/vectors.ts'

describe('lengths', () => {
  test.each(vectorCases('padded-length'))('%s', (_name, vector) => {
    const padded = paddedLength(vector.integer('tar_length'))
    expect(padded).toBe(vector.integer('padded_length'))
    const layout = new SegmentLayout(padded)
    expect(layout.sealedLength).toBe(vector.integer('sealed_length'))
    expect(layout.count).toBe(vector.integer('segments'))
  })

  test('segments follow each other without a gap, the first with the header', () => {
    const layout = new SegmentLayout(20_000_000)
    const ranges = Array.from({ length: layout.count }, (_, index) => layout.sealedRange(index))
    expect(ranges.map(({ start }) => start)).toEqual([0, ...ranges.slice(0, -1).map((r) => r.end)])
    expect(ranges.at(-1)?.end).toBe(layout.sealedLength)
  })
})

describe('the tar', () => {
  test.each(vectorCases('tar-header'))('%s', (_name, vector) => {
    const file = { name: Buffer.from(vector.hex('name')).toString(), size: vector.integer('size') }
    const headers = fileHeaders(file, {
      number: vector.integer('number'),
      createdAt: vector.integer('created_at'),
    })
    expect(headers).toEqual(vector.body)
  })

  test.each(vectorCases('tar'))('%s', async (_name, vector) => {
    const body = vector.bodyJson() as { name: string; content: string }[]
    const contents = body.map(({ content }) => hex(content))
    const files = body.map(({ name }, index) => ({ name, size: contents[index]?.length ?? 0 }))
    const bundle = new Bundle(files, { createdAt: vector.integer('created_at') })
    const tar = fillBundle(bundle, contents)
    expect([bundle.tarLength, bundle.paddedLength]).toEqual([
      vector.integer('tar_length'),
      vector.integer('padded_length'),
    ])
    expect(toHex(await sha256(tar))).toBe(vector.text('sha256'))
    expect(toHex(treeHash([await leafHash(tar)]))).toBe(vector.text('tree_hash'))
  })

  const files: readonly BundledFile[] = [
    { name: 'a.txt', size: 5 },
    { name: 'é.txt', size: 600 },
  ]
  const bundle = new Bundle(files, { createdAt: 1_801_000_000 })
  const contents = files.map(({ size }) => new Uint8Array(size).fill(7))
  const tar = fillBundle(bundle, contents)

  test('gives the files back, whatever pieces it comes in', () => {
    for (const size of [1, 511, 512, 700, 65_536]) {
      const found: number[][] = [[], []]
      for (let start = 0; start < tar.length; start += size) {
        bundle.compare(start, tar.subarray(start, start + size), (index, data) => {
          found[index]?.push(...data)
        })
      }
      expect(found.map((octets) => Uint8Array.from(octets))).toEqual(contents)
    }
  })

  test('is refused for one bit anywhere outside the files', () => {
    const outside = [0, 100, 156, 511, 517, 1_023, 1_030, 2_100, 3_300, tar.length - 1]
    for (const position of outside) {
      const compare = () => bundle.compare(0, flipped(tar, position), () => {})
      expect(compare, `position ${position}`).toThrow(ContentsRefusedError)
    }
  })

  test('is not compared beyond its end', () => {
    const compare = () => bundle.compare(1, tar, () => {})
    expect(compare).toThrow(ExchangeUsageError)
  })
})

describe('the manifest', () => {
  test.each(vectorCases('manifest', 'accept'))('%s', (_name, vector) => {
    const parsed = parseManifest(vector.body)
    const written = JSON.parse(vector.bodyText()) as { document: { title: string } }
    expect(parsed.document.title).toBe(written.document.title)
  })

  test.each(vectorCases('manifest', 'refuse'))('%s', (name, vector) => {
    const isVersion2 = name.startsWith('manifest/version-2')
    const expected = isVersion2 ? UnknownVersionError : ManifestRefusedError
    expect(() => parseManifest(vector.body)).toThrow(expected)
  })

  test('of more than 2 GiB is read by whoever says that it may be as large', () => {
    const found = vectorCases('manifest', 'refuse').find(([name]) => name.includes('2-gib'))
    const body = found?.[1].body ?? new Uint8Array(0)
    const { files } = parseManifest(body, { maxBytes: MAX_BYTES + 1 }).contents
    expect(files.reduce((total, { size }) => total + size, 0)).toBe(MAX_BYTES + 1)
    expect(() => parseManifest(body, { maxBytes: MAX_BYTES })).toThrow(ManifestRefusedError)
  })
})

describe('dates', () => {
  test.each(['2024-02-29', '0001-01-01', '9999-12-31'])('%s is a day', (date) => {
    expect(checkDate(date)).toBe(date)
  })

  test.each(['2023-02-29', '2024-00-01', '2024-01-00', '0000-01-01', '2024-13-01', '20240101'])(
    '%s is no day',
    (date) => {
      expect(() => checkDate(date)).toThrow(SchemaError)
    },
  )

  test('of birth may have unknown parts, and a day that no month has is none', () => {
    expect(checkBirthDate('1900-00-00')).toBe('1900-00-00')
    expect(() => checkBirthDate('1951-02-30')).toThrow(SchemaError)
  })
})

describe('safe names', () => {
  test.each([
    ['an ordinary name stays', ['compte rendu é.pdf'], ['compte rendu é.pdf']],
    ['a device of Windows', ['con.txt', 'LPT1'], ['_con.txt', '_LPT1']],
    ['a device once it was cut', [`CONé.${'x'.repeat(251)}`], [`_CO.${'x'.repeat(251)}`]],
    ['a hidden file and an option', ['.bashrc', '-rf', '~x'], ['_.bashrc', '_-rf', '_~x']],
    ['what Windows gives a meaning', ['a<b>:c?.pdf'], ['a_b__c_.pdf']],
    ['dots and spaces at the end', ['a.pdf. .'], ['a.pdf']],
    ['nothing but dots', ['...'], ['_']],
    ['what nobody sees', ['a\u00adb\u200bc.pdf'], ['a_b_c.pdf']],
    ['joiners are spelling', ['می\u200cخواهم.pdf'], ['می\u200cخواهم.pdf']],
    ['names that become equal get a number', ['a?.pdf', 'a*.pdf'], ['a_.pdf', 'a_ (2).pdf']],
    ['case does not tell them apart', ['A?.pdf', 'a*.pdf'], ['A_.pdf', 'a_ (2).pdf']],
    [
      'an extension that leaves no room for a number: not made different for ever',
      [`?.${'é'.repeat(126)}`, `*.${'é'.repeat(126)}`],
      [`_.${'é'.repeat(126)}`, `_.${'é'.repeat(124)} (2)`],
    ],
  ])('%s', (_what, names, safe) => {
    expect(safeNames(names)).toEqual(safe)
  })

  test('no name becomes longer than a disk takes, and the extension stays', () => {
    const [first = '', second = ''] = safeNames([
      `${'é'.repeat(125)}?.pdf`,
      `${'é'.repeat(125)}*.pdf`,
    ])
    for (const name of [first, second]) {
      expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(255)
      expect(name.endsWith('.pdf')).toBe(true)
    }
    expect(first).not.toBe(second)
  })
})
