/** Codes and numbers while they are typed, pasted and judged. */
import { describe, expect, test } from 'vitest'
import {
  caretAfterGrouping,
  codeSymbols,
  groupCode,
  groupNumber,
  judgeCode,
  judgeNumber,
  numberDigits,
} from '../../app/code_entry.ts'
import { checkSymbol } from '../../lib/keys/codes.ts'

const DATA = '7KQ2MXW4HNB9RTCV3E5'
const CODE = DATA + checkSymbol(DATA)
const NUMBER = '1234567897'

describe('grouping', () => {
  test.each([
    ['', ''],
    ['abcde', 'ABCDE'],
    ['abcdef', 'ABCDE-F'],
    ['ABCDE-', 'ABCDE'],
    [CODE.toLowerCase(), CODE.replaceAll(/.{5}(?=.)/g, '$&-')],
  ])('of %j as a code is %j', (typed, shown) => {
    expect(groupCode(typed)).toBe(shown)
  })

  test('reads look-alikes, small letters and every dash and space as meant', () => {
    expect(codeSymbols('oOiIlL')).toBe('001111')
    expect(codeSymbols('ab–cd\u00a0ef — g\u2011h')).toBe('ABCDEFGH')
    expect(codeSymbols('ＡＢ')).toBe('AB')
  })

  test.each([
    ['', ''],
    ['1234', '123 4'],
    [NUMBER, '123 456 789 7'],
    ['123.456.789-7', '123 456 789 7'],
    ['12345678971', '123 456 789 7 1'],
  ])('of %j as a number is %j', (typed, shown) => {
    expect(groupNumber(typed)).toBe(shown)
  })

  test('is done once and for all', () => {
    for (const typed of [CODE, 'abcdefg', 'u2 ?', '']) {
      expect(groupCode(groupCode(typed))).toBe(groupCode(typed))
    }
    expect(groupNumber(groupNumber('98765'))).toBe(groupNumber('98765'))
  })
})

describe('the caret', () => {
  const place = (typed: string, caret: number) =>
    caretAfterGrouping({ typed, caret, shown: groupCode(typed), symbols: codeSymbols })

  test('stays at the end while typing on', () => {
    expect(place('ABCDEF', 6)).toBe('ABCDE-F'.length)
  })

  test('stays in the middle while correcting there', () => {
    expect(place('AXBCDE-FG', 2)).toBe(2)
  })

  test('goes back over a hyphen that was erased', () => {
    expect(place('ABCDEFGHIJ', 5)).toBe(5)
  })

  test('is right for numbers too', () => {
    expect(
      caretAfterGrouping({
        typed: '1234',
        caret: 4,
        shown: groupNumber('1234'),
        symbols: numberDigits,
      }),
    ).toBe(5)
  })
})

describe('judging', () => {
  test('a right code gives its symbols, however it was written', () => {
    expect(judgeCode(` ${groupCode(CODE).toLowerCase()} `)).toBe(CODE)
  })

  test('a right number gives its digits', () => {
    expect(judgeNumber('123 456 789 7')).toBe(NUMBER)
  })

  test.each([
    ['', { fault: 'missing' }],
    [' - ', { fault: 'missing' }],
    [`${DATA}U`, { fault: 'symbol', symbol: 'U' }],
    [DATA, { fault: 'length', count: 19 }],
    [`${CODE}0`, { fault: 'length', count: 21 }],
  ])('of the code %j says %j', (typed, fault) => {
    expect(judgeCode(typed)).toEqual(fault)
  })

  test('any single wrong symbol of a code is a typo', () => {
    for (const [place, symbol] of [...CODE].entries()) {
      const wrong = symbol === 'Z' ? 'Y' : 'Z'
      expect(judgeCode(CODE.slice(0, place) + wrong + CODE.slice(place + 1))).toEqual({
        fault: 'typo',
      })
    }
  })

  test.each([
    ['', { fault: 'missing' }],
    ['12345678x7', { fault: 'symbol', symbol: 'x' }],
    ['123', { fault: 'length', count: 3 }],
    ['1234567890', { fault: 'typo' }],
    ['2134567897', { fault: 'typo' }],
  ])('of the number %j says %j', (typed, fault) => {
    expect(judgeNumber(typed)).toEqual(fault)
  })
})
