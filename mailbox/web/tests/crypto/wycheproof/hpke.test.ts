/** HPKE's own post-quantum vectors, which come beside Wycheproof's sets: the one of our suite. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { expect, test } from 'vitest'
import { AuthenticationError } from '../../../lib/crypto/errors.ts'
import { openHpke } from '../../../lib/crypto/hpke.ts'
import { HybridPrivateKey } from '../../../lib/crypto/mlkem768x25519.ts'
import { flipped } from '../../support/flip.ts'
import { hex } from '../../support/hex.ts'
import { vectorsFolder } from './read.ts'

interface HpkeVector {
  readonly mode: number
  readonly kem_id: number
  readonly kdf_id: number
  readonly aead_id: number
  readonly info: string
  readonly skRm: string
  readonly pkRm: string
  readonly enc: string
  readonly shared_secret: string
  readonly key: string
  readonly base_nonce: string
  readonly encryptions: readonly { aad: string; ct: string; nonce: string; pt: string }[]
}

const KEM = 0x647a // MLKEM768-X25519
const FILE = join(vectorsFolder(), 'Protocol/wycheproof/HPKE-PQ-test-vectors.json')
const ALL = JSON.parse(readFileSync(FILE, 'utf8')) as HpkeVector[]
const [OURS, ...others] = ALL.filter(
  ({ kem_id, kdf_id, aead_id, mode }) =>
    kem_id === KEM && kdf_id === 0x0001 && aead_id === 0x0003 && mode === 0,
)
if (OURS === undefined) throw new Error('no vector of our suite')
const [FIRST] = OURS.encryptions
if (FIRST === undefined) throw new Error('a vector that seals nothing')
const privateKey = new HybridPrivateKey(hex(OURS.skRm))
const enc = hex(OURS.enc)
const key = hex(OURS.key)
const nonce = hex(OURS.base_nonce)

test('of 13 vectors one is of our suite', () => {
  expect(ALL).toHaveLength(13)
  expect(others).toEqual([])
})

test.each(ALL.filter(({ kem_id }) => kem_id === KEM))(
  'MLKEM768-X25519 has its key pair and its shared secret, with KDF $kdf_id',
  (vector) => {
    const theirs = new HybridPrivateKey(hex(vector.skRm))
    expect(theirs.publicKey).toEqual(hex(vector.pkRm))
    expect(theirs.decapsulate(hex(vector.enc))).toEqual(hex(vector.shared_secret))
  },
)

// The vector's message has additional data; age's has none, so ours has no way to take any.
// Its key and nonce are the vector's all the same.
test('the vector is sealed with its key and nonce, and ours opens what they seal without data', () => {
  const theirs = chacha20poly1305(key, nonce, hex(FIRST.aad)).encrypt(hex(FIRST.pt))
  expect(theirs).toEqual(hex(FIRST.ct))
  const ciphertext = chacha20poly1305(key, nonce).encrypt(hex(FIRST.pt))
  const open = (info: Uint8Array, sealed = { enc, ciphertext }) =>
    openHpke({ privateKey, info, sealed })
  const info = hex(OURS.info)
  expect(open(info)).toEqual(hex(FIRST.pt))
  expect(() => open(flipped(info, 0))).toThrow(AuthenticationError)
  expect(() => open(info, { enc, ciphertext: hex(FIRST.ct) })).toThrow(AuthenticationError)
})
