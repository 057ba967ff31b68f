/**
 * Signed envelopes: what anyone signs, and who is allowed to have signed it.
 *
 * DSSE v1 with two signatures, Ed25519 and ML-DSA-65 (encoding.md §4): a forger needs to
 * break both.
 */
import { type Bytes, concatBytes, equalBytes, utf8 } from '../bytes.ts'
import { ED25519_SIGNATURE_BYTES, verifyEd25519 } from '../crypto/ed25519.ts'
import { SignatureError as CryptoSignatureError } from '../crypto/errors.ts'
import { MLDSA65_SIGNATURE_BYTES, verifyMlDsa65 } from '../crypto/mldsa65.ts'
import { sha256Sync } from '../crypto/sha256.ts'
import { MAX_BYTES } from './canonical.ts'
import { EnvelopeError, FormatError, MisuseError, SignatureError } from './errors.ts'
import { type Fields, readObject } from './fields.ts'
import type { PublicIdentity } from './public.ts'
import { encodeBase64, encodeHex, readBase64 } from './values.ts'

/** What an envelope is for. A signature for one purpose holds for no other. */
export const PAYLOAD_TYPES = [
  'application/vnd.souspli.manifest+json',
  'application/vnd.souspli.grant+json',
  'application/vnd.souspli.receipt+json',
  'application/vnd.souspli.organisation+json',
  'application/vnd.souspli.member+json',
  'application/vnd.souspli.invitation+json',
  'application/vnd.souspli.binding+json',
  'application/vnd.souspli.attestation+json',
  'application/vnd.souspli.withdrawal+json',
  'application/vnd.souspli.consent+json',
  'application/vnd.souspli.choice+json',
  'application/vnd.souspli.acceptance+json',
  'application/vnd.souspli.closing+json',
] as const
export type PayloadType = (typeof PAYLOAD_TYPES)[number]

// Base64 of the largest payload that canonical JSON allows.
const MAX_PAYLOAD_CHARACTERS = 4 * Math.ceil(MAX_BYTES / 3)
const SIGNATURES = 2

/**
 * Whoever can sign as an identity: `Identity`, or a key kept elsewhere.
 *
 * Both methods sign exactly the bytes they are given, with the keys of `public`.
 */
export interface Signer {
  readonly public: PublicIdentity
  /** Return the Ed25519 signature, 64 bytes. */
  signEd25519(message: Uint8Array): Bytes
  /** Return the ML-DSA-65 signature with an empty context, 3,309 bytes. */
  signMlDsa65(message: Uint8Array): Bytes
}

/** An envelope as it is written: what `parseEnvelope` reads. */
export type EnvelopeJson = {
  readonly payload: string
  readonly payloadType: PayloadType
  readonly signatures: readonly { readonly sig: string }[]
}

/**
 * A payload and two signatures, of the right shape and **not verified**.
 *
 * Only `verifyEnvelope` gives out a payload that may be believed.
 */
export class Envelope {
  readonly payloadType: PayloadType
  readonly payload: Bytes
  readonly ed25519: Bytes
  readonly mlDsa65: Bytes

  constructor(parts: {
    payloadType: PayloadType
    payload: Bytes
    ed25519: Bytes
    mlDsa65: Bytes
  }) {
    this.payloadType = parts.payloadType
    this.payload = parts.payload
    this.ed25519 = parts.ed25519
    this.mlDsa65 = parts.mlDsa65
  }

  /**
   * The hash of the signed thing: SHA-256 of the payload, hexadecimal.
   *
   * Not of the envelope: two signings of one payload differ.
   */
  get payloadHash(): string {
    return encodeHex(sha256Sync(this.payload))
  }

  /** Return the object that `parseEnvelope` reads. */
  toJSON(): EnvelopeJson {
    return {
      payload: encodeBase64(this.payload),
      payloadType: this.payloadType,
      signatures: [{ sig: encodeBase64(this.ed25519) }, { sig: encodeBase64(this.mlDsa65) }],
    }
  }

