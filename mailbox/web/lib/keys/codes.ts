/**
 * Codes and numbers that people type: drawing, check symbol, reading (keys.md §2).
 *
 * A claim code is a secret and lives in `claimcode.ts`; what is here knows its shape only.
 */
import { randomBytes } from '../crypto/random.ts'
import { CodeCheckError, CodeLengthError, CodeSymbolError } from './errors.ts'

/** Crockford's 32 symbols: no I, L, O (misread) and no U. */
export const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export const CLAIM_CODE_SYMBOLS = 20 // 19 random ones, 95 bits
export const NUMBER_DIGITS = 10 // 9 random ones

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, and nothing else
const ASCII = /^[\x00-\x7f]*$/
const DROPPED = /[ -]/g

declare const accountNumber: unique symbol
declare const letterNumber: unique symbol

/** 10 digits that name an account for ever and salt its password. */
export type AccountNumber = string & { readonly [accountNumber]: true }

/** 10 digits printed on a letter, that name its invitation. */
export type LetterNumber = string & { readonly [letterNumber]: true }

/** Return the symbol that makes `data` and itself pass Luhn mod 32. */
export function checkSymbol(data: string): string {
  return completion(data, 32)
}

/** Return the digit that makes `data` and itself pass Luhn mod 10. */
export function checkDigit(data: string): string {
  return completion(data, 10)
}

/** Return a new code of that many symbols, the last of them the check symbol. */
export function drawSymbols(symbols: number): string {
  // 256 is a multiple of 32: every symbol is equally likely.
  const data = Array.from(randomBytes(symbols - 1), (octet) => ALPHABET[octet % 32]).join('')
  return data + checkSymbol(data)
}

/**
 * Return the canonical symbols of a code that somebody typed.
 *
 * Spaces and hyphens are dropped; small letters, and I, L and O, which the alphabet
 * avoids, are read as what was meant. Raises CodeSymbolError, CodeLengthError or
 * CodeCheckError; their texts do not repeat the code.
 */
export function readSymbols(text: string, { symbols }: { symbols: number }): string {
  // ASCII before capitals: `ı` in capitals is I, and would be read as 1.
  if (!ASCII.test(text)) throw new CodeSymbolError('a character that no code contains')
  const read = text
    .replaceAll(DROPPED, '')
    .toUpperCase()
    .replaceAll(/[IL]/g, '1')
    .replaceAll('O', '0')
  if ([...read].some((symbol) => !ALPHABET.includes(symbol))) {
    throw new CodeSymbolError('a character that no code contains')
  }
  if (read.length !== symbols) {
    throw new CodeLengthError(`${read.length} symbols where ${symbols} belong`)
  }
  if (checkSymbol(read.slice(0, -1)) !== read.slice(-1)) {
    throw new CodeCheckError('at least one symbol was misread')
  }
  return read
}

/** Return a new account number. Drawn by the client: the service gives no salts. */
export function drawAccountNumber(): AccountNumber {
  return drawNumber() as AccountNumber
}

/** Return the account number that somebody typed; CodeError if it is none. */
export function parseAccountNumber(text: string): AccountNumber {
  return parseNumber(text) as AccountNumber
}

/** Return the letter number that somebody typed; CodeError if it is none. */
export function parseLetterNumber(text: string): LetterNumber {
  return parseNumber(text) as LetterNumber
}

/** Return the number as it is written: `123 456 789 0`. */
export function formatNumber(number: AccountNumber | LetterNumber): string {
  return number.replace(/^(...)(...)(...)(.)$/, '$1 $2 $3 $4')
}

/** Say whether decimal digits, the last of them a check digit, pass Luhn mod 10. */
export function passesLuhn(digits: string): boolean {
  return checkDigit(digits.slice(0, -1)) === digits.slice(-1)
}

function drawNumber(): string {
  const many = 10 ** (NUMBER_DIGITS - 1)
  // What lies above the last whole multiple would make small numbers likelier.
  const limit = Math.floor(2 ** 32 / many) * many
  let drawn = limit
  while (drawn >= limit) drawn = new DataView(randomBytes(4).buffer).getUint32(0)
  const data = String(drawn % many).padStart(NUMBER_DIGITS - 1, '0')
  return data + checkDigit(data)
}

function parseNumber(text: string): string {
  const digits = text.replaceAll(DROPPED, '')
  // Not \d with the flag u and friends: other scripts have digits too.
  if (!/^[0-9]*$/.test(digits)) throw new CodeSymbolError('a character that no number contains')
  if (digits.length !== NUMBER_DIGITS) {
    throw new CodeLengthError(`${digits.length} digits where ${NUMBER_DIGITS} belong`)
  }
  if (!passesLuhn(digits)) throw new CodeCheckError('at least one digit was misread')
  return digits
}

/** Return what completes Luhn's sum to a multiple of `base`. */
function completion(data: string, base: number): string {
  let total = 0
  let factor = 2
  for (const symbol of [...data].reverse()) {
    const product = ALPHABET.indexOf(symbol) * factor
    total += Math.floor(product / base) + (product % base)
    factor = 3 - factor
  }
  return ALPHABET.charAt((base - (total % base)) % base)
}
