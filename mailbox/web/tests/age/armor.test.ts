import { armor } from 'age-encryption'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeArmor } from '../../lib/age/armor.ts'
import { ArmorError } from '../../lib/age/errors.ts'
import { utf8 } from '../../lib/bytes.ts'

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----'
const END = '-----END AGE ENCRYPTED FILE-----'

const decode = (text: string) => decodeArmor(utf8(text))
const block = (...lines: string[]) => [BEGIN, ...lines, END, ''].join('\n')

const FULL = 'A'.repeat(64) // 48 octets

test('what typage armors is read back, with either end of line', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      const value = Uint8Array.from(octets)
      const text = armor.encode(value)
      expect(decode(text)).toEqual(value)
      expect(decode(text.replaceAll('\n', '\r\n'))).toEqual(value)
    }),
  )
})

test.each([
  ['no line', block(), 0],
  ['a short line', block('AA=='), 1],
  ['a full line', block(FULL), 48],
  ['a full line and a short one', block(FULL, 'AAA='), 50],
  ['white space of every kind around it', ` \t\r\n${block(FULL)}\r\n\t `, 48],
  ['no end of line at its end', block(FULL).trimEnd(), 48],
])('a block with %s is read', (_fact, text, length) => {
  expect(decode(text)).toEqual(new Uint8Array(length))
})

test.each([
  ['nothing', ''],
  ['white space alone', ' \n'],
  ['its BEGIN line alone', BEGIN],
  ['its END line alone', `${END}\n`],
  ['no END line', `${BEGIN}\n${FULL}\n`],
  ['no BEGIN line', `${FULL}\n${END}\n`],
  ['BEGIN and END in one line', `${BEGIN}${END}`],
  ['a short line before a full one', block('AAAA', FULL)],
  ['an empty line before a full one', block('', FULL)],
  ['an empty last line', block(FULL, '')],
  ['an empty line alone', block('')],
  ['a line of 65 columns', block(`${FULL}A`)],
  ['a line of 68 columns', block(`${FULL}AAAA`)],
  ['no padding', block('AA')],
  ['padding in the middle', block(`${FULL.slice(0, 62)}==`, 'AAAA')],
  ['bits after its last octet that are not zero', block('AB==')],
  ['the alphabet of addresses', block('-_-_')],
  ['an octet above ASCII', block('AAA\u00c1')],
  ['a space in a line', block('AA A')],
  ['a space after a line', block('AAAA ')],
  ['a vertical tab around it', `\v${block(FULL)}`],
  ['a no-break space around it', `\u00a0${block(FULL)}`],
  ['ends of line that are CR alone', block(FULL).replaceAll('\n', '\r')],
  ['a CR too many', block(FULL).replaceAll('\n', '\r\r\n')],
  ['two blocks', block(FULL) + block(FULL)],
  ['a nul at its end', `${block(FULL)}\0`],
])('a text with %s is refused', (_fact, text) => {
  expect(() => decode(text)).toThrow(ArmorError)
})

test('any bytes are read or raise ArmorError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 150 }), fc.boolean(), (octets, isInBlock) => {
      const text = Buffer.from(octets).toString('latin1')
      const armored = Buffer.from(isInBlock ? block(text) : text, 'latin1')
      try {
        decodeArmor(armored)
      } catch (failure) {
        expect(failure).toBeInstanceOf(ArmorError)
      }
    }),
  )
})

describe('one change of one character', () => {
  const value = Uint8Array.from({ length: 100 }, (_, index) => index)
  const text = armor.encode(value)

  test('never leaves a text that means the same', () => {
    for (let index = 0; index < text.trimEnd().length; index += 1) {
      for (const other of ['A', 'b', '/', '=', ' ', '\n', '\0']) {
        if (text.charAt(index) === other) continue
        const changed = text.slice(0, index) + other + text.slice(index + 1)
        let read: Uint8Array | null = null
        try {
          read = decode(changed)
        } catch (failure) {
          expect(failure).toBeInstanceOf(ArmorError)
        }
        expect(read).not.toEqual(value)
      }
    }
  })
})
