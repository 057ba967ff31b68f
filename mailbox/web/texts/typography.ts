/**
 * Where a line must not break.
 *
 * French puts a space before `: ; ? ! »` and after `«`. If it breaks, a line begins
 * with `?`.
 */

const NO_BREAK_SPACE = '\u00a0'
const NARROW_NO_BREAK_SPACE = '\u202f'
const NO_BREAK_HYPHEN = '\u2011'

/** Return `text` with the spaces of French punctuation made unbreakable. */
export function frenchSpaces(text: string): string {
  return text
    .replaceAll(/ (?=[;?!])/g, NARROW_NO_BREAK_SPACE)
    .replaceAll(/ (?=[:»%])/g, NO_BREAK_SPACE)
    .replaceAll('« ', `«${NO_BREAK_SPACE}`)
}

/** Return `text` with the hyphen of "e-mail" made unbreakable. */
export function unbroken(text: string): string {
  return text.replaceAll(/\b([eE])-mail/g, `$1${NO_BREAK_HYPHEN}mail`)
}

/** Return a phone number or the like with all its spaces unbreakable. */
export function onOneLine(text: string): string {
  return text.replaceAll(' ', NO_BREAK_SPACE)
}
