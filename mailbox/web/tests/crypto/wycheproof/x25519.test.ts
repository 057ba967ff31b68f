import { expect, test } from 'vitest'
import { LowOrderPointError } from '../../../lib/crypto/errors.ts'
import { checkX25519Point, x25519SharedSecret } from '../../../lib/crypto/x25519.ts'
import { hex } from '../../support/hex.ts'
import { named, readWycheproof } from './read.ts'
import { SETS } from './sets.ts'
import { Tally } from './tally.ts'

interface XdhVector {
  readonly public: string
  readonly private: string
  readonly shared: string
}

const tally = new Tally(SETS.x25519, 'noble, in `crypto/x25519`')
const SET = named(readWycheproof<unknown, XdhVector>(SETS.x25519))

// What RFC 7748 leaves open: a shared secret of zero is refused; points of the twist and
// points that are not reduced give what its section 5 says.
test.each(SET)('X25519, %s', (_name, { vector }) => {
  const point = hex(vector.public)
  const share = () => x25519SharedSecret({ secret: hex(vector.private), point })
  if (vector.result === 'acceptable' && vector.flags?.includes('ZeroSharedSecret')) {
    expect(share).toThrow(LowOrderPointError)
    expect(() => checkX25519Point(point)).toThrow(LowOrderPointError)
    tally.refused(vector)
  } else {
    expect(share()).toEqual(hex(vector.shared))
    expect(checkX25519Point(point)).toBe(point)
    tally.taken(vector)
  }
})

test('docs/vectors.md says how many', () => tally.expectOnPage())

test('X25519: all 31 shared secrets of zero are marked as such', () => {
  const zero = SET.filter(([, { vector }]) => /^0*$/.test(vector.shared))
  expect(zero).toHaveLength(31)
  for (const [, { vector }] of zero) expect(vector.flags).toContain('ZeroSharedSecret')
})
