/** Passwords: the ones that are offered, and the rules for one's own (docs/specs/claim.md, section 6). */
import { describe, expect, test } from 'vitest'
import { guesses } from '../../app/password/guesses.ts'
import { drawPhrase, PHRASE_WORDS } from '../../app/password/phrase.ts'
import {
  ENOUGH_BITS,
  ENOUGH_GUESSES,
  entropyBits,
  judgePassword,
} from '../../app/password/rules.ts'

const TRAITS = {
  surname: 'Le Goff-Œuvrard',
  birthDate: '1946-03-27',
  emailLocalPart: 'marie.legoff',
}
const judge = (password: string) => judgePassword(password, TRAITS)

describe('the entropy', () => {
  test.each([
    ['abcdefghijklmnopqr', 18 * Math.log2(26)],
    ['Abcdefgh', 8 * Math.log2(52)],
    ['Abc1', 4 * Math.log2(62)],
    ['Abc1!', 5 * Math.log2(99)],
    ['été', 3 * Math.log2(63)],
    ['', 0],
  ])('of %j is length × log2 of its classes', (password, bits) => {
    expect(entropyBits(password)).toBeCloseTo(bits, 10)
  })

  test('counts the password as it is hashed: one space between words, none at the ends', () => {
    expect(entropyBits('  a   b ')).toBe(entropyBits('a b'))
  })
})

describe('the rules', () => {
  test.each([
    'xkvqbzmwtrphgdncjf', // 18 small letters: 84.6 bits
    'Tz7!qLp2#vXm9', // 13 of all classes: 86.2 bits
    'cinq mots sans rapport aucun',
  ])('let %j pass', (password) => {
    expect(judge(password)).toBeNull()
  })

  test.each([
    ['', 'missing'],
    [' \u00a0 ', 'missing'],
    ['a'.repeat(129), 'too-long'],
    ['xx-LEGOFF œuvrard-yy-zzzz', 'has-name'],
    ['tulipe-27/03/1946-girafe', 'has-birth-date'],
    ['tulipe-270346-girafe-lac', 'has-birth-date'],
    ['tulipe-19460327-girafe', 'has-birth-date'],
    ['tulipe Marie.LeGoff girafe', 'has-email'],
  ])('refuse %j: %s', (password, fault) => {
    expect(judge(password)).toEqual({ fault })
  })

  test('say how many more of the same would be enough', () => {
    const short = 'abcdefghij'
    const fault = judge(short)
    expect(fault).toEqual({ fault: 'too-short', add: 8 })
    expect(entropyBits(short + 'a'.repeat(8))).toBeGreaterThanOrEqual(ENOUGH_BITS)
    expect(entropyBits(short + 'a'.repeat(7))).toBeLessThan(ENOUGH_BITS)
  })

  test('do not look for an e-mail address that the page does not know', () => {
    const password = 'tulipe Marie.LeGoff girafe'
    expect(judgePassword(password, { ...TRAITS, emailLocalPart: null })).toBeNull()
  })
})

describe('the estimate', () => {
  test.each(['motdepassemotdepasse', 'azertyuiopqsdfghjklm', 'aaaaaaaaaaaaaaaaaaaaaaaa'])(
    'finds %s easy',
    (password) => {
      expect(guesses(password, [])).toBeLessThan(ENOUGH_GUESSES)
    },
  )

  test('finds eight drawn words hard', () => {
    expect(guesses(drawPhrase('fr').join(' '), [])).toBeGreaterThan(ENOUGH_GUESSES)
  })
})

describe('the words that are offered', () => {
  test.each(['fr', 'en'] as const)('are eight, composed, and pass the rules (%s)', (language) => {
    for (let round = 0; round < 50; round += 1) {
      const words = drawPhrase(language)
      expect(words).toHaveLength(PHRASE_WORDS)
      expect(words.join(' ')).toBe(words.join(' ').normalize('NFC'))
      expect(words.every((word) => /^\p{Ll}{3,}$/u.test(word))).toBe(true)
      expect(entropyBits(words.join(' '))).toBeGreaterThan(ENOUGH_BITS)
    }
  })

  test('are drawn from the whole list', () => {
    const seen = new Set<string>()
    for (let round = 0; round < 3_000; round += 1)
      for (const word of drawPhrase('en')) seen.add(word)
    // 24,000 draws from 2,048 words leave none out, but once in 60 such runs.
    expect(seen.size).toBeGreaterThan(2_040)
  })
})
