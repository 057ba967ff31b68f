/** Which screens Back, Forward and a reload may reach; and what the letter's address says. */
import { describe, expect, test } from 'vitest'
import { readFragment } from '../../app/fragment.ts'
import { type Progress, reachable, readScreen, type Screen } from '../../app/route.ts'
import { refusal } from '../../app/surroundings.ts'

const NOBODY: Progress = { signedIn: false, proved: false, passed: false, closed: false }
const PROVED: Progress = { ...NOBODY, proved: true }
const PASSED: Progress = { ...PROVED, passed: true }
const SIGNED_IN: Progress = { ...NOBODY, signedIn: true }
const go = (name: Exclude<Screen['name'], 'document'>, progress: Progress) =>
  reachable({ name }, progress).name

describe('a screen', () => {
  test('with documents needs somebody signed in', () => {
    for (const name of ['inbox', 'done'] as const) {
      expect(go(name, PASSED)).toBe('signIn')
      expect(go(name, SIGNED_IN)).toBe(name)
    }
    const wanted: Screen = { name: 'document', deliveryId: 'ab' }
    expect(reachable(wanted, NOBODY).name).toBe('signIn')
    expect(reachable(wanted, SIGNED_IN)).toEqual(wanted)
  })

  test('that says that the account is closed is shown to who closed it', () => {
    expect(go('closed', NOBODY)).toBe('welcome')
    expect(go('closed', { ...NOBODY, closed: true })).toBe('closed')
    expect(go('closed', { ...SIGNED_IN, closed: true })).toBe('inbox')
  })

  test('of the claim needs the step before', () => {
    expect(go('gates', NOBODY)).toBe('letter')
    expect(go('gates', PROVED)).toBe('gates')
    expect(go('password', NOBODY)).toBe('letter')
    expect(go('password', PROVED)).toBe('gates')
    expect(go('password', PASSED)).toBe('password')
  })

  test('for getting in is over once somebody is in', () => {
    for (const name of ['welcome', 'letter', 'gates', 'password', 'signIn'] as const) {
      expect(go(name, SIGNED_IN)).toBe('inbox')
    }
  })
})

describe('a history entry', () => {
  test('names a screen', () => {
    expect(readScreen({ screen: { name: 'inbox' } })).toEqual({ name: 'inbox' })
    expect(readScreen({ screen: { name: 'document', deliveryId: 'ab', more: 1 } })).toEqual({
      name: 'document',
      deliveryId: 'ab',
    })
  })

  test.each([
    null,
    undefined,
    'inbox',
    {},
    { screen: null },
    { screen: { name: 'elsewhere' } },
    { screen: { name: 'document' } },
    { screen: { name: 'document', deliveryId: '../x' } },
  ])('of anything else (%j) names none', (state) => {
    expect(readScreen(state)).toBeNull()
  })
})

describe('the fragment', () => {
  const id = 'ab'.repeat(16)
  const organisation = 'cd'.repeat(32)

  test('of a letter is read', () => {
    expect(readFragment(`#1.${id}.${organisation}.CODE`)).toEqual({
      invitationId: id,
      organisation,
      code: 'CODE',
    })
  })

  test.each(['', '#', '#content', `#2.${id}.${organisation}.CODE`])('%j is no letter', (text) => {
    expect(readFragment(text)).toBeNull()
  })

  test.each([
    '#1.',
    `#1.${id.toUpperCase()}.${organisation}.CODE`,
    `#1.${id}.${organisation.slice(2)}.CODE`,
    `#1.${id}.${organisation}.CODE.more`,
  ])('%j is a damaged letter', (text) => {
    expect(readFragment(text)).toBe('damaged')
  })
})

describe('the page', () => {
  const here = { hostname: 'souspli.example', secure: true, framed: false, capable: true }
  const hosts = ['souspli.example', '127.0.0.1']

  test('runs on the hosts it was built for', () => {
    expect(refusal(here, hosts)).toBeNull()
    expect(refusal({ ...here, hostname: '127.0.0.1' }, hosts)).toBeNull()
  })

  test.each([
    [{ hostname: 'souspli.example.evil.test' }, 'host'],
    [{ hostname: '' }, 'host'],
    [{ secure: false }, 'insecure'],
    [{ framed: true }, 'framed'],
    [{ capable: false }, 'browser'],
  ])('refuses where %j', (change, why) => {
    expect(refusal({ ...here, ...change }, hosts)).toBe(why)
  })
})
