/**
 * HPKE (RFC 9180), base mode, one message per encapsulation, in one suite:
 * MLKEM768-X25519, HKDF-SHA256, ChaCha20Poly1305.
 *
 * Base mode says nothing about who sealed.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { type Bytes, concatBytes, utf8 } from '../bytes.ts'
import { AEAD_KEY_BYTES, AEAD_NONCE_BYTES } from './aead.ts'
import { AuthenticationError } from './errors.ts'
import { hkdfExpand, hkdfExtract } from './hkdf.ts'
import { encapsulate, type HybridPrivateKey } from './mlkem768x25519.ts'

/** What travels: the encapsulated key, and the ciphertext with its 16-byte tag. */
export interface HpkeSealed {
  readonly enc: Bytes
  readonly ciphertext: Bytes
}

const VERSION = utf8('HPKE-v1')
// "HPKE", then KEM 0x647a, KDF 0x0001, AEAD 0x0003 (RFC 9180 section 5.1).
const SUITE_ID = concatBytes(utf8('HPKE'), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x03))
const MODE_BASE = Uint8Array.of(0x00)
const NONE = new Uint8Array(0)

/** Return `plaintext` sealed to `recipient` (a public key), with fresh randomness every time. */
export function sealHpke({
  recipient,
  info,
  plaintext,
}: {
  recipient: Uint8Array
  info: Uint8Array
  plaintext: Uint8Array
}): HpkeSealed {
  const { enc, sharedSecret } = encapsulate(recipient)
  return { enc, ciphertext: cipher(sharedSecret, info).encrypt(plaintext) }
}

/**
 * Return the plaintext that was sealed to this key with this `info`.
 *
 * Raises AuthenticationError if there is none, and what `decapsulate` raises.
 */
export function openHpke({
  privateKey,
  info,
  sealed,
}: {
  privateKey: HybridPrivateKey
  info: Uint8Array
  sealed: HpkeSealed
}): Bytes {
  const opener = cipher(privateKey.decapsulate(sealed.enc), info)
  try {
    return opener.decrypt(sealed.ciphertext)
  } catch {
    throw new AuthenticationError('not sealed to this key')
  }
}

/** RFC 9180 section 5.1's key schedule. The first message's nonce is the base nonce itself. */
function cipher(sharedSecret: Uint8Array, info: Uint8Array) {
  const context = concatBytes(
    MODE_BASE,
    labeledExtract({ salt: NONE, label: 'psk_id_hash', secret: NONE }),
    labeledExtract({ salt: NONE, label: 'info_hash', secret: info }),
  )
  const secret = labeledExtract({ salt: sharedSecret, label: 'secret', secret: NONE })
  const key = labeledExpand({ secret, label: 'key', context, length: AEAD_KEY_BYTES })
  const nonce = labeledExpand({ secret, label: 'base_nonce', context, length: AEAD_NONCE_BYTES })
  return chacha20poly1305(key, nonce)
}

function labeledExtract(input: { salt: Uint8Array; label: string; secret: Uint8Array }): Bytes {
  const secret = concatBytes(VERSION, SUITE_ID, utf8(input.label), input.secret)
  return hkdfExtract({ secret, salt: input.salt })
}

function labeledExpand(input: {
  secret: Uint8Array
  label: string
  context: Uint8Array
  length: number
}): Bytes {
  const length = Uint8Array.of(input.length >> 8, input.length & 0xff)
  const info = concatBytes(length, VERSION, SUITE_ID, utf8(input.label), input.context)
  return hkdfExpand({ pseudorandomKey: input.secret, info, length: input.length })
}
