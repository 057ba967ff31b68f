import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Claim, type ClaimedAccount, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import {
  ContentsCutShortError,
  ContentsRefusedError,
  CoverRefusedError,
  ManifestRefusedError,
  NotForMeError,
} from '../../lib/exchange/errors.ts'
import { NotSignedInError, UnavailableError } from '../../lib/exchange/port_errors.ts'
import { Receiving } from '../../lib/exchange/receive.ts'
import { resealWaiting } from '../../lib/exchange/reseal.ts'
import { RetryPolicy } from '../../lib/exchange/retry.ts'
import { Reader } from '../../lib/exchange/sealed.ts'
import { parseEnvelope, verifyEnvelope } from '../../lib/keys/dsse.ts'
import { Identity } from '../../lib/keys/identity.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import { flipped } from '../support/flip.ts'
import { bytesOf } from '../support/open.ts'
import { quickArgon2id as argon2id } from '../support/quick_argon2id.ts'
import { EMAIL_CODE, PAGE, SimulatedService } from '../support/simulated_service.ts'
import {
  DAY,
  type Deposit,
  type Letter as Made,
  makeDeposit,
  makeLargeDeposit,
  makeLetter,
  makePractice,
  NOW,
  ORIGIN,
  PERSON,
  REPORT,
} from '../support/world.ts'

const practice = makePractice()
const retry = new RetryPolicy({ sleep: async () => {} })

let made: Made
let claimed: ClaimedAccount
let account: SimulatedService['account']
let binding: SimulatedService['binding']
let waiting: Deposit
let direct: Deposit
let service: SimulatedService
let receiving: Receiving

// One claim for all: what each test changes is the service that it starts with.
beforeAll(async () => {
  made = await makeLetter(practice)
  const first = new SimulatedService(practice, made)
  claimed = await claimAll(clientOf(first))
  account = first.account
  binding = first.binding
  waiting = await makeDeposit(practice, made.keys.identity.public)
  direct = await makeDeposit(practice, claimed.vault.identity.public)
})

beforeEach(async () => {
  service = new SimulatedService(practice, made)
  Object.assign(service, { account, binding, signedIn: true })
  receiving = await newReceiving()
})

function clientOf({ fetch }: SimulatedService): MailboxClient {
  return new MailboxClient(new Transport({ page: PAGE, fetch }))
}

async function newReceiving(): Promise<Receiving> {
  const aead = await chacha20Poly1305()
  const reader = Reader.ofVault(claimed.vault, { origin: ORIGIN, aead })
  return new Receiving({ reader, mailbox: clientOf(service), retry })
}

async function claimAll(client: MailboxClient): Promise<ClaimedAccount> {
  const letter = new Letter({
    invitationId: made.invitationId,
    organisation: practice.root.public.fingerprint,
    code: made.code.secretSymbols(),
  })
  const record = await client.claimRecord(letter.invitationId)
  const opened = await OpenedLetter.open(letter, record, { origin: ORIGIN, now: NOW, argon2id })
  const claim = await Claim.prove(opened, client, { retry })
  await claim.checkEmailCode(EMAIL_CODE)
  await claim.checkPerson(PERSON)
  return claim.bind('huit mots de passe', { argon2id, now: NOW })
}

async function onlyEntry() {
  const { entries } = await receiving.list(null)
  const [entry] = entries
  if (entry === undefined) throw new Error('nothing was delivered')
  return entry
}

/** Return the only delivery and its verified cover. */
async function onlyDocument() {
  const { delivery } = await onlyEntry()
  const { cover } = await receiving.fetchCover(delivery)
  return { delivery, cover }
}

