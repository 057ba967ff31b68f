import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { encodeBech32 } from '../../lib/age/bech32.ts'
import { RECIPIENT_PREFIX } from '../../lib/age/recipient.ts'
import { utf8 } from '../../lib/bytes.ts'
import {
  type Envelope,
  type PayloadType,
  parseEnvelope,
  preAuthenticationEncoding,
  type Signer,
  signEnvelope,
  verifyEnvelope,
} from '../../lib/keys/dsse.ts'
import {
  EnvelopeError,
  FormatError,
  KeyStringError,
  MisuseError,
  SignatureError,
} from '../../lib/keys/errors.ts'
import { Identity } from '../../lib/keys/identity.ts'
import { formatFingerprint, PublicIdentity, parsePublic } from '../../lib/keys/public.ts'
import { hex, toHex } from '../support/hex.ts'
import { type Vector, vectorCases } from '../support/vectors.ts'

describe('an identity', () => {
  test.each(vectorCases('identity'))('%s', (_name, vector) => {
    const identity = new Identity(vector.hex('root'))
    expect(identity.secretAgeIdentity().toSecretString()).toBe(vector.text('age_identity'))
    expect(identity.public.recipient).toBe(vector.text('recipient'))
    expect(toHex(identity.public.ed25519)).toBe(vector.text('ed25519'))
    expect(toHex(identity.public.mlDsa65)).toBe(vector.text('ml_dsa_65'))
    expect(identity.public.fingerprint).toBe(vector.text('fingerprint'))
    expect(formatFingerprint(identity.public.fingerprint)).toBe(vector.text('shown'))
  })

  test('prints nothing of its secrets', () => {
    const identity = new Identity(new Uint8Array(32).fill(7))
    expect(String(identity)).toBe('…')
    expect(JSON.stringify({ identity })).toBe('{"identity":"…"}')
    expect(inspect(identity)).toBe('…')
  })

  test('is made of 32 bytes only', () => {
    expect(() => new Identity(new Uint8Array(31))).toThrow(MisuseError)
  })

  test('that is generated is another one each time', () => {
    const one = Identity.generate().public.fingerprint
    expect(Identity.generate().public.fingerprint).not.toBe(one)
  })
})

describe('the public half', () => {
  test.each(vectorCases('public', 'accept'))('%s', (_name, vector) => {
    const identity = parsePublic(vector.bodyJson())
    expect(identity.fingerprint).toBe(vector.text('fingerprint'))
    expect(identity.toJSON()).toEqual(vector.bodyJson())
  })

  test.each(vectorCases('public', 'refuse'))('%s', (_name, vector) => {
    expect(() => parsePublic(vector.bodyJson())).toThrow(FormatError)
  })

  test('whose recipient nothing can be sealed to says so before sealing', () => {
    const { ed25519, mlDsa65, recipientKey } = new Identity(new Uint8Array(32)).public
    const broken = recipientKey.slice()
    broken.fill(0xff, 0, 3) // coefficients beyond ML-KEM's modulus
    expect(() => sealable(broken)).toThrow(KeyStringError)

    function sealable(key: Uint8Array) {
      const recipient = encodeBech32(RECIPIENT_PREFIX, key)
      return new PublicIdentity({ recipient, ed25519, mlDsa65 }).toRecipient()
    }
  })
})

describe('a signed envelope', () => {
  function open(vector: Vector): { envelope: Envelope; payload: Uint8Array } {
    const body = vector.bodyJson() as { envelope: unknown; signer: unknown }
    const envelope = parseEnvelope(body.envelope)
    const payloadType = vector.text('payload_type') as PayloadType
    const signer = parsePublic(body.signer)
    return { envelope, payload: verifyEnvelope(envelope, { payloadType, signer }) }
  }

  test.each(vectorCases('dsse', 'accept'))('%s', (_name, vector) => {
    const { envelope, payload } = open(vector)
    expect(payload).toEqual(vector.has('payload') ? vector.hex('payload') : hex(''))
    expect(envelope.payloadHash).toBe(vector.text('payload_hash'))
    expect(toHex(preAuthenticationEncoding(envelope.payloadType, payload))).toBe(
      vector.text('signed'),
    )
    expect(parseEnvelope(envelope.toJSON())).toEqual(envelope)
  })

  test.each(vectorCases('dsse', 'refuse'))('%s', (_name, vector) => {
    expect(() => open(vector)).toThrow(
      expect.toSatisfy(
        (failure) => failure instanceof EnvelopeError || failure instanceof SignatureError,
      ),
    )
  })

  const payloadType = 'application/vnd.souspli.receipt+json'
  const signer = new Identity(new Uint8Array(32).fill(1))

  test('that was signed here verifies, and says nothing of its payload', () => {
    const envelope = signEnvelope(payloadType, utf8('{"patient":"Martin"}'), signer)
    expect(verifyEnvelope(envelope, { payloadType, signer: signer.public })).toBe(envelope.payload)
    expect(String(envelope)).not.toContain('Martin')
  })

  test('is not made by a signer whose keys are not those of its public half', () => {
    const other = new Identity(new Uint8Array(32).fill(2))
    const mixed: Signer = {
      public: signer.public,
      signEd25519: (message) => signer.signEd25519(message),
      signMlDsa65: (message) => other.signMlDsa65(message),
    }
    expect(() => signEnvelope(payloadType, utf8('{}'), mixed)).toThrow(MisuseError)
  })
})
