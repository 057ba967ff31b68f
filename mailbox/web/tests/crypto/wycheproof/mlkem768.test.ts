import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { describe, expect, test } from 'vitest'
import { CryptoUsageError } from '../../../lib/crypto/errors.ts'
import {
  checkMlKem768PublicKey,
  encapsulateMlKem768ForTestVectors,
  MlKem768PrivateKey,
} from '../../../lib/crypto/mlkem768.ts'
import { hex } from '../../support/hex.ts'
import { named, readWycheproof } from './read.ts'
import { SETS } from './sets.ts'
import { Tally } from './tally.ts'

const OURS = 'noble, in `crypto/mlkem768`'

/** What each set has of: seed, m, encapsulation key, decapsulation key, ciphertext, secret. */
interface MlKemVector {
  readonly seed: string
  readonly m: string
  readonly ek: string
  readonly dk: string
  readonly c: string
  readonly K: string
}

const readSet = <Field extends keyof MlKemVector>(path: string) =>
  named(readWycheproof<unknown, Pick<MlKemVector, Field>>(path))

describe('ML-KEM-768, key generation', () => {
  const tally = new Tally(SETS.mlKem768Keygen, OURS)

  test.each(readSet<'seed' | 'ek' | 'dk'>(SETS.mlKem768Keygen))('%s', (_name, { vector }) => {
    const seed = hex(vector.seed)
    expect(new MlKem768PrivateKey(seed).publicKey).toEqual(hex(vector.ek))
    // What the private key holds, and shows to nobody.
    expect(ml_kem768.keygen(seed).secretKey).toEqual(hex(vector.dk))
    tally.taken(vector)
  })

  test('docs/vectors.md says how many', () => tally.expectOnPage())
})

describe('ML-KEM-768, encapsulation', () => {
  const tally = new Tally(SETS.mlKem768Encapsulate, OURS)
  const set = readSet<'m' | 'ek' | 'c' | 'K'>(SETS.mlKem768Encapsulate)
  test.each(set)('%s', (_name, { vector }) => {
    const publicKey = hex(vector.ek)
    const encapsulate = () => encapsulateMlKem768ForTestVectors(publicKey, hex(vector.m))
    if (vector.result === 'valid') {
      expect(checkMlKem768PublicKey(publicKey)).toBe(publicKey)
      const { ciphertext, sharedSecret } = encapsulate()
      expect(ciphertext).toEqual(hex(vector.c))
      expect(sharedSecret).toEqual(hex(vector.K))
      tally.taken(vector)
    } else {
      expect(() => checkMlKem768PublicKey(publicKey)).toThrow(CryptoUsageError)
      expect(encapsulate).toThrow(CryptoUsageError)
      tally.refused(vector)
    }
  })

  test('docs/vectors.md says how many', () => tally.expectOnPage())
})

describe('ML-KEM-768, decapsulation', () => {
  const tally = new Tally(SETS.mlKem768Decapsulate, OURS)
  const set = readSet<'seed' | 'ek' | 'c' | 'K'>(SETS.mlKem768Decapsulate)
  test.each(set)('%s', (_name, { vector }) => {
    const ciphertext = hex(vector.c)
    if (vector.result === 'valid') {
      const key = new MlKem768PrivateKey(hex(vector.seed))
      if (vector.ek !== undefined) expect(key.publicKey).toEqual(hex(vector.ek))
      expect(key.decapsulate(ciphertext)).toEqual(hex(vector.K))
      tally.taken(vector)
    } else {
      const decapsulate = () => new MlKem768PrivateKey(hex(vector.seed)).decapsulate(ciphertext)
      expect(decapsulate).toThrow(CryptoUsageError)
      tally.refused(vector)
    }
  })

  test('docs/vectors.md says how many', () => tally.expectOnPage())
})

// Expanded keys never enter the page: its keys are seeds. The engine is tested all the same.
describe('ML-KEM-768, decapsulation with an expanded key, in noble itself', () => {
  const tally = new Tally(SETS.mlKem768ExpandedKey, 'noble')
  const set = readSet<'dk' | 'c' | 'K'>(SETS.mlKem768ExpandedKey)
  test.each(set)('%s', (_name, { vector }) => {
    const decapsulate = () => ml_kem768.decapsulate(hex(vector.c), hex(vector.dk))
    if (vector.result === 'valid') {
      expect(decapsulate()).toEqual(hex(vector.K))
      tally.taken(vector)
    } else {
      expect(decapsulate).toThrow()
      tally.refused(vector)
    }
  })

  test('docs/vectors.md says how many', () => tally.expectOnPage())
})
