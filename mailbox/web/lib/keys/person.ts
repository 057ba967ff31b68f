/** Surname and birth date, in the one form in which they are compared (keys.md §5). */
import { PersonError } from './errors.ts'

const BIRTH_DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/

const MONTHS = 12
const LONGEST_MONTH = 31 // days, where the month is unknown

/**
 * Return the surname in capitals A–Z: no marks, spaces, hyphens or apostrophes.
 *
 * `Le Goff-Œuvrard` gives `LEGOFFOEUVRARD`. Raises PersonError if no letter is left.
 */
export function normaliseSurname(text: string): string {
  // NFKD leaves these letters whole. Dropped, they would make ŁUKASZ a stranger to LUKASZ.
  const surname = text
    .normalize('NFKD')
    .replaceAll(/[œŒ]/g, 'OE')
    .replaceAll(/[æÆ]/g, 'AE')
    .replaceAll(/[ßẞ]/g, 'SS')
    .replaceAll(/[łŁ]/g, 'L')
    .replaceAll(/[øØ]/g, 'O')
    .replaceAll(/[đĐðÐ]/g, 'D')
    .replaceAll(/[þÞ]/g, 'TH')
    .replaceAll(/[ħĦ]/g, 'H')
    .replaceAll('ı', 'I')
    .replaceAll(/\p{M}/gu, '')
    .toUpperCase()
    .replaceAll(/[^A-Z]/g, '')
  if (surname === '') throw new PersonError('a surname holds at least one letter')
  return surname
}

/**
 * Return `text` if it is `YYYY-MM-DD`, an unknown month or day being `00`.
 *
 * Raises PersonError for a day that no calendar has.
 */
export function parseBirthDate(text: string): string {
  const match = BIRTH_DATE.exec(text)
  if (match === null) throw new PersonError('a birth date is written YYYY-MM-DD')
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (year === 0 || month > MONTHS) throw new PersonError('no such month')
  if (day > (month === 0 ? LONGEST_MONTH : daysIn(month, year))) {
    throw new PersonError('no such day')
  }
  return text
}

/** Return a birth date as `YYYYMMDD`, or raise PersonError. */
export function compactBirthDate(text: string): string {
  return parseBirthDate(text).replaceAll('-', '')
}

/** Return how many days a month of the Gregorian calendar has; January is 1. */
export function daysIn(month: number, year: number): number {
  if (month === 2) {
    const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
    return isLeap ? 29 : 28
  }
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}
