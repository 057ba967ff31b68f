import { expect, test } from 'vitest'
import { CryptoUsageError } from '../../../lib/crypto/errors.ts'
import { hkdfSha256 } from '../../../lib/crypto/hkdf.ts'
import { hex } from '../../support/hex.ts'
import { named, readWycheproof } from './read.ts'
import { SETS } from './sets.ts'
import { Tally } from './tally.ts'

interface HkdfVector {
  readonly ikm: string
  readonly salt: string
  readonly info: string
  readonly size: number
  readonly okm: string
}

const tally = new Tally(SETS.hkdfSha256, 'noble, in `crypto/hkdf`')

test.each(named(readWycheproof<unknown, HkdfVector>(SETS.hkdfSha256)))(
  'HKDF-SHA-256, %s',
  (_name, { vector }) => {
    const { ikm, salt, info, size, okm } = vector
    const derive = () =>
      hkdfSha256({ secret: hex(ikm), salt: hex(salt), info: hex(info), length: size })
    if (vector.result === 'valid') {
      expect(derive()).toEqual(hex(okm))
      tally.taken(vector)
    } else {
      expect(derive).toThrow(CryptoUsageError)
      tally.refused(vector)
    }
  },
)

test('docs/vectors.md says how many', () => tally.expectOnPage())
