/** Both languages say the same things, in the same places. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { sayCalendarDate, sayMoment, sayNumber } from '../../texts/dates.ts'
import { en } from '../../texts/en.ts'
import { fr } from '../../texts/fr.ts'
import { speaker, type TextKey } from '../../texts/texts.ts'

const keys = Object.keys(fr) as TextKey[]

function places(text: string): string[] {
  return Array.from(text.matchAll(/\{([^}]*)\}/g), (match) => match[1] ?? '').sort()
}

describe('French and English', () => {
  test('have the same texts', () => {
    expect(Object.keys(en).sort()).toEqual([...keys].sort())
  })

  test.each(keys)('%s has the same places in both', (key) => {
    expect(places(en[key])).toEqual(places(fr[key]))
  })

  test.each(keys)('%s is neither empty nor padded', (key) => {
    for (const text of [fr[key], en[key]]) {
      expect(text).not.toBe('')
      expect(text).toBe(text.trim())
    }
  })

  test.each(keys)('%s keeps to the typography of its language', (key) => {
    // Straight quotes are a typist's; unbreakable spaces are put in by typography.ts.
    expect(fr[key]).not.toMatch(/['"\u00a0\u202f]/)
    expect(en[key]).not.toMatch(/['"\u00a0\u202f«»]/)
    expect(fr[key]).not.toMatch(/[^\s/][;?!»](?!\w)/)
    expect(en[key]).not.toMatch(/ [:;?!]/)
  })
})

describe('a text', () => {
  const folder = fileURLToPath(new URL('../../app/', import.meta.url))
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(folder + name, 'utf8'))
    .join('\n')

  test.each(keys)('%s is said somewhere', (key) => {
    expect(sources).toContain(`'${key}'`)
  })

  test('gets its places filled', () => {
    expect(speaker('en')('frame.step', { step: 2 })).toBe('Step 2 of 3')
  })

  test('says a value as it is, whatever is in it', () => {
    const words = 'a $& {count} «b» ?'
    expect(speaker('fr')('inbox.foundNone', { words })).toContain(words)
  })

  test('never breaks before French punctuation or in a phone number', () => {
    const say = speaker('fr')
    expect(say('gates.title')).toBe('C’est bien vous\u202f?')
    expect(say('gates.notYours', { organisation: 'A B', phone: '01 02' })).toContain(
      'A B (01\u00a002)',
    )
  })
})

describe('dates and numbers', () => {
  test('a calendar date keeps its unknown parts', () => {
    expect(sayCalendarDate('1900-00-00')).toBe('00/00/1900')
    expect(sayCalendarDate('1946-03-27')).toBe('27/03/1946')
  })

  test('a moment is said day first in both languages', () => {
    const noon = Date.UTC(2026, 2, 27, 12) / 1000
    expect(sayMoment(noon, 'fr')).toBe('27/03/2026')
    expect(sayMoment(noon, 'en')).toBe('27/03/2026')
  })

  test('a number has the language’s decimal sign', () => {
    expect(sayNumber(1.25, 'fr', 1)).toBe('1,3')
    expect(sayNumber(1.25, 'en', 1)).toBe('1.3')
  })
})
