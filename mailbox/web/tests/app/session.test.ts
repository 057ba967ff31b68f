/** A session over the simulated service: what signing out ends, and closing the account. */
import { describe, expect, test } from 'vitest'
import { LibSession } from '../../app/core_session.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Claim, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import { type ContentsReader, PageReader } from '../../lib/exchange/contents_reader.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import { MEMORY_PLACES } from '../support/memory_places.ts'
import { quickArgon2id as argon2id } from '../support/quick_argon2id.ts'
import { CLOSED, EMAIL_CODE, PAGE, SimulatedService } from '../support/simulated_service.ts'
import { makeDeposit, makeLetter, makePractice, NOW, ORIGIN, PERSON } from '../support/world.ts'

const PASSWORD = 'huit mots de passe'

/** Somebody signed in, whose session keeps the readers that it starts. */
async function signedIn(onCollect: () => void = () => {}) {
  const practice = makePractice()
  const made = await makeLetter(practice)
  const service = new SimulatedService(practice, made)
  const fetch: typeof service.fetch = async (address, request) => {
    const answer = await service.fetch(address, request)
    if (/\/collect$/.test(String(address))) onCollect()
    return answer
  }
  const mailbox = new MailboxClient(new Transport({ page: PAGE, fetch }))
  const letter = new Letter({
    invitationId: made.invitationId,
    organisation: practice.root.public.fingerprint,
    code: made.code.secretSymbols(),
  })
  const record = await mailbox.claimRecord(letter.invitationId)
  const opened = await OpenedLetter.open(letter, record, { origin: ORIGIN, now: NOW, argon2id })
  const claim = await Claim.prove(opened, mailbox)
  await claim.checkEmailCode(EMAIL_CODE)
  await claim.checkPerson(PERSON)
  const { vault } = await claim.bind(PASSWORD, { argon2id, now: NOW })
  const { deliveryId } = service.store(await makeDeposit(practice, vault.identity.public))
  const aead = await chacha20Poly1305()
  const started: ContentsReader[] = []
  let visitsEnded = 0
  const session = new LibSession(vault, {
    mailbox,
    origin: ORIGIN,
    aead,
    argon2id,
    archivePlaces: MEMORY_PLACES,
    startReader: (question) => {
      const reader = new PageReader(question, { aead })
      started.push(reader)
      return reader
    },
    endVisit: async () => {
      visitsEnded += 1
    },
    now: () => NOW,
  })
  return { service, session, started, deliveryId, visitsEnded: () => visitsEnded }
}

const following = () => ({ progress: () => {}, signal: new AbortController().signal })

test('no reader starts for a document that the person signed out of while it was asked for', async () => {
  let onCollect = () => {}
  const { session, started, deliveryId } = await signedIn(() => onCollect())
  await session.openDocument(deliveryId, following())
  expect(started).toHaveLength(1)

  onCollect = () => void session.signOut().catch(() => {})
  await expect(session.openDocument(deliveryId, following())).rejects.toMatchObject({
    kind: 'session-ended',
  })
  expect(started).toHaveLength(1)
})

describe('closing the account', () => {
  test('ends the session, here and at the service, and leaves nothing on this computer', async () => {
    const { service, session, deliveryId, visitsEnded } = await signedIn()
    const closed = await session.closeAccount(PASSWORD)
    expect(closed).toEqual({ closedAt: NOW, backupsUntil: CLOSED.backups_until })
    expect(service.signedIn).toBe(false)
    expect(visitsEnded()).toBe(1)
    await expect(session.openDocument(deliveryId, following())).rejects.toMatchObject({
      kind: 'session-ended',
    })
  })

  test('needs the password: nothing is closed by another one', async () => {
    const { service, session } = await signedIn()
    await expect(session.closeAccount('un autre')).rejects.toMatchObject({
      kind: 'closing-refused',
    })
    expect(service.closing).toBeNull()
    expect((await session.listDocuments(null)).entries).toHaveLength(1)
  })

  test('whose answer was lost is asked about again, and has happened once', async () => {
    const { service, session } = await signedIn()
    service.troubles.push({ path: /\/v1\/closing$/, when: 'after' })
    await expect(session.closeAccount(PASSWORD)).resolves.toMatchObject({ closedAt: NOW })
    const asked = service.requests.filter(({ path }) => path === '/v1/closing')
    expect(asked).toHaveLength(2)
    expect(asked[0]?.body).toBe(asked[1]?.body)
  })
})
