/** The public half of an identity, and the fingerprint that people compare (keys.md §1). */
import { decodeBech32 } from '../age/bech32.ts'
import { KeyStringError as AgeKeyStringError } from '../age/errors.ts'
import { HybridRecipient, RECIPIENT_PREFIX } from '../age/recipient.ts'
import type { Bytes } from '../bytes.ts'
import { ED25519_PUBLIC_KEY_BYTES } from '../crypto/ed25519.ts'
import { MLDSA65_PUBLIC_KEY_BYTES } from '../crypto/mldsa65.ts'
import { HYBRID_PUBLIC_BYTES } from '../crypto/mlkem768x25519.ts'
import { sha256Sync } from '../crypto/sha256.ts'
import { KeyStringError, SpellingError } from './errors.ts'
import { type Fields, readObject } from './fields.ts'
import { frame } from './framing.ts'
import { checkHex, encodeBase64, encodeHex, HASH_BYTES } from './values.ts'

const RECIPIENT_CHARACTERS = 1_959 // prefix, 1, ⌈1,216 × 8 / 5⌉ symbols, 6 of checksum
const GROUP = /.{4}(?=.)/g

declare const fingerprint: unique symbol

/** SHA-256 over an identity's public keys, as 64 lower-case hexadecimal digits. */
export type Fingerprint = string & { readonly [fingerprint]: true }

/** Return `text` as a fingerprint, or raise SpellingError. */
export function parseFingerprint(text: string): Fingerprint {
  return checkHex(text, { length: HASH_BYTES }) as Fingerprint
}

/** Return the field `name` as a fingerprint, or raise SchemaError or SpellingError. */
export function readFingerprint(fields: Fields, name: string): Fingerprint {
  return fields.hash(name) as Fingerprint
}

/** Return the fingerprint as people compare it: 16 groups of 4 digits. */
export function formatFingerprint(fingerprint: Fingerprint): string {
  return fingerprint.replace(GROUP, '$& ')
}

/**
 * What others know of an identity: one key to seal to, two to verify with.
 *
 * That it is the right person's is not said here: see `statements/`.
 */
export class PublicIdentity {
  /** `age1pq1…`, lower case. */
  readonly recipient: string
  /** The 1,216 bytes that `recipient` spells. */
  readonly recipientKey: Bytes
  readonly ed25519: Bytes
  readonly mlDsa65: Bytes
  readonly fingerprint: Fingerprint

  /** Raises SpellingError if a key has the wrong length or the recipient is misspelt. */
  constructor({
    recipient,
    ed25519,
    mlDsa65,
  }: {
    recipient: string
    ed25519: Uint8Array
    mlDsa65: Uint8Array
  }) {
    if (ed25519.length !== ED25519_PUBLIC_KEY_BYTES) {
      throw new SpellingError(`an Ed25519 key is ${ED25519_PUBLIC_KEY_BYTES} bytes long`)
    }
    if (mlDsa65.length !== MLDSA65_PUBLIC_KEY_BYTES) {
      throw new SpellingError(`an ML-DSA-65 key is ${MLDSA65_PUBLIC_KEY_BYTES} bytes long`)
    }
    this.recipient = recipient
    this.recipientKey = readRecipient(recipient)
    this.ed25519 = ed25519.slice() as Bytes
    this.mlDsa65 = mlDsa65.slice() as Bytes
    const framed = frame('souspli/v1/fingerprint', this.recipientKey, this.ed25519, this.mlDsa65)
    this.fingerprint = encodeHex(sha256Sync(framed)) as Fingerprint
  }

  /** Return the key to seal to; KeyStringError if it is none that anything can be sealed to. */
  toRecipient(): HybridRecipient {
    try {
      return new HybridRecipient(this.recipientKey)
    } catch (failure) {
      if (!(failure instanceof AgeKeyStringError)) throw failure
      throw new KeyStringError('the recipient is not a valid key')
    }
  }

  /** Return the object that `parsePublic` reads. */
  toJSON(): { ed25519: string; ml_dsa_65: string; recipient: string } {
    return {
      ed25519: encodeBase64(this.ed25519),
      ml_dsa_65: encodeBase64(this.mlDsa65),
      recipient: this.recipient,
    }
  }

  toString(): string {
    return `PublicIdentity(${this.fingerprint})`
  }
}

/**
 * Return the public identity that a JSON object holds.
 *
 * Raises SchemaError for other fields than the three, SpellingError for a key that is
 * not one.
 */
export function parsePublic(value: unknown): PublicIdentity {
  return readObject(
    value,
    (fields) =>
      new PublicIdentity({
        recipient: fields.text('recipient', { most: RECIPIENT_CHARACTERS }),
        ed25519: fields.base64('ed25519', { length: ED25519_PUBLIC_KEY_BYTES }),
        mlDsa65: fields.base64('ml_dsa_65', { length: MLDSA65_PUBLIC_KEY_BYTES }),
      }),
  )
}

function readRecipient(recipient: string): Bytes {
  if (recipient !== recipient.toLowerCase()) {
    throw new KeyStringError('a recipient is written in lower case')
  }
  let key: Bytes
  try {
    key = decodeBech32(recipient, { prefix: RECIPIENT_PREFIX })
  } catch (failure) {
    if (!(failure instanceof AgeKeyStringError)) throw failure
    throw new KeyStringError('the recipient is misspelt')
  }
  if (key.length !== HYBRID_PUBLIC_BYTES) {
    throw new KeyStringError(`a recipient is ${HYBRID_PUBLIC_BYTES} bytes long`)
  }
  return key
}
