/** What a patient is shown of others' words, and what they sign themselves. */
import { describe, expect, test } from 'vitest'
import { acceptTerms, readTermsState } from '../../app/core_account.ts'
import { choose, readChoices } from '../../lib/exchange/choices.ts'
import { WordRefusedError } from '../../lib/exchange/errors.ts'
import type { PatientsOrganisation } from '../../lib/exchange/ports.ts'
import type { Terms } from '../../lib/exchange/terms.ts'
import type { Envelope } from '../../lib/keys/dsse.ts'
import { Identity } from '../../lib/keys/identity.ts'
import { ACCEPTANCE } from '../../lib/keys/statements/acceptance.ts'
import { CHOICE } from '../../lib/keys/statements/choice.ts'
import { CONSENT } from '../../lib/keys/statements/consent.ts'
import { firstOfLine } from '../../lib/keys/statements/line.ts'
import type { Vault } from '../../lib/keys/vault_contents.ts'
import { makePractice, NOW, ORIGIN } from '../support/world.ts'

const practice = makePractice()
const identity = Identity.generate()
const organisation = practice.root.public.fingerprint
const who = { identity, origin: ORIGIN, pinned: new Set([organisation as string]) }

function consent(signer = practice.doctor, issuedAt = NOW): Envelope {
  return CONSENT.sign(
    {
      line: firstOfLine({ origin: ORIGIN, issuedAt }),
      organisation,
      member: practice.doctor.public.fingerprint,
      way: 'electronic',
      how: 'oral',
      givenAt: issuedAt,
      textVersion: '2026-12',
      textHash: 'ab'.repeat(32),
    },
    signer,
  )
}

/** The service's side, in memory. */
class Desk {
  shown: PatientsOrganisation = {
    organisation: practice.statements.organisation,
    consent: { consent: consent(), member: practice.statements.member },
    choice: null,
  }
  async choices() {
    return [this.shown]
  }
  async choose(_organisation: string, choice: Envelope) {
    this.shown = { ...this.shown, choice }
  }
}

describe('the patient', () => {
  test('sees what the practice noted, and says otherwise in the same second', async () => {
    const desk = new Desk()
    const [before] = await readChoices(desk, who)
    expect(before?.inForce).toEqual({ way: 'electronic', since: NOW, byPatient: false })
    if (before === undefined) throw new Error('nothing is shown')
    await choose(desk, before, { way: 'paper', who, now: NOW })
    const [paper] = await readChoices(desk, who)
    expect(paper?.inForce).toEqual({ way: 'paper', since: NOW + 1, byPatient: true })
    if (paper === undefined) throw new Error('nothing is shown')
    await choose(desk, paper, { way: 'electronic', who, now: NOW })
    const second = CHOICE.parse(desk.shown.choice?.payload ?? new Uint8Array())
    expect(second.line.sequence).toBe(2)
    expect(second.line.previous).toBe(paper.choice?.hash)
  })

  test.each([
    [
      'a consent that a stranger signed',
      { consent: { consent: consent(Identity.generate()), member: practice.statements.member } },
    ],
    [
      'a choice that a stranger signed',
      {
        choice: CHOICE.sign(
          { line: firstOfLine({ origin: ORIGIN, issuedAt: NOW }), organisation, way: 'electronic' },
          Identity.generate(),
        ),
      },
    ],
    [
      'another practice than the one of the letter',
      { organisation: makePractice().statements.organisation },
    ],
  ])('is not shown %s', async (_what, change) => {
    const desk = new Desk()
    desk.shown = { ...desk.shown, ...change }
    await expect(readChoices(desk, who)).rejects.toBeInstanceOf(WordRefusedError)
  })
})

describe('terms', () => {
  const first: Terms = { version: '1', inForceFrom: 0, texts: { fr: 'un', en: 'one' } }
  const second: Terms = { version: '2', inForceFrom: NOW + 9, texts: { fr: 'deux', en: 'two' } }
  const vault = { identity, pinned: [] } as unknown as Vault

  class TermsDesk extends Desk {
    offer: { inForce: Terms; announced: Terms | null } = { inForce: first, announced: null }
    kept: Envelope | null = null
    async terms() {
      return this.offer
    }
    async acceptance() {
      return this.kept
    }
    async accept(acceptance: Envelope) {
      this.kept = acceptance
    }
  }

  test('are asked for once each: announced, in force, accepted', async () => {
    const desk = new TermsDesk()
    const around = { desk, origin: ORIGIN, now: () => NOW }
    expect((await readTermsState(vault, around)).due).toBe(true)
    await acceptTerms(vault, { version: '1', text: 'un' }, around)
    expect((await readTermsState(vault, around)).due).toBe(false)
    desk.offer = { inForce: first, announced: second }
    expect((await readTermsState(vault, around)).announced).toBe(second)
    const early = await acceptTerms(vault, { version: '2', text: 'deux' }, around)
    expect([early.due, early.announced]).toEqual([false, null])
    desk.offer = { inForce: second, announced: null }
    expect((await readTermsState(vault, around)).due).toBe(false)
    const kept = ACCEPTANCE.parse(desk.kept?.payload ?? new Uint8Array())
    expect([kept.line.sequence, kept.termsVersion]).toEqual([2, '2'])
  })

  test('that the account did not sign are not believed', async () => {
    const desk = new TermsDesk()
    const line = firstOfLine({ origin: ORIGIN, issuedAt: NOW })
    const statement = { line, termsVersion: '1', termsHash: 'ab'.repeat(32) }
    desk.kept = ACCEPTANCE.sign(statement, Identity.generate())
    const around = { desk, origin: ORIGIN, now: () => NOW }
    await expect(readTermsState(vault, around)).rejects.toBeInstanceOf(WordRefusedError)
  })
})
