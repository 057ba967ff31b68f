import { describe, expect, test } from 'vitest'
import { parseOrigin } from '../../lib/keys/address.ts'
import { parseEnvelope } from '../../lib/keys/dsse.ts'
import {
  ChainError,
  DatesError,
  RoleError,
  StatementSchemaError,
  StatementSignatureError,
} from '../../lib/keys/errors.ts'
import { parseFingerprint, parsePublic } from '../../lib/keys/public.ts'
import { verifyAcceptance } from '../../lib/keys/statements/acceptance.ts'
import { verifyChoice } from '../../lib/keys/statements/choice.ts'
import { verifyClosing } from '../../lib/keys/statements/closing.ts'
import { verifyConsent } from '../../lib/keys/statements/consent.ts'
import { inForce, type Said } from '../../lib/keys/statements/way.ts'
import { type Vector, vectorCases } from '../support/vectors.ts'

const REASONS = {
  schema: StatementSchemaError,
  signature: StatementSignatureError,
  chain: ChainError,
  role: RoleError,
  dates: DatesError,
}

function refuses(vector: Vector, verify: () => unknown): void {
  expect(verify).toThrow(REASONS[vector.text('reason') as keyof typeof REASONS])
}

function trusted(vector: Vector) {
  return {
    organisation: parseFingerprint(vector.text('organisation')),
    origin: parseOrigin(vector.text('origin')),
  }
}

/** What a patient signed, and their identity. */
function own(vector: Vector) {
  const body = vector.bodyJson() as { identity: unknown; envelope: unknown }
  return { identity: parsePublic(body.identity), envelope: parseEnvelope(body.envelope) }
}

describe('a consent', () => {
  function verify(vector: Vector) {
    const body = vector.bodyJson() as Record<'organisation' | 'member' | 'consent', unknown>
    const statements = {
      organisation: parseEnvelope(body.organisation),
      member: parseEnvelope(body.member),
    }
    const subject = vector.text('subject')
    return verifyConsent(parseEnvelope(body.consent), statements, { ...trusted(vector), subject })
  }

  test.each(vectorCases('consent', 'accept'))('%s', (_name, vector) => {
    expect(verify(vector).way).toBe(vector.text('way'))
  })

  test.each(vectorCases('consent', 'refuse'))('%s', (_name, vector) => {
    refuses(vector, () => verify(vector))
  })
})

describe('a choice', () => {
  function verify(vector: Vector) {
    const { identity, envelope } = own(vector)
    return verifyChoice(envelope, { identity, ...trusted(vector) })
  }

  test.each(vectorCases('choice', 'accept'))('%s', (_name, vector) => {
    expect(verify(vector).way).toBe(vector.text('way'))
  })

  test.each(vectorCases('choice', 'refuse'))('%s', (_name, vector) => {
    refuses(vector, () => verify(vector))
  })
})

describe('an acceptance', () => {
  function verify(vector: Vector) {
    const { identity, envelope } = own(vector)
    return verifyAcceptance(envelope, { identity, origin: parseOrigin(vector.text('origin')) })
  }

  test.each(vectorCases('acceptance', 'accept'))('%s', (_name, vector) => {
    expect(verify(vector).termsHash).toBe(vector.text('terms_hash'))
  })

  test.each(vectorCases('acceptance', 'refuse'))('%s', (_name, vector) => {
    refuses(vector, () => verify(vector))
  })
})

describe('a closing', () => {
  function verify(vector: Vector) {
    const { identity, envelope } = own(vector)
    return verifyClosing(envelope, { identity, origin: parseOrigin(vector.text('origin')) })
  }

  test.each(vectorCases('closing', 'accept'))('%s', (_name, vector) => {
    expect(verify(vector).line.subject).toBe(vector.text('subject'))
  })

  test.each(vectorCases('closing', 'refuse'))('%s', (_name, vector) => {
    refuses(vector, () => verify(vector))
  })
})

describe('of two words', () => {
  test.each(vectorCases('in-force'))('%s', (_name, vector) => {
    const { consent, choice } = vector.bodyJson() as Record<'consent' | 'choice', Said | null>
    const result = inForce(consent, choice)
    const who = result?.byPatient ? 'patient' : 'practice'
    expect(result === null ? 'unknown' : `${result.way} ${result.since} ${who}`).toBe(
      vector.text('result'),
    )
  })
})
