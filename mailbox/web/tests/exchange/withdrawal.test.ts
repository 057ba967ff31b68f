/** Withdrawals: what the vectors say, and what a page makes of a service that shows them. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LibSession } from '../../app/core_session.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Claim, type ClaimedAccount, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import { PageReader } from '../../lib/exchange/contents_reader.ts'
import { WithdrawalRefusedError } from '../../lib/exchange/errors.ts'
import { WithdrawnError } from '../../lib/exchange/port_errors.ts'
import { Receiving } from '../../lib/exchange/receive.ts'
import { resealWaiting } from '../../lib/exchange/reseal.ts'
import { RetryPolicy } from '../../lib/exchange/retry.ts'
import { Reader } from '../../lib/exchange/sealed.ts'
import { VerifiedWithdrawal } from '../../lib/exchange/withdrawal.ts'
import { parseOrigin } from '../../lib/keys/address.ts'
import { parseEnvelope } from '../../lib/keys/dsse.ts'
import { parseFingerprint } from '../../lib/keys/public.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import { MEMORY_PLACES } from '../support/memory_places.ts'
import { quickArgon2id as argon2id } from '../support/quick_argon2id.ts'
import { EMAIL_CODE, PAGE, SimulatedService } from '../support/simulated_service.ts'
import { type Vector, vectorCases } from '../support/vectors.ts'
import {
  type Letter as Made,
  makeDeposit,
  makeLetter,
  makePractice,
  makeWithdrawal,
  NOW,
  ORIGIN,
  PERSON,
  REPORT,
} from '../support/world.ts'

function verify(vector: Vector): VerifiedWithdrawal {
  const body = vector.bodyJson() as {
    readonly withdrawal: unknown
    readonly organisation: unknown
    readonly member: unknown
    readonly organisations: readonly string[]
  }
  return VerifiedWithdrawal.verify(parseEnvelope(body.withdrawal), {
    statements: {
      organisation: parseEnvelope(body.organisation),
      member: parseEnvelope(body.member),
    },
    trusted: new Set(body.organisations.map(parseFingerprint)),
    origin: parseOrigin(vector.text('origin')),
    documentId: vector.text('document_id'),
  })
}

describe('a withdrawal', () => {
  test.each(vectorCases('withdrawal', 'accept'))('%s', (_name, vector) => {
    const { withdrawal } = verify(vector)
    expect(withdrawal.reason).toBe(vector.text('reason'))
    expect(withdrawal.withdrawnAt).toBe(vector.integer('withdrawn_at'))
    if (withdrawal.replacedBy !== null) {
      expect(withdrawal.replacedBy).toBe(vector.text('replaced_by'))
    }
  })

  test.each(vectorCases('withdrawal', 'refuse'))('%s', (_name, vector) => {
    expect(() => verify(vector)).toThrow(WithdrawalRefusedError)
  })
})

const practice = makePractice()
const retry = new RetryPolicy({ sleep: async () => {} })
let made: Made
let claimed: ClaimedAccount
let kept: Pick<SimulatedService, 'account' | 'binding'>
let service: SimulatedService

beforeAll(async () => {
  made = await makeLetter(practice)
  const first = new SimulatedService(practice, made)
  const letter = new Letter({
    invitationId: made.invitationId,
    organisation: practice.root.public.fingerprint,
    code: made.code.secretSymbols(),
  })
  const client = clientOf(first)
  const record = await client.claimRecord(letter.invitationId)
  const opened = await OpenedLetter.open(letter, record, { origin: ORIGIN, now: NOW, argon2id })
  const claim = await Claim.prove(opened, client, { retry })
  await claim.checkEmailCode(EMAIL_CODE)
  await claim.checkPerson(PERSON)
  claimed = await claim.bind('huit mots de passe', { argon2id, now: NOW })
  kept = { account: first.account, binding: first.binding }
})

beforeEach(() => {
  service = new SimulatedService(practice, made)
  Object.assign(service, kept, { signedIn: true })
})

function clientOf({ fetch }: SimulatedService): MailboxClient {
  return new MailboxClient(new Transport({ page: PAGE, fetch }))
}

async function newReceiving(): Promise<Receiving> {
  const aead = await chacha20Poly1305()
  const reader = Reader.ofVault(claimed.vault, { origin: ORIGIN, aead })
  return new Receiving({ reader, mailbox: clientOf(service), retry })
}

async function newSession(): Promise<LibSession> {
  const aead = await chacha20Poly1305()
  return new LibSession(claimed.vault, {
    mailbox: clientOf(service),
    origin: ORIGIN,
    aead,
    archivePlaces: MEMORY_PLACES,
    startReader: (question) => new PageReader(question, { aead }),
    argon2id,
    endVisit: async () => {},
    now: () => NOW,
  })
}

const following = () => ({ progress: () => {}, signal: new AbortController().signal })

async function stored(said: Readonly<Record<string, unknown>> = {}, storedAt = NOW) {
  const deposit = await makeDeposit(practice, claimed.vault.identity.public, [REPORT], said)
  return service.store(deposit, { storedAt })
}

describe('what was taken back before it was collected', () => {
  test('is listed as withdrawn, by whom, when and why, and can’t be opened', async () => {
    const delivery = await stored()
    delivery.state = 'withdrawn'
    delivery.withdrawal = makeWithdrawal(practice, delivery.deposit.documentId)
    const [listed] = (await (await newReceiving()).list(null)).entries
    expect(listed && 'failure' in listed && listed.failure).toBeInstanceOf(WithdrawnError)
    const session = await newSession()
    const [entry] = (await session.listDocuments(null)).entries
    expect(entry).toMatchObject({
      trouble: { kind: 'document-withdrawn' },
      withdrawn: {
        proved: true,
        organisation: 'Cabinet des Tilleuls',
        at: NOW + 60,
        reason: 'wrong-patient',
      },
    })
    await expect(session.openDocument(delivery.deliveryId, following())).rejects.toMatchObject({
      kind: 'document-withdrawn',
    })
  })

  test('does not count as a document that could not be taken over', async () => {
    service.store(await makeDeposit(practice, made.keys.identity.public)).state = 'withdrawn'
    const done = await resealWaiting(await newReceiving(), claimed.vault, {
      now: NOW,
      report: () => {},
    })
    expect(done).toEqual({ deliveries: [], failures: [] })
  })
})

describe('what was collected before it was taken back', () => {
  test('stays readable, with the withdrawal beside it', async () => {
    const delivery = await stored()
    const session = await newSession()
    await session.listDocuments(null)
    ;(await session.openDocument(delivery.deliveryId, following())).close()
    delivery.state = 'withdrawn'
    delivery.withdrawal = makeWithdrawal(practice, delivery.deposit.documentId)
    const [entry] = (await session.listDocuments(null)).entries
    expect(entry).toMatchObject({ cover: { title: 'Compte rendu' }, withdrawn: { proved: true } })
    const opened = await session.openDocument(delivery.deliveryId, following())
    expect(opened.withdrawn).toMatchObject({ proved: true, reason: 'wrong-patient' })
    expect(opened.files).toHaveLength(1)
    await session.tellOpened(opened)
    expect(delivery.receipt).not.toBeNull()
  })

  test.each([
    ['shows nothing', () => null],
    ['shows that of another document', () => makeWithdrawal(practice, 'ab'.repeat(16))],
    [
      'shows one by somebody else',
      (id: string) => makeWithdrawal({ ...practice, doctor: claimed.vault.identity }, id),
    ],
    [
      'shows one for another service',
      (id: string) => makeWithdrawal(practice, id, { origin: 'other.example' }),
    ],
  ])('a service that %s proves nothing and hides nothing', async (_what, withdrawal) => {
    const delivery = await stored()
    Object.assign(delivery, { state: 'withdrawn', handedOut: true })
    delivery.withdrawal = withdrawal(delivery.deposit.documentId)
    const session = await newSession()
    const [entry] = (await session.listDocuments(null)).entries
    expect(entry).toMatchObject({ cover: {}, withdrawn: { proved: false } })
    expect((await session.openDocument(delivery.deliveryId, following())).files).toHaveLength(1)
  })

  test('a session that ended while the withdrawal was asked for is told as such', async () => {
    const delivery = await stored()
    Object.assign(delivery, { state: 'withdrawn', handedOut: true })
    service.troubles.push({
      path: /\/withdrawal$/,
      when: 'before',
      answer: () => Response.json({ type: 'urn:souspli:problem:not-signed-in' }, { status: 401 }),
    })
    await expect((await newSession()).listDocuments(null)).rejects.toMatchObject({
      kind: 'session-ended',
    })
  })
})

describe('a document and its correction', () => {
  test('point to each other', async () => {
    const old = await stored({ date: '2027-01-02' })
    const replaces = old.deposit.documentId
    const first = await stored({ replaces, date: '2027-01-03' }, NOW + 1)
    const second = await stored({ replaces, date: '2027-01-04' }, NOW + 2)
    const session = await newSession()
    expect(session.relationsOf(old.deliveryId).correctedBy).toBeNull()
    await session.listDocuments(null)
    expect(session.relationsOf(old.deliveryId)).toEqual({
      replaces: null,
      correctedBy: { deliveryId: second.deliveryId, date: '2027-01-04' },
    })
    for (const newer of [first, second]) {
      expect(session.relationsOf(newer.deliveryId)).toEqual({
        replaces: { deliveryId: old.deliveryId, date: '2027-01-02' },
        correctedBy: null,
      })
    }
    await session.signOut()
    expect(session.relationsOf(old.deliveryId).correctedBy).toBeNull()
  })

  test.each([
    ['about another patient', { birth_name: 'Autre' }],
    ['about a patient born another day', { birth_date: '1950-01-01' }],
    ['about a patient of another sex', { sex: 'M' }],
    ['about a patient with other given names', { given_names: 'Paul' }],
  ])('are strangers if the second is %s', async (_what, other) => {
    const old = await stored()
    const patient = {
      birth_date: PERSON.birthDate,
      birth_name: PERSON.surname,
      given_names: 'Jeanne',
      ins: null,
      sex: 'F',
      ...other,
    }
    const newer = await stored({ replaces: old.deposit.documentId, patient }, NOW + 1)
    const session = await newSession()
    const { entries } = await session.listDocuments(null)
    expect(entries[0]).toMatchObject({ cover: { replacesAnother: true } })
    expect(session.relationsOf(newer.deliveryId).replaces).toBeNull()
    expect(session.relationsOf(old.deliveryId).correctedBy).toBeNull()
  })

  test('are strangers if one of them is about nobody', async () => {
    const old = await stored()
    const newer = await stored({ replaces: old.deposit.documentId, patient: null }, NOW + 1)
    const session = await newSession()
    await session.listDocuments(null)
    expect(session.relationsOf(newer.deliveryId).replaces).toBeNull()
  })
})
