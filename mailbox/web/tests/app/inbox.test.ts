/** Looking through decrypted titles; and what the page makes of files and troubles. */
import { describe, expect, test } from 'vitest'
import type { DocumentEntry } from '../../app/core.ts'
import { coverOf } from '../../app/core_shown.ts'
import { searchTitles } from '../../app/inbox_state.ts'
import { isPdf, judgePdf } from '../../app/pdf/kind.ts'
import { LARGEST, nextZoom, SMALLEST } from '../../app/pdf/zoom.ts'
import { saySender } from '../../app/sender_text.ts'
import { asTrouble, Trouble } from '../../app/trouble.ts'
import { sayTrouble } from '../../app/trouble_text.ts'
import type { VerifiedCover } from '../../lib/exchange/sealed.ts'
import { speaker } from '../../texts/texts.ts'

function entry(title: string): DocumentEntry {
  return {
    deliveryId: title,
    unread: false,
    withdrawn: null,
    storedAt: 0,
    cover: {
      title,
      date: '2026-01-01',
      urgent: false,
      soon: false,
      replacesAnother: false,
      withdrawsAnother: false,
      sender: { name: 'S', organisation: 'O', bridge: false },
      patient: { name: 'P', birthDate: '1946-03-27' },
    },
  }
}

describe('a search', () => {
  const unreadable: DocumentEntry = {
    deliveryId: 'x',
    unread: true,
    withdrawn: null,
    storedAt: 0,
    trouble: new Trouble('document-tampered'),
  }
  const entries = [entry('Échographie abdominale'), entry('Bilan sanguin'), unreadable]

  test.each([
    ['echo', ['Échographie abdominale']],
    ['ABDO écho', ['Échographie abdominale']],
    ['bilan écho', []],
    ['', ['Échographie abdominale', 'Bilan sanguin', 'x']],
    ['  ', ['Échographie abdominale', 'Bilan sanguin', 'x']],
  ])('for %j finds %j', (words, found) => {
    expect(searchTitles(entries, words).map(({ deliveryId }) => deliveryId)).toEqual(found)
  })
})

describe('a sender', () => {
  const member = { name: 'Dr Martin', organisation: 'Laboratoire', bridge: false }

  test('is named with the organisation, once where both have one name', () => {
    expect(saySender(speaker('fr'), member)).toBe('Dr Martin, Laboratoire')
    expect(saySender(speaker('fr'), { ...member, name: 'Laboratoire' })).toBe('Laboratoire')
  })

  test('is a bridge by the role that its organisation certified', () => {
    const manifest = { document: { title: 'T', date: '2026-01-01', patient: null } }
    const bridges = ['bridge', 'assistant'].map((role) => {
      const sender = { member: { name: 'Pont', role }, organisation: { name: 'Laboratoire' } }
      return coverOf({ manifest, sender } as unknown as VerifiedCover).sender.bridge
    })
    expect(bridges).toEqual([true, false])
  })

  test('that is a bridge is shown as one, whatever its name', () => {
    const bridge = { ...member, bridge: true }
    expect(saySender(speaker('fr'), bridge)).toBe('Laboratoire, par le pont du laboratoire')
    expect(saySender(speaker('en'), bridge)).toBe('Laboratoire, through the laboratory’s bridge')
  })
})

describe('a file', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)

  test('is meant as a PDF by its type or its name', () => {
    expect(isPdf({ name: 'a.PDF', mediaType: 'application/octet-stream' })).toBe(true)
    expect(isPdf({ name: 'a', mediaType: 'application/pdf' })).toBe(true)
    expect(isPdf({ name: 'a.txt', mediaType: 'text/plain' })).toBe(false)
  })

  test('is not tried when it can’t be one', () => {
    expect(judgePdf(bytes(''))).toBe('empty')
    expect(judgePdf(bytes('PK\x03\x04'))).toBe('not-pdf')
    expect(judgePdf(bytes(`${' '.repeat(2_000)}%PDF-1.7`))).toBe('not-pdf')
    expect(judgePdf(bytes('junk\n%PDF-1.7'))).toBeNull()
  })
})

test('the size of a page goes up and down between its ends', () => {
  expect(nextZoom(100, 1)).toBe(125)
  expect(nextZoom(125, -1)).toBe(100)
  expect(nextZoom(SMALLEST, -1)).toBe(SMALLEST)
  expect(nextZoom(LARGEST, 1)).toBe(LARGEST)
})

describe('a trouble', () => {
  const organisation = { name: 'Cabinet des Tilleuls', phone: '01 99 00 12 34' }
  const say = speaker('en')
  const words = (trouble: Trouble) => sayTrouble(say, trouble, 'en')

  test('names a phone number only where the organisation was found authentic', () => {
    expect(words(new Trouble('letter-used', { organisation }))).toContain('Cabinet des Tilleuls')
    expect(words(new Trouble('letter-used'))).not.toContain('(')
    const endedAt = Date.UTC(2026, 2, 27, 12) / 1000
    expect(words(new Trouble('letter-expired', { organisation, endedAt }))).toContain('27/03/2026')
  })

  test('counts tries down to the last', () => {
    expect(words(new Trouble('email-code-wrong', { triesLeft: 3 }))).toContain('Tries left: 3')
    expect(words(new Trouble('email-code-wrong', { triesLeft: 0 }))).toContain('Ask for a new one')
    expect(words(new Trouble('person-wrong', { triesLeft: 0, organisation }))).toContain('tomorrow')
  })

  test('rounds a wait up to whole minutes', () => {
    expect(words(new Trouble('throttled', { retryAfterSeconds: 61 }))).toContain('2 minutes')
    expect(words(new Trouble('throttled', { retryAfterSeconds: 59 }))).toContain('a minute')
  })

  test('nobody foresaw is told as unexpected', () => {
    expect(asTrouble(new RangeError('x')).kind).toBe('unexpected')
  })
})