describe('the list', () => {
  test('holds each delivery with what its verified manifest says', async () => {
    service.store(direct)
    service.store(waiting)
    const { entries, next } = await receiving.list(null)
    expect(entries.map((entry) => 'cover' in entry && entry.cover.manifestHash)).toEqual([
      waiting.manifestHash,
      direct.manifestHash,
    ])
    expect(next).toBeNull()
  })

  test('comes in pages', async () => {
    for (let count = 0; count < 21; count += 1) service.store(direct)
    const first = await receiving.list(null)
    expect(first.entries).toHaveLength(20)
    const second = await receiving.list(first.next)
    expect(second.entries).toHaveLength(1)
    expect(second.next).toBeNull()
  })

  test('shows a refused cover as refused, and the others beside it', async () => {
    service.store(direct)
    service.store({ ...direct, cover: flipped(direct.cover, 5_000) })
    const stranger = await makeDeposit(practice, Identity.generate().public)
    service.store(stranger)
    const { entries } = await receiving.list(null)
    expect(entries[0]).toMatchObject({ failure: expect.any(NotForMeError) })
    expect(entries[1]).toMatchObject({ failure: expect.any(CoverRefusedError) })
    expect(entries[2]).toHaveProperty('cover')
  })

  test('refuses the cover of another document under a delivery', async () => {
    service.store({ ...direct, documentId: waiting.documentId })
    expect(await onlyEntry()).toHaveProperty('failure')
  })

  test('refuses a cover whose bytes are not those that the service names', async () => {
    const { deliveryId } = service.store(direct)
    const right = await clientOf(service).deliveryCover(deliveryId)
    const { organisation, member } = right.statements
    const answer = () =>
      Response.json({
        cover: Buffer.from(right.cover).toString('base64'),
        cover_hash: 'ab'.repeat(32),
        organisation: organisation.toJSON(),
        member: member.toJSON(),
      })
    service.troubles.push({ path: /cover$/, when: 'before', answer })
    expect(await onlyEntry()).toMatchObject({ failure: expect.any(CoverRefusedError) })
  })

  test('shows a document as large as any that the service has taken', async () => {
    const { identity } = claimed.vault
    const size = 4 * 1_024 ** 3
    service.store(await makeLargeDeposit(practice, identity.public, { size }))
    expect(await onlyEntry()).toMatchObject({
      cover: { manifest: { contents: { files: [{ size }] } } },
    })
  })

  test('refuses one beyond 2 GiB that is longer than what the service says it has', async () => {
    const { identity } = claimed.vault
    const large = { size: 4 * 1_024 ** 3, saidLength: 4 * 1_024 ** 3 - 1 }
    service.store(await makeLargeDeposit(practice, identity.public, large))
    expect(await onlyEntry()).toMatchObject({ failure: expect.any(ManifestRefusedError) })
  })

  test('shows one up to 2 GiB whatever length the service says', async () => {
    const { identity } = claimed.vault
    const large = { size: 2 * 1_024 ** 3, saidLength: 1 }
    service.store(await makeLargeDeposit(practice, identity.public, large))
    expect(await onlyEntry()).toHaveProperty('cover')
  })

  test('asks for a cover that it has verified no second time', async () => {
    service.store(direct)
    await receiving.list(null)
    await receiving.list(null)
    expect(service.requests.filter(({ path }) => path.endsWith('/cover'))).toHaveLength(1)
  })

  test('is no list when the session has ended, or the line is broken', async () => {
    service.store(direct)
    service.signedIn = false
    await expect(receiving.list(null)).rejects.toBeInstanceOf(NotSignedInError)
    service.signedIn = true
    for (let count = 0; count < 4; count += 1) {
      service.troubles.push({ path: /cover$/, when: 'before' })
    }
    await expect(receiving.list(null)).rejects.toBeInstanceOf(UnavailableError)
  })
})

describe('a document', () => {
  test('gives its files when every byte was verified, and says how far it is', async () => {
    service.store(direct)
    const { delivery, cover } = await onlyDocument()
    const heard: [string, number][] = []
    const { files } = await receiving.readContents(delivery, cover, {
      report: ({ phase, done, total }) => {
        heard.push([phase, done])
        expect(total).toBe(direct.contents.length)
      },
    })
    expect(files.map(({ name, mediaType }) => [name, mediaType])).toEqual([
      ['compte rendu é.pdf', 'application/pdf'],
    ])
    expect(await bytesOf(files[0])).toEqual(REPORT.content)
    expect(heard.slice(-2)).toEqual([
      ['receiving', direct.contents.length],
      ['verifying', direct.contents.length],
    ])
    expect(service.deliveries[0]?.state).toBe('fetched')
  })

  test('of several segments is taken up where the line broke', async () => {
    const content = new Uint8Array(17_000_000).map((_, index) => index % 251)
    const big = { name: 'scan.bin', mediaType: 'application/octet-stream', content }
    service.store(await makeDeposit(practice, claimed.vault.identity.public, [REPORT, big]))
    const { delivery, cover } = await onlyDocument()
    service.breakContentsAfter = [100_000, 0, 3_000_000]
    const { files } = await receiving.readContents(delivery, cover)
    expect(files.map(({ size }) => size)).toEqual([REPORT.content.length, content.length])
    const bytes = await bytesOf(files[1])
    expect(Buffer.compare(bytes, content)).toBe(0)
    const starts = service.requests.filter(({ path }) => path.endsWith('/contents')).length
    // Three segments, and a second, third and fourth beginning.
    expect(starts).toBe(6)
  })

  test.each([
    ['damaged', (sealed: Uint8Array) => flipped(sealed, 40_000), ContentsRefusedError],
    ['of another key', () => waiting.contents, ContentsRefusedError],
    ['cut short', (sealed: Uint8Array) => sealed.slice(0, -1), ContentsCutShortError],
  ])('whose contents are %s is refused', async (_what, change, kind) => {
    service.store({ ...direct, contents: change(direct.contents) as Deposit['contents'] })
    const { delivery, cover } = await onlyDocument()
    const reading = receiving.readContents(delivery, cover)
    await expect(reading).rejects.toBeInstanceOf(kind)
  })

  test('of which the service loses bytes after it named their length is refused', async () => {
    const stored = service.store({ ...direct })
    const { delivery, cover } = await onlyDocument()
    service.troubles.push({
      path: /collect$/,
      when: 'before',
      answer: () => Response.json({ url: '/', sealed_length: direct.contents.length }),
    })
    Object.assign(stored.deposit, { contents: direct.contents.slice(0, 2_000) })
    const reading = receiving.readContents(delivery, cover)
    await expect(reading).rejects.toBeInstanceOf(ContentsCutShortError)
  })
})

