import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { describe, expect, test } from 'vitest'
import { CryptoUsageError, SignatureError } from '../../../lib/crypto/errors.ts'
import { mlDsa65PublicKey, signMlDsa65, verifyMlDsa65 } from '../../../lib/crypto/mldsa65.ts'
import { hex } from '../../support/hex.ts'
import { named, readWycheproof, type WycheproofTest } from './read.ts'
import { SETS } from './sets.ts'
import { Tally } from './tally.ts'

const OURS = 'noble, in `crypto/mldsa65`'

interface MlDsaVector {
  /** Absent where only `mu`, the hash that stands for it, is known. */
  readonly msg?: string
  readonly mu?: string
  /** The context; absent, it is empty. */
  readonly ctx?: string
  /** The randomness of a hedged signature; absent, it is 32 zeros. */
  readonly rnd?: string
  readonly sig: string
}

/** Say whether a vector is about a context. The page signs and takes the empty one only. */
const hasContext = ({ ctx = '' }: MlDsaVector) => ctx !== ''

/** Return the signature that noble makes with exactly what the vector says. */
function reproduce(vector: MlDsaVector, secretKey: Uint8Array): Uint8Array {
  const extraEntropy = hex(vector.rnd ?? '00'.repeat(32))
  if (vector.msg === undefined) {
    return ml_dsa65.internal.sign(hex(vector.mu ?? ''), secretKey, {
      externalMu: true,
      extraEntropy,
    })
  }
  const context = hex(vector.ctx ?? '')
  return ml_dsa65.sign(hex(vector.msg), secretKey, { context, extraEntropy })
}

describe('ML-DSA-65, verification', () => {
  const set = readWycheproof<{ publicKey: string }, MlDsaVector>(SETS.mlDsa65Verify)
  const tally = new Tally(SETS.mlDsa65Verify, OURS)
  const contextTally = new Tally(SETS.mlDsa65Verify, 'noble')

  test.each(named(set))('%s', (_name, { group, vector }) => {
    const message = hex(vector.msg ?? '')
    const signed = { publicKey: hex(group.publicKey), message, signature: hex(vector.sig) }
    if (vector.result === 'valid' && !hasContext(vector)) {
      expect(verifyMlDsa65(signed)).toBe(message)
      tally.taken(vector)
    } else {
      // With a context too: what was signed for another purpose is not signed for ours.
      expect(() => verifyMlDsa65(signed)).toThrow(SignatureError)
      tally.refused(vector)
    }
    if (hasContext(vector)) tally.notRun(vector)
    else contextTally.notRun(vector)
  })

  const withContext = set.filter(({ vector }) => hasContext(vector))

  test.each(named(withContext))('in noble itself, with its context, %s', (_name, one) => {
    const { group, vector } = one
    const context = hex(vector.ctx ?? '')
    const verify = () =>
      ml_dsa65.verify(hex(vector.sig), hex(vector.msg ?? ''), hex(group.publicKey), { context })
    if (vector.result === 'valid') {
      expect(verify()).toBe(true)
      contextTally.taken(vector)
    } else {
      expect(verify).toThrow()
      contextTally.refused(vector)
    }
  })

  test('docs/vectors.md says how many', () => {
    tally.expectOnPage()
    contextTally.expectOnPage()
  })
})

describe('ML-DSA-65, signing with a seed', () => {
  interface Group {
    readonly privateSeed: string
    readonly publicKey: string | null
  }
  const set = readWycheproof<Group, MlDsaVector>(SETS.mlDsa65SignSeed)
  const tally = new Tally(SETS.mlDsa65SignSeed, OURS)

  test.each(named(set))('%s', (_name, { group, vector }) => {
    const seed = hex(group.privateSeed)
    if (isAboutKeyLength(vector)) {
      expect(() => mlDsa65PublicKey(seed)).toThrow(CryptoUsageError)
      tally.refused(vector)
      return
    }
    const publicKey = mlDsa65PublicKey(seed)
    expect(publicKey).toEqual(hex(group.publicKey ?? ''))
    const { secretKey } = ml_dsa65.keygen(seed)
    if (vector.result === 'valid') {
      expect(reproduce(vector, secretKey)).toEqual(hex(vector.sig))
      tally.taken(vector)
    } else {
      expect(() => reproduce(vector, secretKey)).toThrow()
      tally.refused(vector)
    }
    // Ours are hedged, so no two are equal: what can be asked of them is that they fit.
    const message = hex(vector.msg ?? '')
    const signature = signMlDsa65({ seed, message })
    expect(verifyMlDsa65({ publicKey, message, signature })).toBe(message)
  })

  test('docs/vectors.md says how many', () => tally.expectOnPage())
})

// Expanded keys never enter the page: its keys are seeds. The engine is tested all the same.
describe('ML-DSA-65, signing with an expanded key, in noble itself', () => {
  const set = readWycheproof<{ privateKey: string }, MlDsaVector>(SETS.mlDsa65SignExpandedKey)
  const tally = new Tally(SETS.mlDsa65SignExpandedKey, 'noble')

  test.each(named(set))('%s', (_name, { group, vector }) => {
    const sign = () => reproduce(vector, hex(group.privateKey))
    if (vector.result === 'valid') {
      expect(sign()).toEqual(hex(vector.sig))
      tally.taken(vector)
    } else {
      expect(sign).toThrow()
      tally.refused(vector)
    }
  })

  test('docs/vectors.md says how many', () => tally.expectOnPage())
})

function isAboutKeyLength({ flags }: WycheproofTest): boolean {
  return flags?.includes('IncorrectPrivateKeyLength') ?? false
}