  toString(): string {
    // A manifest's payload names a patient.
    return `Envelope(${this.payloadType}, ${this.payload.length} bytes, not verified)`
  }
}

/** Return the bytes that are signed. */
export function preAuthenticationEncoding(payloadType: PayloadType, payload: Uint8Array): Bytes {
  const start = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `
  return concatBytes(utf8(start), payload)
}

/**
 * Return the envelope that a JSON object holds, its shape fully checked.
 *
 * Raises EnvelopeError for an unknown field (a `keyid`, for one) or payload type, for
 * more or fewer than two signatures, for signatures of other lengths than 64 and 3,309
 * bytes in this order, and for base64 that is not canonical.
 */
export function parseEnvelope(value: unknown): Envelope {
  try {
    return readObject(value, readEnvelope)
  } catch (failure) {
    if (!(failure instanceof FormatError)) throw failure
    throw new EnvelopeError(failure.message)
  }
}

/**
 * Return `payload` signed by both keys of an identity, and verified.
 *
 * The payload is canonical JSON of the type's schema: that is for the caller to see to.
 * Raises MisuseError if the signer's two keys are not those of its public half: better
 * here than at the recipient's.
 */
export function signEnvelope(payloadType: PayloadType, payload: Bytes, signer: Signer): Envelope {
  const message = preAuthenticationEncoding(payloadType, payload)
  const envelope = new Envelope({
    payloadType,
    payload,
    ed25519: signer.signEd25519(message),
    mlDsa65: signer.signMlDsa65(message),
  })
  try {
    verifyEnvelope(envelope, { payloadType, signer: signer.public })
  } catch (failure) {
    if (!(failure instanceof SignatureError)) throw failure
    throw new MisuseError("the signer's keys are not those of its public half")
  }
  return envelope
}

/**
 * Return the payload if `signer` signed it for this purpose.
 *
 * The bytes returned are the bytes that were signed: parse these. Both signatures are
 * always checked; SignatureError says that the envelope is refused, not which of them
 * failed or whether the purpose did.
 */
export function verifyEnvelope(
  envelope: Envelope,
  { payloadType, signer }: { payloadType: PayloadType; signer: PublicIdentity },
): Bytes {
  const message = preAuthenticationEncoding(payloadType, envelope.payload)
  const ed25519 = { publicKey: signer.ed25519, message, signature: envelope.ed25519 }
  const mlDsa65 = { publicKey: signer.mlDsa65, message, signature: envelope.mlDsa65 }
  const holds = [
    envelope.payloadType === payloadType,
    signatureHolds(() => verifyEd25519(ed25519)),
    signatureHolds(() => verifyMlDsa65(mlDsa65)),
  ]
  if (!holds.every(Boolean)) {
    throw new SignatureError('the envelope is not signed by this identity for this purpose')
  }
  return envelope.payload
}

/** Say whether two envelopes hold the same payload. */
export function haveSamePayload(one: Envelope, other: Envelope): boolean {
  return equalBytes(one.payload, other.payload)
}

function readEnvelope(fields: Fields): Envelope {
  const payloadType = fields.choice('payloadType', PAYLOAD_TYPES)
  const payload = fields.text('payload', { least: 0, most: MAX_PAYLOAD_CHARACTERS })
  const range = { least: SIGNATURES, most: SIGNATURES }
  const [first, second] = fields.list('signatures', range)
  return new Envelope({
    payloadType,
    payload: readBase64(payload),
    ed25519: readSignature(first, ED25519_SIGNATURE_BYTES),
    mlDsa65: readSignature(second, MLDSA65_SIGNATURE_BYTES),
  })
}

function readSignature(value: unknown, length: number): Bytes {
  return readObject(value, (fields) => fields.base64('sig', { length }))
}

function signatureHolds(verify: () => unknown): boolean {
  try {
    verify()
    return true
  } catch (failure) {
    if (!(failure instanceof CryptoSignatureError)) throw failure
    return false
  }
}
