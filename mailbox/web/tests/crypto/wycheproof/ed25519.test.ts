import { expect, test } from 'vitest'
import { verifyEd25519 } from '../../../lib/crypto/ed25519.ts'
import { SignatureError } from '../../../lib/crypto/errors.ts'
import { hex } from '../../support/hex.ts'
import { named, readWycheproof } from './read.ts'
import { SETS } from './sets.ts'
import { Tally } from './tally.ts'

interface EddsaGroup {
  readonly publicKey: { readonly pk: string }
}

interface EddsaVector {
  readonly msg: string
  readonly sig: string
}

const tally = new Tally(SETS.ed25519, 'noble, in `crypto/ed25519`')
const SET = named(readWycheproof<EddsaGroup, EddsaVector>(SETS.ed25519))

// `acceptable` are keys of small or of mixed order. All are refused: libraries differ on
// them, and an envelope is to be taken by all of our programs or by none.
test.each(SET)('Ed25519, %s', (_name, { group, vector }) => {
  const message = hex(vector.msg)
  const signed = { publicKey: hex(group.publicKey.pk), message, signature: hex(vector.sig) }
  if (vector.result === 'valid') {
    expect(verifyEd25519(signed)).toBe(message)
    tally.taken(vector)
  } else {
    expect(() => verifyEd25519(signed)).toThrow(SignatureError)
    tally.refused(vector)
  }
})

test('docs/vectors.md says how many', () => tally.expectOnPage())
