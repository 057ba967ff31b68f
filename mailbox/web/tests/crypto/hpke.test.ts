import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../lib/bytes.ts'
import {
  AuthenticationError,
  CryptoUsageError,
  LowOrderPointError,
} from '../../lib/crypto/errors.ts'
import { openHpke, sealHpke } from '../../lib/crypto/hpke.ts'
import { MLKEM768_CIPHERTEXT_BYTES, MLKEM768_PUBLIC_BYTES } from '../../lib/crypto/mlkem768.ts'
import {
  checkHybridPublicKey,
  encapsulate,
  HYBRID_ENC_BYTES,
  HYBRID_PUBLIC_BYTES,
  HybridPrivateKey,
} from '../../lib/crypto/mlkem768x25519.ts'
import { randomBytes } from '../../lib/crypto/random.ts'
import { sha256Sync } from '../../lib/crypto/sha256.ts'
import { flipped } from '../support/flip.ts'
import { hex, toHex } from '../support/hex.ts'

const seed = Uint8Array.from({ length: 32 }, (_, index) => index)
const privateKey = new HybridPrivateKey(seed)
const info = utf8('souspli/test')
const plaintext = randomBytes(16)

// Points of order 1, 2, 4 and 8 (RFC 7748 section 6.1 and its references).
const LOW_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]

describe('MLKEM768-X25519', () => {
  test('makes the public key that another implementation makes from this seed', () => {
    expect(privateKey.publicKey).toHaveLength(HYBRID_PUBLIC_BYTES)
    // SHA-256 of it, computed with OpenSSL's ML-KEM-768 and X25519 and Python's SHAKE256.
    expect(toHex(sha256Sync(privateKey.publicKey))).toBe(
      'c9a3565ffde4f72b51661be391ee13e46378d7f06dd5c8bf5af9d2cfb5b8336b',
    )
  })

  test('gives both sides the same secret, and a fresh one each time', () => {
    const first = encapsulate(privateKey.publicKey)
    const second = encapsulate(privateKey.publicKey)
    expect(first.enc).toHaveLength(HYBRID_ENC_BYTES)
    expect(privateKey.decapsulate(first.enc)).toEqual(first.sharedSecret)
    expect(first.sharedSecret).not.toEqual(second.sharedSecret)
  })

  test.each(LOW_ORDER)('refuses the point %s in an encapsulated key', (point) => {
    const { enc } = encapsulate(privateKey.publicKey)
    const bad = concatBytes(enc.subarray(0, MLKEM768_CIPHERTEXT_BYTES), hex(point))
    expect(() => privateKey.decapsulate(bad)).toThrow(LowOrderPointError)
  })

  test.each(LOW_ORDER)('refuses the point %s in a public key', (point) => {
    const bad = concatBytes(privateKey.publicKey.subarray(0, MLKEM768_PUBLIC_BYTES), hex(point))
    expect(() => encapsulate(bad)).toThrow(LowOrderPointError)
  })

  test.each([
    ['first coefficient', 0, [0x01, 0x0d]], // 3,329, the least that is not reduced
    ['second coefficient', 1, [0x10, 0xd0]],
  ])('refuses a public key whose %s is not reduced', (_which, offset, octets) => {
    const bad = privateKey.publicKey.slice()
    bad.fill(0, 0, 3)
    expect(checkHybridPublicKey(bad)).toBe(bad)
    bad.set(octets, offset)
    expect(() => checkHybridPublicKey(bad)).toThrow(CryptoUsageError)
  })

  test('takes keys of their own lengths only', () => {
    expect(() => new HybridPrivateKey(new Uint8Array(31))).toThrow(CryptoUsageError)
    expect(() => encapsulate(new Uint8Array(HYBRID_PUBLIC_BYTES - 1))).toThrow(CryptoUsageError)
    expect(() => privateKey.decapsulate(new Uint8Array(HYBRID_ENC_BYTES + 1))).toThrow(
      CryptoUsageError,
    )
  })

  test('prints nothing of a private key', () => {
    expect(JSON.stringify(privateKey)).not.toContain('mlkem')
    expect(Object.keys(privateKey)).toEqual(['publicKey'])
  })
})

