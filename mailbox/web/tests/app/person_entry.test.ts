/** Names, birth dates and the mail's code, judged in the page. */
import { describe, expect, test } from 'vitest'
import { judgeNumber } from '../../app/code_entry.ts'
import {
  judgeAccount,
  judgeBirthDate,
  judgeEmailCode,
  judgeSurname,
} from '../../app/person_entry.ts'

const judge = (day: string, month: string, year: string) =>
  judgeBirthDate({ day, month, year }, 2026)

describe('a birth date', () => {
  test.each([
    [['27', '3', '1946'], '1946-03-27'],
    [[' 7 ', '03', '1946'], '1946-03-07'],
    [['29', '2', '1948'], '1948-02-29'],
    [['00', '00', '1900'], '1900-00-00'],
    [['0', '5', '1930'], '1930-05-00'],
  ] as const)('of %j is %j', ([day, month, year], date) => {
    expect(judge(day, month, year)).toBe(date)
  })

  test.each([
    [['', '3', '1946'], 'missing'],
    [['27', '3', '46'], 'year-short'],
    [['31', '2', '1946'], 'impossible'],
    [['29', '2', '1947'], 'impossible'],
    [['1', '13', '1946'], 'impossible'],
    [['1', '1', '2027'], 'impossible'],
    [['1', '1', '1800'], 'impossible'],
    [['un', '1', '1946'], 'impossible'],
    [['1', '1', '19466'], 'impossible'],
  ] as const)('of %j is refused as %s', ([day, month, year], fault) => {
    expect(judge(day, month, year)).toEqual({ fault })
  })
})

describe('a surname', () => {
  test.each(['d’Alençon', 'Le Goff-Œuvrard', 'Nguyễn', "O'Neill"])('may be %s', (name) => {
    expect(judgeSurname(` ${name} `)).toBe(name)
  })

  test('needs one letter that the practice can have written', () => {
    expect(judgeSurname(' ')).toEqual({ fault: 'missing' })
    expect(judgeSurname('12')).toEqual({ fault: 'letters' })
    expect(judgeSurname('王')).toEqual({ fault: 'letters' })
  })
})

describe('the code from the mail', () => {
  test('may be typed in groups', () => {
    expect(judgeEmailCode(' 123 456 ')).toBe('123456')
  })

  test('has six digits', () => {
    expect(judgeEmailCode('')).toEqual({ fault: 'missing' })
    expect(judgeEmailCode('12345')).toEqual({ fault: 'length' })
    expect(judgeEmailCode('12345a')).toEqual({ fault: 'length' })
  })
})

test('an account is an e-mail address or a number that has no typing error', () => {
  expect(judgeAccount(' Marie@exemple.fr ', judgeNumber)).toBe('Marie@exemple.fr')
  expect(judgeAccount('123 456 789 7', judgeNumber)).toBe('1234567897')
  expect(judgeAccount('1234567890', judgeNumber)).toBeNull()
  expect(judgeAccount('marie', judgeNumber)).toBeNull()
  expect(judgeAccount('a@b@c', judgeNumber)).toBeNull()
})
