import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../lib/bytes.ts'
import { ed25519PublicKey, signEd25519, verifyEd25519 } from '../../lib/crypto/ed25519.ts'
import { CryptoUsageError, SignatureError } from '../../lib/crypto/errors.ts'
import { mlDsa65PublicKey, signMlDsa65, verifyMlDsa65 } from '../../lib/crypto/mldsa65.ts'
import { sha256Sync } from '../../lib/crypto/sha256.ts'
import { flipped } from '../support/flip.ts'
import { hex, toHex } from '../support/hex.ts'

describe('Ed25519', () => {
  // RFC 8032 section 7.1
  const VECTORS = [
    {
      name: 'TEST 1',
      seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      message: '',
      signature:
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    },
    {
      name: 'TEST 3',
      seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      message: 'af82',
      signature:
        '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    },
  ]

  test.each(VECTORS)('signs and verifies RFC 8032 $name', (vector) => {
    const seed = hex(vector.seed)
    const message = hex(vector.message)
    expect(toHex(ed25519PublicKey(seed))).toBe(vector.publicKey)
    const signature = signEd25519({ seed, message })
    expect(toHex(signature)).toBe(vector.signature)
    expect(verifyEd25519({ publicKey: hex(vector.publicKey), message, signature })).toBe(message)
  })

  const seed = new Uint8Array(32).fill(7)
  const message = utf8('a nonce of the service')
  const publicKey = ed25519PublicKey(seed)
  const signature = signEd25519({ seed, message })
  const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

  function littleEndian(value: bigint): Uint8Array {
    return hex(value.toString(16).padStart(64, '0')).reverse()
  }

  test.each([
    ['another message', { message: flipped(message, 0) }],
    ['another key', { publicKey: ed25519PublicKey(new Uint8Array(32)) }],
    ['a changed first half', { signature: flipped(signature, 0) }],
    ['a changed second half', { signature: flipped(signature, 33) }],
    ['a signature cut short', { signature: signature.subarray(0, 63) }],
    ['a key cut short', { publicKey: publicKey.subarray(0, 31) }],
    [
      'a second half with the group order added, the same number spelt otherwise',
      {
        signature: concatBytes(
          signature.subarray(0, 32),
          littleEndian(BigInt(`0x${toHex(signature.slice(32).reverse())}`) + GROUP_ORDER),
        ),
      },
    ],
    [
      'a key and a point of small order, whose signature fits any message',
      {
        publicKey: concatBytes(Uint8Array.of(1), new Uint8Array(31)),
        signature: concatBytes(Uint8Array.of(1), new Uint8Array(63)),
      },
    ],
  ])('refuses %s', (_fact, change) => {
    const changed = { publicKey, message, signature, ...change }
    expect(() => verifyEd25519(changed)).toThrow(SignatureError)
  })

  // Made by a signer who knows the secret; Python's test holds the same. Where libraries
  // differ, neither takes it.
  test.each([
    [
      'a key that is not in the subgroup of prime order',
      'c40edcbfc49d8b3b8993457ded8f8d0578999ebfd923a322156c30a0b8c47f67',
      '6d30',
      '0d34819eee5be6df16526d84280da8cb888e8c1f439a3b31ba454e710c4116a14529320b6fb99477f3f50c8d858fda38e285511ca954260a1e6db2b64093b100',
    ],
    [
      'such a key, with a signature that fits without the cofactor as well',
      'e38050f472de5d76dba6a003a4e40d8b884e05980c8c1770f2baefe7d88d673b',
      '6d32',
      '6a0a21bc4edc0fabfe7b4368e01b5d0ffc3b7a611dddbc3a55e262e637dc551b0baaaf0244161bd19256c0e20594a039856e6b0d602a72fe073505cefb151c0c',
    ],
    [
      'a first half that is the point of order one',
      'edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df',
      '78',
      '010000000000000000000000000000000000000000000000000000000000000020a144238de68fd3d550c9bb3f6eaf57c93ec47081888323184c4952397e9f04',
    ],
    [
      'a first half that is not in the subgroup of prime order',
      'edc876d6831fd2105d0b4389ca2e283166469289146e2ce06faefe98b22548df',
      '78',
      '4c09ae0bb152ce1900464b0c9307316e1f761f80aaf20226936f0aa6a0bd49e40e07ca2d6404aef52e9623abf8b4cd08677b1be9fdec2bd662bc939208449b00',
    ],
  ])('refuses %s', (_fact, publicKey, message, signature) => {
    const signed = {
      publicKey: hex(publicKey),
      message: hex(message),
      signature: hex(signature),
    }
    expect(() => verifyEd25519(signed)).toThrow(SignatureError)
  })

  test('takes a seed of 32 bytes only', () => {
    expect(() => ed25519PublicKey(new Uint8Array(31))).toThrow(CryptoUsageError)
    expect(() => signEd25519({ seed: new Uint8Array(33), message })).toThrow(CryptoUsageError)
  })
})

describe('ML-DSA-65', () => {
  const seed = Uint8Array.from({ length: 32 }, (_, index) => index)
  const message = utf8('a manifest')
  const publicKey = mlDsa65PublicKey(seed)
  const signature = signMlDsa65({ seed, message })

  // The oracle is OpenSSL, through Node's WebCrypto; names newer than TypeScript's list of them.
  const ML_DSA_65 = { name: 'ML-DSA-65' }
  const RAW_SEED = 'raw-seed' as 'raw'
  const RAW_PUBLIC = 'raw-public' as 'raw'

  test('makes the key pair that FIPS 204 makes from this seed', () => {
    // Computed with OpenSSL: SHA-256 of the public key of seed 00 01 … 1f.
    expect(toHex(sha256Sync(publicKey))).toBe(
      'd666806e11cee19a7c989f7445f90dd419cf4d2d51db8c0fdb4c0f0a542238c9',
    )
  })

  test('signs what OpenSSL verifies', async () => {
    expect(signature).toHaveLength(3_309)
    const key = await crypto.subtle.importKey(RAW_PUBLIC, publicKey, ML_DSA_65, false, ['verify'])
    expect(await crypto.subtle.verify(ML_DSA_65, key, signature, message)).toBe(true)
  })

  test('verifies what OpenSSL signs', async () => {
    const key = await crypto.subtle.importKey(RAW_SEED, seed, ML_DSA_65, false, ['sign'])
    const other = new Uint8Array(await crypto.subtle.sign(ML_DSA_65, key, message))
    expect(verifyMlDsa65({ publicKey, message, signature: other })).toBe(message)
  })

  test('hedges: two signatures over one message differ, and both fit', () => {
    const second = signMlDsa65({ seed, message })
    expect(toHex(second)).not.toBe(toHex(signature))
    expect(verifyMlDsa65({ publicKey, message, signature: second })).toBe(message)
  })

  test('refuses a signature with another context, the empty one only', async () => {
    const key = await crypto.subtle.importKey(RAW_SEED, seed, ML_DSA_65, false, ['sign'])
    const algorithm = { ...ML_DSA_65, context: utf8('another') }
    const other = new Uint8Array(await crypto.subtle.sign(algorithm, key, message))
    const check = () => verifyMlDsa65({ publicKey, message, signature: other })
    expect(check).toThrow(SignatureError)
  })

  test.each([
    ['another message', { message: flipped(message, 0) }],
    ['another key', { publicKey: mlDsa65PublicKey(new Uint8Array(32)) }],
    ['a changed first octet', { signature: flipped(signature, 0) }],
    ['a changed last octet', { signature: flipped(signature, -1) }],
    ['a signature cut short', { signature: signature.subarray(0, 3_308) }],
    ['a key cut short', { publicKey: publicKey.subarray(0, 1_951) }],
  ])('refuses %s', (_fact, change) => {
    const changed = { publicKey, message, signature, ...change }
    expect(() => verifyMlDsa65(changed)).toThrow(SignatureError)
  })

  test('takes a seed of 32 bytes only', () => {
    expect(() => mlDsa65PublicKey(new Uint8Array(31))).toThrow(CryptoUsageError)
    expect(() => signMlDsa65({ seed: new Uint8Array(33), message })).toThrow(CryptoUsageError)
  })
})
