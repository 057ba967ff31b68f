/**
 * When a password of one's own is strong enough (docs/specs/claim.md, section 6).
 *
 * The rules stand in the order in which a person can act on them. Pure; the guess
 * estimate, which needs dictionaries, is in `guesses.ts`.
 */
import { PasswordError } from '../../lib/keys/errors.ts'
import { normalisePassword } from '../../lib/keys/unlockers.ts'

/** CNIL's deliberation 2022-100: a password alone, without other measures, has 80 bits. */
export const ENOUGH_BITS = 80
/** What the zxcvbn estimate must reach. */
export const ENOUGH_GUESSES = 1e10
export const MOST_CHARACTERS = 128
/** A name of two letters is in half of all passwords. */
const SHORTEST_TRAIT = 3

const CLASSES = [
  { test: /[a-z]/, size: 26 },
  { test: /[A-Z]/, size: 26 },
  { test: /[0-9]/, size: 10 },
  { test: /[^a-zA-Z0-9]/u, size: 37 },
] as const

/** What must not be in the password. */
export interface Traits {
  readonly surname: string
  /** `YYYY-MM-DD`, unknown parts `00`. */
  readonly birthDate: string
  /** The part before the `@`, where the page knows it. */
  readonly emailLocalPart: string | null
}

export type PasswordFault =
  | { readonly fault: 'missing' | 'too-long' | 'has-name' | 'has-birth-date' | 'has-email' }
  | { readonly fault: 'too-short'; readonly add: number }
  | { readonly fault: 'guessable' }

/** Return the password as it is hashed (docs/specs/keys.md, section 3), as text; `''` if nothing is left. */
export function normalizePassword(password: string): string {
  try {
    return new TextDecoder().decode(normalisePassword(password))
  } catch (failure) {
    if (failure instanceof PasswordError) return ''
    throw failure
  }
}

/** Return CNIL's entropy: length × log2(size of the classes present). */
export function entropyBits(password: string): number {
  const normal = normalizePassword(password)
  return [...normal].length * Math.log2(alphabetSize(normal))
}

function alphabetSize(password: string): number {
  const size = CLASSES.reduce((sum, { test, size }) => sum + (test.test(password) ? size : 0), 0)
  return Math.max(size, 1)
}

/** Return the first rule the password breaks, or null. What needs the estimate comes after. */
export function judgePassword(password: string, traits: Traits): PasswordFault | null {
  const normal = normalizePassword(password)
  const length = [...normal].length
  if (length === 0) return { fault: 'missing' }
  if (length > MOST_CHARACTERS) return { fault: 'too-long' }
  const folded = fold(normal)
  const name = fold(traits.surname)
  if (name.length >= SHORTEST_TRAIT && folded.includes(name)) return { fault: 'has-name' }
  if (birthDateSpellings(traits.birthDate).some((spelling) => folded.includes(spelling))) {
    return { fault: 'has-birth-date' }
  }
  const local = fold(traits.emailLocalPart ?? '')
  if (local.length >= SHORTEST_TRAIT && folded.includes(local)) return { fault: 'has-email' }
  const bits = entropyBits(normal)
  if (bits < ENOUGH_BITS) {
    const add = Math.ceil((ENOUGH_BITS - bits) / Math.log2(alphabetSize(normal)))
    return { fault: 'too-short', add }
  }
  return null
}

/** Case, marks and whatever separates letters and digits do not hide a name. */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('œ', 'oe')
    .replaceAll('æ', 'ae')
    .replaceAll('ß', 'ss')
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** The ways people write a birth date, separators dropped. */
function birthDateSpellings(date: string): string[] {
  const [year = '', month = '', day = ''] = date.split('-')
  const short = year.slice(2)
  const [m, d] = [String(Number(month)), String(Number(day))]
  // Six digits or more: fewer would forbid half of all numbers.
  return [
    day + month + year,
    month + day + year,
    year + month + day,
    day + month + short,
    month + day + short,
    short + month + day,
    d + m + year,
    m + d + year,
  ].filter((spelling) => spelling.length >= 6)
}
