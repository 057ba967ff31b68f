/** Calendar dates, `YYYY-MM-DD` (encoding.md §2). */
import { PersonError, SchemaError } from '../keys/errors.ts'
import { daysIn, parseBirthDate } from '../keys/person.ts'

const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/

/** Return `text` if it is a day of the calendar, or raise SchemaError. */
export function checkDate(text: string): string {
  const match = DATE.exec(text)
  if (match === null) throw new SchemaError('a date is YYYY-MM-DD')
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(month, year)) {
    throw new SchemaError('no day of the calendar')
  }
  return text
}

/** Return `text` if somebody may be born then (month or day unknown: 00), or raise SchemaError. */
export function checkBirthDate(text: string): string {
  try {
    return parseBirthDate(text)
  } catch (failure) {
    if (!(failure instanceof PersonError)) throw failure
    throw new SchemaError('no birth date')
  }
}
