/** The surname and birth date of gate three, judged before they are sent. Pure. */
import { PersonError } from '../lib/keys/errors.ts'
import { normaliseSurname, parseBirthDate } from '../lib/keys/person.ts'

/** The three fields as typed. */
export interface DateFields {
  readonly day: string
  readonly month: string
  readonly year: string
}

export type DateFault = 'missing' | 'year-short' | 'impossible'

/** Nobody alive was born before. */
const EARLIEST_YEAR = 1890

/**
 * Return what is wrong with a birth date, or the date as `YYYY-MM-DD`.
 *
 * An unknown day or month is `0` or `00` (docs/specs/keys.md, section 5). `thisYear` is
 * the year it is now.
 */
export function judgeBirthDate(
  fields: DateFields,
  thisYear: number,
): { readonly fault: DateFault } | string {
  const [day, month, year] = [fields.day, fields.month, fields.year].map((text) => text.trim())
  if (!day || !month || !year) return { fault: 'missing' }
  if (!/^\d{1,2}$/.test(day) || !/^\d{1,2}$/.test(month)) return { fault: 'impossible' }
  if (/^\d{1,3}$/.test(year)) return { fault: 'year-short' }
  if (!/^\d{4}$/.test(year)) return { fault: 'impossible' }
  if (Number(year) < EARLIEST_YEAR || Number(year) > thisYear) return { fault: 'impossible' }
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  return refusedBy(() => parseBirthDate(date)) ? { fault: 'impossible' } : date
}

function refusedBy(parse: () => void): boolean {
  try {
    parse()
    return false
  } catch (failure) {
    if (failure instanceof PersonError) return true
    throw failure
  }
}

export type SurnameFault = 'missing' | 'letters'

/** Return what is wrong with a surname, or the surname trimmed. It needs one letter that A–Z can write. */
export function judgeSurname(typed: string): { readonly fault: SurnameFault } | string {
  const surname = typed.trim()
  if (surname === '') return { fault: 'missing' }
  return refusedBy(() => normaliseSurname(surname)) ? { fault: 'letters' } : surname
}

export type EmailCodeFault = 'missing' | 'length'

/** Return what is wrong with the code from the e-mail, or its six digits. */
export function judgeEmailCode(typed: string): { readonly fault: EmailCodeFault } | string {
  const digits = typed.normalize('NFKC').replaceAll(/[\s-]/g, '')
  if (digits === '') return { fault: 'missing' }
  return /^\d{6}$/.test(digits) ? digits : { fault: 'length' }
}

/** Return what was typed as an e-mail address or as the ten digits of an account number, or null. */
export function judgeAccount(
  typed: string,
  judgeNumber: (typed: string) => unknown,
): string | null {
  const trimmed = typed.trim()
  // The service brings an address into its canonical spelling; here only its shape.
  if (/^[^\s@]+@[^\s@]+$/.test(trimmed)) return trimmed
  const number = judgeNumber(trimmed)
  return typeof number === 'string' ? number : null
}
