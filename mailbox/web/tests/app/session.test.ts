/** A session over the simulated service: what signing out ends. */
import { expect, test } from 'vitest'
import { LibSession } from '../../app/core_session.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Claim, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import { type ContentsReader, PageReader } from '../../lib/exchange/contents_reader.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import { MEMORY_PLACES } from '../support/memory_places.ts'
import { quickArgon2id as argon2id } from '../support/quick_argon2id.ts'
import { EMAIL_CODE, PAGE, SimulatedService } from '../support/simulated_service.ts'
import { makeDeposit, makeLetter, makePractice, NOW, ORIGIN, PERSON } from '../support/world.ts'

test('no reader starts for a document that the person signed out of while it was asked for', async () => {
  const practice = makePractice()
  const made = await makeLetter(practice)
  const service = new SimulatedService(practice, made)
  let onCollect = () => {}
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
  const { vault } = await claim.bind('huit mots de passe', { argon2id, now: NOW })
  const { deliveryId } = service.store(await makeDeposit(practice, vault.identity.public))

  const aead = await chacha20Poly1305()
  const started: ContentsReader[] = []
  const session = new LibSession(vault, {
    mailbox,
    origin: ORIGIN,
    aead,
    archivePlaces: MEMORY_PLACES,
    startReader: (question) => {
      const reader = new PageReader(question, { aead })
      started.push(reader)
      return reader
    },
    endVisit: async () => {},
    now: () => NOW,
  })
  const following = { progress: () => {}, signal: new AbortController().signal }
  await session.openDocument(deliveryId, following)
  expect(started).toHaveLength(1)

  onCollect = () => void session.signOut().catch(() => {})
  await expect(session.openDocument(deliveryId, following)).rejects.toMatchObject({
    kind: 'session-ended',
  })
  expect(started).toHaveLength(1)
})
