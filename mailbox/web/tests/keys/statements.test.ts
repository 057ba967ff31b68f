import { describe, expect, test } from 'vitest'
import { parseOrigin } from '../../lib/keys/address.ts'
import { type Envelope, parseEnvelope } from '../../lib/keys/dsse.ts'
import {
  ChainError,
  DatesError,
  RoleError,
  StatementError,
  StatementSchemaError,
  StatementSignatureError,
} from '../../lib/keys/errors.ts'
import { parseFingerprint } from '../../lib/keys/public.ts'
import { ACCEPTANCE } from '../../lib/keys/statements/acceptance.ts'
import { ATTESTATION, verifyAttestation } from '../../lib/keys/statements/attestation.ts'
import { BINDING, VerifiedBinding } from '../../lib/keys/statements/binding.ts'
import { VerifiedMember } from '../../lib/keys/statements/chain.ts'
import { CHOICE } from '../../lib/keys/statements/choice.ts'
import { CLOSING } from '../../lib/keys/statements/closing.ts'
import { CONSENT } from '../../lib/keys/statements/consent.ts'
import {
  checkInForce,
  INVITATION,
  VerifiedInvitation,
} from '../../lib/keys/statements/invitation.ts'
import { MEMBER } from '../../lib/keys/statements/member.ts'
import { ORGANISATION } from '../../lib/keys/statements/organisation.ts'
import type { Statement, StatementKind } from '../../lib/keys/statements/statement.ts'
import { type Vector, vectorCases } from '../support/vectors.ts'

const KINDS: Record<string, Pick<StatementKind<Statement>, 'parse'> & { toPayload: unknown }> = {
  organisation: ORGANISATION,
  member: MEMBER,
  invitation: INVITATION,
  binding: BINDING,
  attestation: ATTESTATION,
  consent: CONSENT,
  choice: CHOICE,
  acceptance: ACCEPTANCE,
  closing: CLOSING,
}

const REASONS = {
  schema: StatementSchemaError,
  signature: StatementSignatureError,
  chain: ChainError,
  role: RoleError,
  dates: DatesError,
}

describe('a payload', () => {
  function rewritten(vector: Vector): Uint8Array {
    const kind = KINDS[vector.text('kind')] as StatementKind<Statement> | undefined
    if (kind === undefined) throw new Error('an unknown kind in a vector')
    return kind.toPayload(kind.parse(vector.body))
  }

  test.each(vectorCases('statement', 'accept'))('%s', (_name, vector) => {
    expect(rewritten(vector)).toEqual(vector.body)
  })

  test.each(vectorCases('statement', 'refuse'))('%s', (_name, vector) => {
    expect(() => rewritten(vector)).toThrow(StatementSchemaError)
  })
})

describe('a chain', () => {
  function verify(vector: Vector): VerifiedMember {
    const { organisation, member } = envelopes(vector)
    const trust = { ...trusted(vector), at: vector.integer('at') }
    return VerifiedMember.verify({ organisation, member }, trust)
  }

  test.each(vectorCases('chain', 'accept'))('%s', (_name, vector) => {
    expect(verify(vector).member.member.fingerprint).toBe(vector.text('member'))
  })

  test.each(vectorCases('chain', 'refuse'))('%s', (_name, vector) => {
    refuses(vector, () => verify(vector))
  })
})

describe('an invitation', () => {
  function verify(vector: Vector): VerifiedInvitation {
    const { record, ...statements } = envelopes(vector)
    const invitation = VerifiedInvitation.verify(record, statements, trusted(vector))
    return checkInForce(invitation, { now: vector.integer('now') })
  }

  test.each(vectorCases('invitation', 'accept'))('%s', (_name, vector) => {
    expect(verify(vector).recordHash).toBe(vector.text('record_hash'))
  })

  test.each(vectorCases('invitation', 'refuse'))('%s', (_name, vector) => {
    refuses(vector, () => verify(vector))
  })
})

describe('a binding', () => {
  function verify(vector: Vector): VerifiedBinding {
    const body = vector.bodyJson() as Record<'record' | 'by_claim' | 'by_identity', unknown>
    const record = parseEnvelope(body.record)
    return VerifiedBinding.verify(
      {
        byClaim: parseEnvelope(body.by_claim),
        byIdentity: parseEnvelope(body.by_identity),
      },
      { record: INVITATION.parse(record.payload), recordHash: record.payloadHash },
    )
  }

  test.each(vectorCases('binding', 'accept'))('%s', (_name, vector) => {
    const verified = verify(vector)
    expect(verified.bindingHash).toBe(vector.text('binding_hash'))
    expect(verified.binding.identity.fingerprint).toBe(vector.text('identity'))
  })

  test.each(vectorCases('binding', 'refuse'))('%s', (_name, vector) => {
    refuses(vector, () => verify(vector))
  })
})

describe('an attestation', () => {
  // The vectors hold one envelope of the binding: that both signed is the binding's vectors' fact.
  function boundBy(binding: Envelope): VerifiedBinding {
    const fields = { binding: BINDING.parse(binding.payload), bindingHash: binding.payloadHash }
    return fields as unknown as VerifiedBinding
  }

  function verify(vector: Vector) {
    const { attestation, binding, ...statements } = envelopes(vector)
    const trust = { ...trusted(vector), binding: boundBy(binding) }
    return verifyAttestation(attestation, statements, trust)
  }

  test.each(vectorCases('attestation', 'accept'))('%s', (_name, vector) => {
    expect(verify(vector).address).toBe(vector.text('address'))
  })

  test.each(vectorCases('attestation', 'refuse'))('%s', (_name, vector) => {
    refuses(vector, () => verify(vector))
  })
})

type Named = 'organisation' | 'member' | 'record' | 'attestation' | 'binding'

function envelopes(vector: Vector): Record<Named, Envelope> {
  const body = Object.entries(vector.bodyJson() as Record<string, unknown>)
  return Object.fromEntries(body.map(([name, value]) => [name, parseEnvelope(value)])) as Record<
    Named,
    Envelope
  >
}

function trusted(vector: Vector) {
  return {
    organisation: parseFingerprint(vector.text('organisation')),
    origin: parseOrigin(vector.text('origin')),
  }
}

function refuses(vector: Vector, verify: () => unknown): void {
  const reason = vector.text('reason') as keyof typeof REASONS
  expect(verify).toThrow(REASONS[reason])
  expect(verify).toThrow(StatementError)
}
