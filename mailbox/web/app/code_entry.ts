/**
 * Typing the letter's number and code: grouped while typing, judged before anything is sent.
 *
 * Pure: text in, text out. What a code is, docs/specs/keys.md, section 2.
 */
import {
  ALPHABET,
  CLAIM_CODE_SYMBOLS,
  checkSymbol,
  NUMBER_DIGITS,
  passesLuhn,
} from '../lib/keys/codes.ts'

const CODE_GROUP = 5
const NUMBER_GROUPS = [3, 3, 3, 1] as const

// Pasted text brings every kind of dash and space with it.
const SEPARATORS = /[\s\p{Pd}\u2212.,·_]/gu

/** Return the typed code without separators, in capitals, look-alikes read as the specification says. */
export function codeSymbols(typed: string): string {
  return typed
    .normalize('NFKC')
    .replaceAll(SEPARATORS, '')
    .toUpperCase()
    .replaceAll(/[IL]/g, '1')
    .replaceAll('O', '0')
}

/** Return the typed number without separators. */
export function numberDigits(typed: string): string {
  return typed.normalize('NFKC').replaceAll(SEPARATORS, '')
}

/** Return the code as it is shown: `ABCDE-FGHJK`. */
export function groupCode(typed: string): string {
  return codeSymbols(typed).replaceAll(new RegExp(`(.{${CODE_GROUP}})(?=.)`, 'gu'), '$1-')
}

/** Return the number as it is shown: `123 456 789 7`. */
export function groupNumber(typed: string): string {
  const digits = numberDigits(typed)
  const groups: string[] = []
  let start = 0
  for (const length of NUMBER_GROUPS) {
    groups.push(digits.slice(start, start + length))
    start += length
  }
  // What is too long stays in sight, so that the person sees it.
  groups.push(digits.slice(start))
  return groups.filter((group) => group !== '').join(' ')
}

/**
 * Return where the caret belongs after grouping.
 *
 * It stays behind as many symbols as it stood behind before; otherwise typing in the
 * middle of a code would throw it to the end.
 */
export function caretAfterGrouping({
  typed,
  caret,
  shown,
  symbols,
}: {
  typed: string
  caret: number
  shown: string
  symbols: (text: string) => string
}): number {
  const before = symbols(typed.slice(0, caret)).length
  let position = 0
  for (let seen = 0; seen < before && position < shown.length; position += 1) {
    if (symbols(shown.charAt(position)) !== '') seen += 1
  }
  return position
}

/** Why a code or number can't be right; judged in the page, nothing is sent. */
export type EntryFault =
  | { readonly fault: 'missing' }
  | { readonly fault: 'symbol'; readonly symbol: string }
  | { readonly fault: 'length'; readonly count: number }
  | { readonly fault: 'typo' }

/** Return what is wrong with a typed claim code, or its 20 canonical symbols. */
export function judgeCode(typed: string): EntryFault | string {
  const symbols = codeSymbols(typed)
  return judge(symbols, { alphabet: ALPHABET, length: CLAIM_CODE_SYMBOLS, check: passesLuhn32 })
}

/** Return what is wrong with a typed letter number or account number, or its 10 digits. */
export function judgeNumber(typed: string): EntryFault | string {
  const digits = numberDigits(typed)
  return judge(digits, { alphabet: '0123456789', length: NUMBER_DIGITS, check: passesLuhn })
}

function judge(
  symbols: string,
  code: { alphabet: string; length: number; check: (symbols: string) => boolean },
): EntryFault | string {
  if (symbols === '') return { fault: 'missing' }
  const stranger = [...symbols].find((symbol) => !code.alphabet.includes(symbol))
  if (stranger !== undefined) return { fault: 'symbol', symbol: stranger }
  if (symbols.length !== code.length) return { fault: 'length', count: symbols.length }
  return code.check(symbols) ? symbols : { fault: 'typo' }
}

function passesLuhn32(symbols: string): boolean {
  return checkSymbol(symbols.slice(0, -1)) === symbols.slice(-1)
}
