/** The texts at the top of an export. */
import { describe, expect, test } from 'vitest'
import type { ExportedDocument } from '../../app/core.ts'
import { csvTable } from '../../app/csv_table.ts'
import { archiveName, documentList, readme } from '../../app/export_texts.ts'
import { Trouble } from '../../app/trouble.ts'

const NOON = Date.UTC(2026, 10, 9, 12) / 1_000

const COVER = {
  title: 'Bilan; "complet"',
  date: '2026-11-12',
  urgent: false,
  soon: false,
  replacesAnother: false,
  withdrawsAnother: false,
  sender: { name: '=Dr Martin', organisation: 'Cabinet', bridge: false },
  patient: null,
}

const HERE: ExportedDocument = {
  deliveryId: '01',
  storedAt: NOON,
  withdrawn: null,
  cover: COVER,
  folder: '2026-11-12 Cabinet - Bilan',
  files: ['a.pdf', 'b.pdf'],
}

const NOT_HERE: ExportedDocument = {
  deliveryId: '02',
  storedAt: NOON,
  withdrawn: { proved: false },
  cover: null,
  trouble: new Trouble('document-withdrawn'),
}

describe('the list', () => {
  test('has a line for each document, with all that a spreadsheet would misread made harmless', () => {
    const lines = documentList([HERE, NOT_HERE], 'en').split('\r\n')
    expect(lines).toHaveLength(4)
    expect(lines[0]).toMatch(/^\ufeffDate of the document;Received on;/)
    expect(lines[1]).toBe(
      `12/11/2026;09/11/2026;'=Dr Martin, Cabinet;"Bilan; ""complet""";2026-11-12 Cabinet - Bilan;a.pdf | b.pdf;yes;`,
    )
    expect(lines[2]).toMatch(/^;09\/11\/2026;;;;;no;The service says .* withdrawn before/)
  })

  test.each(['=1', '+1', '-1', '@a', ' =1', '\u00a0@a', '＝1'])(
    'no cell %j is a formula',
    (cell) => {
      expect(csvTable([[cell]])).toBe(`\ufeff'${cell}\r\n`)
    },
  )
})

describe('the archive', () => {
  test('is named after the day', () => {
    expect(archiveName(NOON)).toBe('souspli-2026-11-09.tar')
  })

  test('says in French, then in English, what it is, how to open it and that it is not encrypted', () => {
    const text = readme(NOON)
    const parts = ['tar -xf', 'CE N’EST PLUS CHIFFRÉ', 'tar -xf', 'IT IS NO LONGER ENCRYPTED']
    let from = 0
    for (const part of parts) {
      const at = text.indexOf(part, from)
      expect(at).toBeGreaterThan(-1)
      from = at + part.length
    }
    // Windows' own editor, and every other one.
    expect(text).not.toMatch(/(?<!\r)\n/)
  })
})
