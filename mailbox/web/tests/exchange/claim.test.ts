import { beforeEach, describe, expect, test } from 'vitest'
import { Claim, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import {
  BoundWithAnotherPasswordError,
  InvitationRefusedError,
  LetterEarlyError,
  LetterExpiredError,
  LetterForgedError,
  LetterMismatchError,
} from '../../lib/exchange/errors.ts'
import {
  AccountNumberTakenError,
  CodeWrongError,
  GateNotPassedError,
  InvitationUsedError,
  LetterNotValidError,
  PersonWrongError,
  SignatureRefusedError,
  UnavailableError,
} from '../../lib/exchange/port_errors.ts'
import type { InvitationRecord } from '../../lib/exchange/ports.ts'
import { RetryPolicy } from '../../lib/exchange/retry.ts'
import { signIn } from '../../lib/exchange/sign_in.ts'
import { ClaimCode } from '../../lib/keys/claimcode.ts'
import { CodeError, PersonError, VaultError } from '../../lib/keys/errors.ts'
import { Identity } from '../../lib/keys/identity.ts'
import { ORGANISATION } from '../../lib/keys/statements/organisation.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import { quickArgon2id as argon2id } from '../support/quick_argon2id.ts'
import { EMAIL_CODE, LETTER_NUMBER, PAGE, SimulatedService } from '../support/simulated_service.ts'
import {
  type Letter as Made,
  makeLetter,
  makePractice,
  NOW,
  ORIGIN,
  PERSON,
} from '../support/world.ts'

const PASSWORD = 'abaisser brioche céleste départ éclipse fromage girafe hiver'

const practice = makePractice()
const retry = new RetryPolicy({ sleep: async () => {} })

let made: Made
let service: SimulatedService
let client: MailboxClient

beforeEach(async () => {
  made = await makeLetter(practice)
  service = new SimulatedService(practice, made)
  client = new MailboxClient(new Transport({ page: PAGE, fetch: service.fetch }))
})

function paper(
  changes: Partial<{ invitationId: string; organisation: string; code: string }> = {},
) {
  const { invitationId, code } = made
  const organisation = practice.root.public.fingerprint
  return new Letter({ invitationId, organisation, code: code.secretSymbols(), ...changes })
}

async function open({ now = NOW } = {}): Promise<OpenedLetter> {
  const record = await client.claimRecord(made.invitationId)
  return OpenedLetter.open(paper(), record, { origin: ORIGIN, now, argon2id })
}

async function passGates(): Promise<Claim> {
  const claim = await Claim.prove(await open(), client, { retry })
  await claim.sendEmailCode()
  await claim.checkEmailCode(EMAIL_CODE)
  await claim.checkPerson(PERSON)
  return claim
}

describe('a letter', () => {
  test('is read from its QR code', () => {
    const fingerprint = practice.root.public.fingerprint
    const fragment = `1.${made.invitationId}.${fingerprint}.${made.code.secretSymbols()}`
    const letter = Letter.fromFragment(fragment)
    expect(letter.invitationId).toBe(made.invitationId)
    expect(letter.organisation).toBe(fingerprint)
    expect(JSON.stringify({ letter })).toBe('{"letter":"…"}')
  })

  test.each([
    ['another version', '2.', ''],
    ['a part too many', '1.', '.x'],
  ])('with %s is refused', (_what, before, after) => {
    const rest = `${made.invitationId}.${practice.root.public.fingerprint}.${made.code.secretSymbols()}`
    expect(() => Letter.fromFragment(before + rest + after)).toThrow(InvitationRefusedError)
  })

  test('with ids that are none, or a misread code, is refused before anything is asked', () => {
    expect(() => paper({ invitationId: 'x' })).toThrow(InvitationRefusedError)
    expect(() => paper({ organisation: '../..' })).toThrow(InvitationRefusedError)
    expect(() => paper({ code: '00000000000000000001' })).toThrow(CodeError)
  })

  test('that was typed takes its ids from the service, and an unknown number is said', async () => {
    const lookup = await client.lookUpLetter(LETTER_NUMBER)
    const letter = Letter.fromTyped(lookup, made.code.secretWritten().toLowerCase())
    expect(letter.invitationId).toBe(made.invitationId)
    await expect(client.lookUpLetter('0000000000')).rejects.toBeInstanceOf(LetterNotValidError)
  })
})

describe('opening a letter', () => {
  test('gives its keys when code and record belong together', async () => {
    const letter = await open()
    expect(letter.invitation.inviter.organisation.name).toBe('Cabinet des Tilleuls')
    expect(String(letter)).toBe('…')
  })

  test('sends nothing that comes from the code', async () => {
    await open()
    expect(service.requests.map(({ method, body }) => [method, body])).toEqual([['GET', '']])
  })

  async function opening(record: InvitationRecord, letter = paper(), now = NOW): Promise<unknown> {
    return OpenedLetter.open(letter, record, { origin: ORIGIN, now, argon2id })
  }

  test('of another code is refused, and says that the code does not fit', async () => {
    const record = await client.claimRecord(made.invitationId)
    const letter = paper({ code: ClaimCode.draw().secretSymbols() })
    await expect(opening(record, letter)).rejects.toBeInstanceOf(LetterMismatchError)
  })

  test('of a record that another organisation signed is refused', async () => {
    const stranger = makePractice()
    const other = await makeLetter(stranger)
    const record = { record: other.record, statements: stranger.statements }
    await expect(opening(record)).rejects.toBeInstanceOf(LetterForgedError)
    // Even if the service names that organisation for the letter number: no code fits it.
    const letter = paper({ organisation: stranger.root.public.fingerprint })
    await expect(opening(record, letter)).rejects.toBeInstanceOf(LetterMismatchError)
  })

  test('of a record of the same practice with another id is refused', async () => {
    const other = await makeLetter(practice)
    const record = { record: other.record, statements: practice.statements }
    await expect(opening(record)).rejects.toBeInstanceOf(LetterMismatchError)
  })

  test('of a record by a member who may not invite is refused', async () => {
    const bridge = makePractice({ mayInvite: false })
    const other = await makeLetter(bridge)
    const letter = new Letter({
      invitationId: other.invitationId,
      organisation: bridge.root.public.fingerprint,
      code: other.code.secretSymbols(),
    })
    const record = { record: other.record, statements: bridge.statements }
    await expect(opening(record, letter)).rejects.toBeInstanceOf(LetterForgedError)
  })

  test('with an organisation statement that somebody else signed is refused', async () => {
    const organisation = ORGANISATION.parse(practice.statements.organisation.payload)
    const forged = ORGANISATION.sign(organisation, Identity.generate())
    const statements = { ...practice.statements, organisation: forged }
    const record = { record: made.record, statements }
    await expect(opening(record)).rejects.toBeInstanceOf(LetterForgedError)
  })

  test('before or after its time says so, and whose letter it is', async () => {
    const record = await client.claimRecord(made.invitationId)
    const early = opening(record, paper(), NOW - 301)
    await expect(early).rejects.toBeInstanceOf(LetterEarlyError)
    const late = opening(record, paper(), made.notAfter + 1)
    await expect(late).rejects.toBeInstanceOf(LetterExpiredError)
    await expect(late).rejects.toMatchObject({
      invitation: { record: { notAfter: made.notAfter } },
    })
    await expect(opening(record, paper(), made.notAfter)).resolves.toBeInstanceOf(OpenedLetter)
  })
})

describe('the gates', () => {
  test('stand in their order', async () => {
    const claim = await Claim.prove(await open(), client, { retry })
    expect(claim.maskedAddress).toBe('j…@o…fr')
    await expect(claim.checkPerson(PERSON)).rejects.toBeInstanceOf(GateNotPassedError)
    await expect(claim.bind(PASSWORD, { argon2id, now: NOW })).rejects.toBeInstanceOf(
      GateNotPassedError,
    )
  })

  test('say how many tries are left', async () => {
    const claim = await Claim.prove(await open(), client, { retry })
    await expect(claim.checkEmailCode('000000')).rejects.toBeInstanceOf(CodeWrongError)
    await claim.checkEmailCode(EMAIL_CODE)
    const wrong = claim.checkPerson({ ...PERSON, birthDate: '1951-02-01' })
    await expect(wrong).rejects.toBeInstanceOf(PersonWrongError)
    await expect(wrong).rejects.toMatchObject({ triesLeft: 4 })
  })

  test('ask nothing of the service for a birth date that is none', async () => {
    const claim = await Claim.prove(await open(), client, { retry })
    const before = service.requests.length
    const checking = claim.checkPerson({ surname: 'Martin', birthDate: '14/07/1958' })
    await expect(checking).rejects.toBeInstanceOf(PersonError)
    expect(service.requests).toHaveLength(before)
  })

  test('take a new nonce when the line broke at the first', async () => {
    service.troubles.push({ path: /prove$/, when: 'after' })
    const claim = await Claim.prove(await open(), client, { retry })
    expect(claim.maskedAddress).toBe('j…@o…fr')
    expect(service.requests.filter(({ path }) => path.endsWith('/nonce'))).toHaveLength(2)
  })
})

describe('binding', () => {
  test('makes an account whose vault the password opens', async () => {
    const claim = await passGates()
    const { vault, bound } = await claim.bind(PASSWORD, { argon2id, now: NOW })
    expect(bound.accountNumber).toBe(vault.account)
    service.signedIn = false
    const who = { account: vault.account, password: PASSWORD, origin: ORIGIN, argon2id, retry }
    const opened = await signIn(client, who)
    expect(opened.kind).toBe('patient')
    expect(opened.vault.toSecretJson()).toEqual(vault.toSecretJson())
    expect(vault.claims.map(({ keepUntil }) => keepUntil)).toEqual([made.notAfter + 7 * 86_400])
    expect(vault.pinned.map(({ name }) => name)).toEqual(['Cabinet des Tilleuls'])
  })

  test('draws another account number when one is given already', async () => {
    const claim = await passGates()
    // Whatever is drawn first is taken.
    const taken = { path: /bind$/, when: 'before' } as const
    service.troubles.push({ ...taken, answer: () => problem(409, 'account-number-taken') })
    const { vault } = await claim.bind(PASSWORD, { argon2id, now: NOW })
    const sent = service.requests
      .filter(({ path }) => path.endsWith('/bind'))
      .map(
        ({ body }) => JSON.parse(body) as { account: { account_number: string }; binding: unknown },
      )
    expect(sent).toHaveLength(2)
    expect(sent[0]?.account.account_number).not.toBe(vault.account)
    expect(sent[1]?.account.account_number).toBe(vault.account)
    expect(sent[0]?.binding).toEqual(sent[1]?.binding)
  })

  test('gives up on a service that refuses every number', async () => {
    const claim = await passGates()
    for (let count = 0; count < 5; count += 1) {
      const answer = () => problem(409, 'account-number-taken')
      service.troubles.push({ path: /bind$/, when: 'before', answer })
    }
    const binding = claim.bind(PASSWORD, { argon2id, now: NOW })
    await expect(binding).rejects.toBeInstanceOf(AccountNumberTakenError)
  })

  test.each(['before', 'after'] as const)(
    'whose line broke %s it was applied is sent again as it was',
    async (when) => {
      const claim = await passGates()
      service.troubles.push({ path: /bind$/, when })
      const { vault } = await claim.bind(PASSWORD, { argon2id, now: NOW })
      const sent = service.requests.filter(({ path }) => path.endsWith('/bind'))
      expect(sent).toHaveLength(2)
      expect(sent[0]?.body).toBe(sent[1]?.body)
      expect(accountOf(service).account_number).toBe(vault.account)
    },
  )

  async function applyWithoutAnswer(claim: Claim): Promise<void> {
    service.troubles.push({ path: /bind$/, when: 'after' })
    for (let count = 0; count < 3; count += 1) {
      service.troubles.push({ path: /bind$/, when: 'before' })
    }
    const binding = claim.bind(PASSWORD, { argon2id, now: NOW })
    await expect(binding).rejects.toBeInstanceOf(UnavailableError)
  }

  test('that was never answered ends well when the person tries again', async () => {
    const claim = await passGates()
    await applyWithoutAnswer(claim)
    const { vault } = await claim.bind(PASSWORD, { argon2id, now: NOW + 60 })
    expect(accountOf(service).account_number).toBe(vault.account)
  })

  test('that was applied with another password than the one chosen now is not passed off as done', async () => {
    const claim = await passGates()
    await applyWithoutAnswer(claim)
    const binding = claim.bind('another password', { argon2id, now: NOW + 60 })
    await expect(binding).rejects.toBeInstanceOf(BoundWithAnotherPasswordError)
  })

  test('a letter that was used opens no gate any more', async () => {
    const claim = await passGates()
    await claim.bind(PASSWORD, { argon2id, now: NOW })
    const proving = Claim.prove(claim.letter, client, { retry })
    await expect(proving).rejects.toBeInstanceOf(InvitationUsedError)
  })
})

describe('signing in', () => {
  async function claimed(): Promise<string> {
    const { vault } = await (await passGates()).bind(PASSWORD, { argon2id, now: NOW })
    service.signedIn = false
    return vault.account
  }

  test('works with the e-mail address', async () => {
    const account = await claimed()
    const who = { account: 'jeanne@orange.example', password: PASSWORD, origin: ORIGIN }
    const opened = await signIn(client, { ...who, argon2id, retry })
    expect(opened.vault.account).toBe(account)
  })

  test('with another password is refused, once and without a second try', async () => {
    const account = await claimed()
    const who = { account, password: 'wrong', origin: ORIGIN, argon2id, retry }
    await expect(signIn(client, who)).rejects.toBeInstanceOf(SignatureRefusedError)
    expect(service.requests.filter(({ path }) => path === '/v1/sign-in')).toHaveLength(1)
  })

  test("refuses another account's vault", async () => {
    const account = await claimed()
    service.account = {
      ...service.account,
      vault: { generation: 2, sealed: accountOf(service).vault.sealed },
    }
    const who = { account, password: PASSWORD, origin: ORIGIN, argon2id, retry }
    await expect(signIn(client, who)).rejects.toBeInstanceOf(VaultError)
  })
})

function accountOf({ account }: SimulatedService) {
  return account as { account_number: string; vault: { sealed: string } }
}

function problem(status: number, name: string): Response {
  return Response.json({ type: `urn:souspli:problem:${name}` }, { status })
}
