/** The two texts at the top of an export, and what it is called. export.md, section 4. */
import { sayCalendarDate, sayMoment } from '../texts/dates.ts'
import { LANGUAGES, type Language, type Say, speaker } from '../texts/texts.ts'
import type { ExportedDocument } from './core.ts'
import { csvTable } from './csv_table.ts'
import { saySender } from './sender_text.ts'
import { sayTrouble } from './trouble_text.ts'
import { sayWithdrawn } from './withdrawn_text.ts'

export const README_NAME = 'LISEZ-MOI.txt'
export const LIST_NAME = 'documents.csv'

const MILLISECONDS_PER_SECOND = 1_000

// Without it, viewers that don't look inside a file take its accents apart.
const MARK = '\ufeff'
const RULE = '\n\n----------------------------------------\n\n'

/** Return the archive's name, with the day where the person is: `souspli-2026-11-29.tar`. */
export function archiveName(now: number): string {
  const moment = new Date(now * MILLISECONDS_PER_SECOND)
  const [month, day] = [moment.getMonth() + 1, moment.getDate()].map((number) =>
    String(number).padStart(2, '0'),
  )
  return `souspli-${moment.getFullYear()}-${month}-${day}.tar`
}

/** Return what the archive is and how to keep it: French, then English. */
export function readme(now: number): string {
  const texts = LANGUAGES.map((language) =>
    speaker(language)('export.readme', {
      date: sayMoment(now, language),
      name: archiveName(now),
    }),
  )
  return `${MARK}${texts.join(RULE)}\n`.replaceAll('\n', '\r\n')
}

/** Return the list of all documents, those that are not in the archive included. */
export function documentList(documents: readonly ExportedDocument[], language: Language): string {
  const say = speaker(language)
  const head = [
    say('export.csvDate'),
    say('export.csvReceived'),
    say('export.csvFrom'),
    say('export.csvTitle'),
    say('export.csvFolder'),
    say('export.csvFiles'),
    say('export.csvPresent'),
    say('export.csvRemark'),
  ]
  return csvTable([head, ...documents.map((document) => line(document, say, language))])
}

function line(document: ExportedDocument, say: Say, language: Language): string[] {
  const { cover, storedAt } = document
  const isHere = 'folder' in document
  return [
    cover === null ? '' : sayCalendarDate(cover.date),
    sayMoment(storedAt, language),
    cover === null ? '' : saySender(say, cover.sender),
    cover?.title ?? '',
    isHere ? document.folder : '',
    // No name has this sign: filenames.ts.
    isHere ? document.files.join(' | ') : '',
    say(isHere ? 'export.yes' : 'export.no'),
    sayRemark(document, say, language),
  ]
}

/** Return why a document is not there, and that it was withdrawn; empty for most. */
export function sayRemark(document: ExportedDocument, say: Say, language: Language): string {
  const withdrawn = sayWithdrawn(say, document.withdrawn, language)
  const trouble = 'trouble' in document ? sayTrouble(say, document.trouble, language) : null
  return [withdrawn, trouble].filter((words) => words !== null).join(' ')
}
