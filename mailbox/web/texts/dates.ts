/** Dates, numbers and sizes as people write them. */
import type { Language } from './texts.ts'

const LOCALE = { fr: 'fr-FR', en: 'en-GB' } as const satisfies Record<Language, string>

/** Return a moment (Unix seconds) as a date in the reader's own time zone: `27/03/2026`. */
export function sayMoment(moment: number, language: Language): string {
  return new Intl.DateTimeFormat(LOCALE[language], {
    day: '2-digit',
    month: '2-digit',
    year: 'numeric',
  }).format(new Date(moment * 1000))
}

/**
 * Return a calendar date (`YYYY-MM-DD`) as `DD/MM/YYYY`.
 *
 * No Date object: a calendar date has no time zone, and one would move it by a day
 * for half of the world. Unknown parts stay `00`, as they stand in people's papers.
 */
export function sayCalendarDate(date: string): string {
  const [year, month, day] = date.split('-')
  return `${day}/${month}/${year}`
}

/** Return a number as the language writes it: a decimal comma in French. */
export function sayNumber(value: number, language: Language, decimals = 0): string {
  return new Intl.NumberFormat(LOCALE[language], {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(value)
}
