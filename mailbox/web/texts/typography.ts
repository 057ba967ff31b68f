/**
 * Where a line must not break.
 *
 * French puts a space before `: ; ? ! »` and after `«`. If it breaks, a line begins
 * with `?`.
 */

const NO_BREAK_SPACE = '\u00a0'
const NARROW_NO_BREAK_SPACE = '\u202f'

/** Return `text` with the spaces of French punctuation made unbreakable. */
export function frenchSpaces(text: string): string {
  return text
    .replaceAll(/ (?=[;?!])/g, NARROW_NO_BREAK_SPACE)
    .replaceAll(/ (?=[:»%])/g, NO_BREAK_SPACE)
    .replaceAll('« ', `«${NO_BREAK_SPACE}`)
}

/** Return a phone number or the like with all its spaces unbreakable. */
export function onOneLine(text: string): string {
  return text.replaceAll(' ', NO_BREAK_SPACE)
}