describe('a receipt', () => {
  test('is signed by the account, over the document that was verified', async () => {
    service.store(direct)
    const { delivery, cover } = await onlyDocument()
    const contents = await receiving.readContents(delivery, cover)
    const signer = claimed.vault.identity
    await receiving.sendReceipt(delivery, contents, { signer, now: NOW + 5 })
    await receiving.sendReceipt(delivery, contents, { signer, now: NOW + 9 })
    expect(service.deliveries[0]?.state).toBe('opened')
    const receipt = parseEnvelope(service.deliveries[0]?.receipt)
    const payloadType = 'application/vnd.souspli.receipt+json'
    const payload = verifyEnvelope(receipt, { payloadType, signer: signer.public })
    expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({
      checkpoint: null,
      document_id: direct.documentId,
      manifest_hash: direct.manifestHash,
      opened_at: NOW + 5,
      origin: ORIGIN,
      reader: signer.public.fingerprint,
      version: 1,
    })
  })
})

describe('taking over', () => {
  const report = () => {}

  test('seals what waits for the claim identity to the account, and nothing else', async () => {
    service.store(waiting)
    service.store(direct)
    const heard: [number, number][] = []
    const { deliveries, failures } = await resealWaiting(receiving, claimed.vault, {
      now: NOW + 60,
      report: (done, total) => heard.push([done, total]),
    })
    expect(deliveries).toEqual([service.deliveries[1]?.deliveryId])
    expect(failures).toEqual([])
    expect(heard).toEqual([
      [0, 2],
      [1, 2],
      [2, 2],
    ])
    const afterwards = await newReceiving()
    const { entries } = await afterwards.list(null)
    const own = claimed.vault.identity.public.fingerprint
    expect(entries.map((entry) => 'cover' in entry && entry.cover.effectiveRecipient)).toEqual([
      own,
      own,
    ])
    const again = await resealWaiting(afterwards, claimed.vault, { now: NOW + 90, report })
    expect(again.deliveries).toEqual([])
  })

  test('goes on after a cover that is refused, and tells of it', async () => {
    service.store(waiting)
    service.store({ ...waiting, cover: flipped(waiting.cover, 2_000) })
    const resealed = await resealWaiting(receiving, claimed.vault, { now: NOW, report })
    expect(resealed.deliveries).toHaveLength(1)
    expect(resealed.failures).toMatchObject([{ failure: expect.any(CoverRefusedError) }])
  })

  test('looks again when another window was first', async () => {
    const stored = service.store(waiting)
    const other = await newReceiving()
    await receiving.list(null)
    await resealWaiting(other, claimed.vault, { now: NOW, report })
    const { cover } = stored
    // The list of this window is older than the other's re-sealing.
    const mailbox = clientOf(service)
    const stale = await receiving.mailbox.deliveries({ after: null, limit: 100 })
    const deliveries = stale.deliveries.map((delivery) => ({
      ...delivery,
      coverHash: 'ab'.repeat(32),
    }))
    const late = new Receiving({
      reader: receiving.reader,
      mailbox: Object.assign(mailbox, { deliveries: async () => ({ deliveries, next: null }) }),
      retry,
    })
    service.troubles.push({
      path: /cover$/,
      when: 'before',
      answer: () => Response.json({ type: 'urn:souspli:problem:cover-changed' }, { status: 409 }),
    })
    const resealed = await resealWaiting(late, claimed.vault, { now: NOW, report })
    expect(resealed).toEqual({ deliveries: [], failures: [] })
    expect(stored.cover).toBe(cover)
  })

  test('whose answer was lost is not done twice', async () => {
    const stored = service.store(waiting)
    await receiving.list(null)
    service.troubles.push({ path: /cover$/, when: 'after' })
    const { deliveries } = await resealWaiting(receiving, claimed.vault, { now: NOW, report })
    expect(deliveries).toEqual([stored.deliveryId])
    const { entries } = await (await newReceiving()).list(null)
    expect(entries[0]).toMatchObject({ cover: { grants: [{ reason: 'claim' }] } })
  })

  test('does not look at what came after the claim identity was to be forgotten', async () => {
    service.store(direct, { storedAt: made.notAfter + 7 * DAY + 1 })
    await resealWaiting(receiving, claimed.vault, { now: NOW, report })
    expect(service.requests.filter(({ path }) => path.endsWith('/cover'))).toHaveLength(0)
  })

  test('ends at once when the session does', async () => {
    service.store(waiting)
    service.signedIn = false
    const resealing = resealWaiting(receiving, claimed.vault, { now: NOW, report })
    await expect(resealing).rejects.toBeInstanceOf(NotSignedInError)
  })
})