// "sixteen octets!!" with this seed's public key and info: enc, then ciphertext, sealed
// once with Python's cryptography.
const FOREIGN_OCTETS = Uint8Array.from(
  Buffer.from(
    `
  jFAHnd73yBAZF/CTQCQTw223+gV0iNE2cFYOflWEe67qO3y9sMiNL7YmhEpWzYD2cqB7V75t664ot7E/O3kKWjoFDU7lu5WD
  EPGgRIgajc3fSy9RhLiyONJ4vvIyF5juPQ6EMqbuwQo2oiwfARskxomcbunLttT9JrqmZ0LM8mOmv41pNrNENN7UohXdxwLm
  Xt2oHgr/4bSZDH1sIodgDqHgTal6zf2dTGcEL8wq9PRUd9dUHgv4FfCR+0CBrHFM+EThjvE/TySUzea+93D5vnx3X+WDrDLc
  CtQTMUvaiqdELjf8MYxqcpYMPxfDLnVDOOWyHlIApBMXmQYt7G/nHC6NgP3hFB8NfHq9esU8i4oRFtBjKIFZ2IBosTSVAz8W
  tJK3rVO4t86+4P3dyCyPX7dHBfCNA0Sso1OuOT1pjHS6z2y7fSVgWP9fSCfpYCzDMSF+RGoAgD+vfS6niLgV4ZLriJFYbfqi
  07VpqpyfqUIirHufbpAkWTZ7AKGbURBFK0Jcbwl9O9+x76JR/e5Bvuxq1FNqTblHwZZH+EjepDkZBKGhLAJ196iyW71woY+K
  wp6twzbCBi3JKLEsvpfgSE8+pNSLP48u3HBbNvO6CNadG+6/a1/zWyVXfgz1e5yu5kqDXh3FXxLQ5DcJQOmS6Uo1XvJtrrtD
  Aw92yX7OsOH0OK8uX6AgxJAoktgOG14jy06Eod6x4CMkagzPPNnYseLLdur4l+9FQmthv1eGZbPn0LUQ4eubTToB54KvA5e1
  V5FsY2xDElyYl3PyNAbkIl0AYlda3FC/2pX5wgpw9tplTwu56TcTiPE7YajoQSdr6dRAxGkpFBhCXbfmBeOyv7/WXNqMOSar
  bk+mhhrBSeW5D1/Wnc5jFTpK5GeiGXFY/WKxMZ7oewPz8qwMm2z0Uzc9k8F537pO8JENluFXs9MjGRi8qORRBhD1QQJbM94v
  vR6669whHXiPyZcsWAaVbeEv3dSZ//xrIkVkUY6Ty217KOXgjbJvxNxbVdx/nj7d6yYLVpyylaxQuJZLyIrwScD6/PxbW33W
  w9wX1Qj7kNC1g8uxQToZ1dWe7mqBpLupkTIZfxn1zSLRotqBXFkRBClZQMORZLhdnQlQ6OPBBsArP0E3h6aTVgL/wUrfhgwY
  DIGzhVJijfsLG4XVg5BOM6YprLLd9cTz9EPVVihOk7mcXm4ikNvtOPOG/xMKy7/lL4e44ptX9CXAMS7LksG2HU3sNkLQ0z8X
  WX7WDBhz6ILdiGaK3x9Vv3Rd35Q/nX0cyGukTCf7HmNmv2YgIYz8XLSbc2bSCfkw2nRamECz1HAtXAEu9+B4WgaP63sCjltN
  JdhkKVUGR4LNqE3Fc6Bnhs8jIiC/S942XnZgnABsVTu1SFwgD0aS73Z5wjqK4E4kh5+4M1q33pfISnPsDsJLpnNPxlSe+s1U
  7JaSWsu+C5KWg+blwnmXuHw7qy13b7ONsV4Bq1JpSTPpiFZOyjaAeymdCjsA528M0iC1vgizdyxxFmJUf47s+62YMehP9Pkw`,
    'base64',
  ),
)
const FOREIGN = {
  enc: FOREIGN_OCTETS.slice(0, HYBRID_ENC_BYTES),
  ciphertext: FOREIGN_OCTETS.slice(HYBRID_ENC_BYTES),
}

describe('HPKE', () => {
  const sealed = sealHpke({ recipient: privateKey.publicKey, info, plaintext })

  test('opens what was sealed', () => {
    expect(openHpke({ privateKey, info, sealed })).toEqual(plaintext)
  })

  test('opens what another implementation sealed', () => {
    expect(openHpke({ privateKey, info, sealed: FOREIGN })).toEqual(utf8('sixteen octets!!'))
  })

  test.each([
    ['other info', { info: utf8('souspli/other') }],
    ['another key', { privateKey: new HybridPrivateKey(new Uint8Array(32)) }],
    ['a changed ciphertext', { sealed: { ...sealed, ciphertext: flipped(sealed.ciphertext, 0) } }],
    ['a changed ML-KEM ciphertext', { sealed: { ...sealed, enc: flipped(sealed.enc, 0) } }],
    ['a changed X25519 share', { sealed: { ...sealed, enc: flipped(sealed.enc, -32) } }],
  ])('refuses %s', (_fact, change) => {
    const opening = () => openHpke({ privateKey, info, sealed, ...change })
    expect(opening).toThrow(AuthenticationError)
  })
})
