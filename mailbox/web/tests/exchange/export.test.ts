/** An export over the simulated service: whatever one document does, the others are there. */
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Exported } from '../../app/core.ts'
import type { ArchivePlaces } from '../../app/core_export.ts'
import { LibSession } from '../../app/core_session.ts'
import { MemoryArchive } from '../../app/files/memory_archive.ts'
import { Trouble } from '../../app/trouble.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { sha256Sync } from '../../lib/crypto/sha256.ts'
import { Claim, type ClaimedAccount, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import { type ContentsReader, PageReader } from '../../lib/exchange/contents_reader.ts'
import {
  ContentsRefusedError,
  NoRoomError,
  NoStorageError,
  OpenElsewhereError,
} from '../../lib/exchange/errors.ts'
import { Receiving } from '../../lib/exchange/receive.ts'
import { resealWaiting } from '../../lib/exchange/reseal.ts'
import { Reader } from '../../lib/exchange/sealed.ts'
import { VerifiedWithdrawal } from '../../lib/exchange/withdrawal.ts'
import { decodeCanonical } from '../../lib/keys/canonical.ts'
import { parseEnvelope, verifyEnvelope } from '../../lib/keys/dsse.ts'
import { VerifiedMember } from '../../lib/keys/statements/chain.ts'
import { encodeHex } from '../../lib/keys/values.ts'
import { Vault } from '../../lib/keys/vault_contents.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import { MEMORY_PLACES, SmallDisk } from '../support/memory_places.ts'
import { quickArgon2id as argon2id } from '../support/quick_argon2id.ts'
import { EMAIL_CODE, PAGE, SimulatedService } from '../support/simulated_service.ts'
import { type Extracted, extract } from '../support/stock_tar.ts'
import {
  type Deposit,
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

const practice = makePractice()
let made: Made
let claimed: ClaimedAccount
let kept: Pick<SimulatedService, 'account' | 'binding'>
let service: SimulatedService
let places: ArchivePlaces
let startReader: (question: ConstructorParameters<typeof PageReader>[0]) => ContentsReader

beforeAll(async () => {
  made = await makeLetter(practice)
  const first = new SimulatedService(practice, made)
  const letter = new Letter({
    invitationId: made.invitationId,
    organisation: practice.root.public.fingerprint,
    code: made.code.secretSymbols(),
  })
  const client = new MailboxClient(new Transport({ page: PAGE, fetch: first.fetch }))
  const record = await client.claimRecord(letter.invitationId)
  const opened = await OpenedLetter.open(letter, record, { origin: ORIGIN, now: NOW, argon2id })
  const claim = await Claim.prove(opened, client)
  await claim.checkEmailCode(EMAIL_CODE)
  await claim.checkPerson(PERSON)
  claimed = await claim.bind('huit mots de passe', { argon2id, now: NOW })
  kept = { account: first.account, binding: first.binding }
})

beforeEach(async () => {
  service = new SimulatedService(practice, made)
  Object.assign(service, kept, { signedIn: true })
  places = MEMORY_PLACES
  const aead = await chacha20Poly1305()
  startReader = (question) => new PageReader(question, { aead })
  // Waiting for a line that breaks takes seconds, and nothing else here takes any.
  vi.stubGlobal('setTimeout', (work: () => void) => queueMicrotask(work))
  return () => vi.unstubAllGlobals()
})

/** By title: signing and sealing one takes longer than all that an export does with it. */
const sealed = new Map<string, Deposit>()

async function stored(title: string, files = [REPORT]) {
  const recipient = claimed.vault.identity.public
  const known = files.length === 1 && files[0] === REPORT ? sealed.get(title) : undefined
  const deposit = known ?? (await makeDeposit(practice, recipient, files, { title }))
  if (files[0] === REPORT && files.length === 1) sealed.set(title, deposit)
  // Tests change what lies at the service.
  return service.store({ ...deposit, contents: deposit.contents.slice() })
}

async function newSession(fetch = service.fetch, vault = claimed.vault): Promise<LibSession> {
  return new LibSession(vault, {
    mailbox: new MailboxClient(new Transport({ page: PAGE, fetch })),
    origin: ORIGIN,
    aead: await chacha20Poly1305(),
    startReader: (question) => startReader(question),
    argon2id,
    archivePlaces: places,
    endVisit: async () => {},
    now: () => NOW,
  })
}

async function exportNow(
  session?: LibSession,
  signal = new AbortController().signal,
): Promise<Exported> {
  const from = session ?? (await newSession())
  return from.exportDocuments({ language: 'fr', progress: () => {}, signal })
}

async function filesOf({ file }: Exported): Promise<Map<string, Extracted>> {
  const { blob } = (await file?.read()) ?? { blob: new Blob() }
  return extract(new Uint8Array(await blob.arrayBuffer()))
}

function text(files: Map<string, Extracted>, path: string): string {
  return new TextDecoder().decode(files.get(path)?.content)
}

function envelope(files: Map<string, Extracted>, path: string) {
  return parseEnvelope(JSON.parse(text(files, path)))
}

const FOLDER = '2027-01-15 Cabinet des Tilleuls - '
const reasons = ({ documents }: Exported) =>
  documents.map((document) => ('trouble' in document ? document.trouble.kind : document.folder))

describe('an export', () => {
  test('has each document in a folder of its own, and two texts at the top', async () => {
    await stored('Bilan')
    await stored('Bilan')
    await stored('../../Échographie / CON: "?"')
    const exported = await exportNow()
    expect(exported.file?.name).toMatch(/^souspli-2027-01-1[45]\.tar$/)
    const files = await filesOf(exported)
    const documents = [
      `${FOLDER}.._.._Échographie _ CON_ ___`,
      `${FOLDER}Bilan`,
      `${FOLDER}Bilan (2)`,
    ]
    expect(reasons(exported)).toEqual(documents)
    const proofs = ['manifest', 'member', 'organisation'].map((name) => `souspli/${name}.json`)
    expect([...files.keys()].sort()).toEqual(
      [
        'LISEZ-MOI.txt',
        'documents.csv',
        ...documents.flatMap((folder) =>
          [REPORT.name, ...proofs].map((name) => `${folder}/${name}`),
        ),
      ].sort(),
    )
    const report = files.get(`${FOLDER}Bilan/${REPORT.name}`)
    expect(report?.content).toEqual(REPORT.content)
    expect(report?.changedAt).toBe(NOW)
    expect(text(files, 'LISEZ-MOI.txt')).toMatch(/VOS DOCUMENTS[\s\S]*YOUR MEDICAL DOCUMENTS/)
    expect(text(files, 'documents.csv').trimEnd().split('\r\n')).toHaveLength(4)
  })

  test('has the documents of two practices, each with its own proofs', async () => {
    const other = makePractice({ name: 'Laboratoire de l’Odet' })
    await stored('Bilan')
    const recipient = claimed.vault.identity.public
    const theirs = service.store(await makeDeposit(other, recipient, [REPORT], { title: 'Bilan' }))
    const { organisation, member } = other.statements
    const fetch: typeof service.fetch = async (address, request) => {
      const answer = await service.fetch(address, request)
      if (!String(address).endsWith(`${theirs.deliveryId}/cover`)) return answer
      const about = { organisation: organisation.toJSON(), member: member.toJSON() }
      return Response.json({ ...((await answer.json()) as object), ...about })
    }
    const second = { fingerprint: other.root.public.fingerprint, name: '', pinnedAt: NOW }
    const pinned = [...claimed.vault.pinned, second]
    const vault = new Vault({ ...claimed.vault, pinned })
    const files = await filesOf(await exportNow(await newSession(fetch, vault)))
    const places = [FOLDER, '2027-01-15 Laboratoire de l’Odet - '].map((start) => `${start}Bilan`)
    const certified = places.map(
      (place) => envelope(files, `${place}/souspli/organisation.json`).payloadHash,
    )
    expect(certified).toEqual(
      [practice, other].map((one) => one.statements.organisation.payloadHash),
    )
    for (const place of places) {
      expect(files.get(`${place}/${REPORT.name}`)?.content).toEqual(REPORT.content)
    }
  })

  test('tells no sender that anything was opened', async () => {
    const delivery = await stored('Bilan')
    await exportNow()
    expect(delivery.state).toBe('fetched')
    expect(service.requests.filter(({ path }) => path.endsWith('/receipt'))).toEqual([])
  })

  test('keeps the name of a file that is called like the folder of proofs', async () => {
    await stored('Bilan', [{ ...REPORT, name: 'Souspli' }])
    const files = await filesOf(await exportNow())
    expect(files.has(`${FOLDER}Bilan/Souspli`)).toBe(true)
    expect(files.has(`${FOLDER}Bilan/souspli (2)/manifest.json`)).toBe(true)
  })

  test('of an empty account is no file', async () => {
    expect(await exportNow()).toMatchObject({ file: null, documents: [] })
  })
})

describe('what is kept beside a document', () => {
  test('proves its sender and its files, down to the organisation’s fingerprint', async () => {
    await stored('Bilan')
    const files = await filesOf(await exportNow())
    const place = `${FOLDER}Bilan/souspli`
    const organisation = practice.root.public.fingerprint
    const { member } = VerifiedMember.verify(
      {
        organisation: envelope(files, `${place}/organisation.json`),
        member: envelope(files, `${place}/member.json`),
      },
      { organisation, origin: ORIGIN, at: NOW },
    )
    const payload = verifyEnvelope(envelope(files, `${place}/manifest.json`), {
      payloadType: 'application/vnd.souspli.manifest+json',
      signer: member.member,
    })
    const hash = encodeHex(sha256Sync(REPORT.content))
    expect(decodeCanonical(payload)).toMatchObject({
      contents: { files: [{ name: REPORT.name, sha256: hash }] },
    })
  })

  test('has the grants of a document that was sealed to a letter first', async () => {
    service.store(await makeDeposit(practice, made.keys.identity.public))
    const aead = await chacha20Poly1305()
    const mailbox = new MailboxClient(new Transport({ page: PAGE, fetch: service.fetch }))
    const reader = Reader.ofVault(claimed.vault, { origin: ORIGIN, aead })
    const receiving = new Receiving({ reader, mailbox })
    await resealWaiting(receiving, claimed.vault, { now: NOW, report: () => {} })
    const files = await filesOf(await exportNow())
    const grant = envelope(files, `${FOLDER}Compte rendu/souspli/grant-1.json`)
    expect(decodeCanonical(grant.payload)).toMatchObject({
      reason: 'claim',
      to: claimed.vault.identity.public.fingerprint,
    })
  })

  test('has the withdrawal of a document that was withdrawn and can be read', async () => {
    const delivery = await stored('Bilan')
    const { documentId } = delivery.deposit
    Object.assign(delivery, { state: 'withdrawn', handedOut: true })
    delivery.withdrawal = makeWithdrawal(practice, documentId)
    const exported = await exportNow()
    expect(exported.documents).toMatchObject([{ folder: `${FOLDER}Bilan`, withdrawn: {} }])
    const files = await filesOf(exported)
    const place = `${FOLDER}Bilan/souspli/withdrawal`
    VerifiedWithdrawal.verify(envelope(files, `${place}.json`), {
      statements: {
        organisation: envelope(files, `${place}-organisation.json`),
        member: envelope(files, `${place}-member.json`),
      },
      trusted: new Set([practice.root.public.fingerprint]),
      origin: ORIGIN,
      documentId,
    })
    expect(text(files, 'documents.csv')).toContain(';oui;Retiré par Cabinet des Tilleuls')
  })
})

describe('one bad document among many', () => {
  async function expectOnlyOne(kind: string, words: string): Promise<void> {
    const exported = await exportNow()
    expect(reasons(exported)).toEqual([`${FOLDER}Dernier`, kind, `${FOLDER}Premier`])
    const files = await filesOf(exported)
    // Two texts, and four files of each document that is there.
    expect(files.size).toBe(10)
    const lines = text(files, 'documents.csv').split('\r\n')
    expect(lines[2]).toContain(words)
    expect(lines[2]).toContain(';non;')
  }

  test('that was tampered with is told of', async () => {
    await stored('Premier')
    const { deposit } = await stored('Abîmé')
    deposit.contents[5_000] = (deposit.contents[5_000] ?? 0) ^ 1
    await stored('Dernier')
    await expectOnlyOne('document-tampered', 'Abîmé')
  })

  test('whose cover can’t be opened is told of by its day', async () => {
    await stored('Premier')
    service.store(await makeDeposit(practice, practice.doctor.public))
    await stored('Dernier')
    await expectOnlyOne('document-foreign', ';15/01/2027;;;;;non;Ce document n’a pas été scellé')
  })

  test('that was withdrawn before it was collected is told of, with who and why', async () => {
    await stored('Premier')
    const delivery = await stored('Retiré')
    delivery.state = 'withdrawn'
    delivery.withdrawal = makeWithdrawal(practice, delivery.deposit.documentId)
    await stored('Dernier')
    await expectOnlyOne('document-withdrawn', 'Retiré par Cabinet des Tilleuls')
  })

  test('that is withdrawn between list and turn is told of', async () => {
    await stored('Premier')
    const delivery = await stored('Retiré')
    await stored('Dernier')
    const { fetch } = service
    const session = await newSession(async (address, request) => {
      // The first that is opened is the newest.
      if (String(address).endsWith('/collect')) delivery.state = 'withdrawn'
      return fetch(address, request)
    })
    expect(reasons(await exportNow(session))).toEqual([
      `${FOLDER}Dernier`,
      'document-withdrawn',
      `${FOLDER}Premier`,
    ])
  })

  test('that is open in another window is told of', async () => {
    await stored('Premier')
    await stored('Ailleurs')
    await stored('Dernier')
    // And when it is asked for once more, at the end.
    failAt([1, 3], new OpenElsewhereError('open'))
    await expectOnlyOne('document-elsewhere', 'autre fenêtre')
  })

  test('that fails when half of it is written leaves nothing of it', async () => {
    await stored('Premier')
    await stored('Moitié', [REPORT, { ...REPORT, name: 'deux.pdf' }])
    await stored('Dernier')
    failAt([1], new ContentsRefusedError('changed'), { readingFile: 1 })
    await expectOnlyOne('document-tampered', 'modifié ou abîmé')
  })

  test('that nobody foresaw is told of', async () => {
    await stored('Premier')
    await stored('Faute')
    await stored('Dernier')
    failAt([1], new TypeError('a fault of ours'))
    await expectOnlyOne('unexpected', 'erreur imprévue')
  })

  /** Fail at these turns, on opening the document or on reading one of its files. */
  function failAt(
    at: readonly number[],
    failure: Error,
    { readingFile }: { readingFile?: number } = {},
  ) {
    const start = startReader
    let turns = 0
    startReader = (question) => {
      const reader = start(question)
      const isIt = at.includes(turns)
      turns += 1
      if (!isIt) return reader
      if (readingFile === undefined) {
        return { ...bound(reader), begin: () => Promise.reject(failure) }
      }
      return {
        ...bound(reader),
        finish: async () => {
          const blobs = await reader.finish()
          return blobs.map((blob, index) => (index === readingFile ? null : blob))
        },
        readFile: () => Promise.reject(failure),
      }
    }
  }
})

function bound(reader: ContentsReader): ContentsReader {
  return {
    begin: (report) => reader.begin(report),
    openNext: (sealed) => reader.openNext(sealed),
    finish: () => reader.finish(),
    readFile: (index, report) => reader.readFile(index, report),
    end: (how) => reader.end(how),
  }
}

describe('a service that fails', () => {
  const unavailable = () => new Response(null, { status: 503 })

  test('for one document, longer than a page waits, is asked once more at the end', async () => {
    await stored('Premier')
    const { deliveryId } = await stored('Tard')
    for (let time = 0; time < 4; time += 1) {
      const path = new RegExp(`${deliveryId}/collect$`)
      service.troubles.push({ path, when: 'before', answer: unavailable })
    }
    const exported = await exportNow()
    expect(reasons(exported)).toEqual([`${FOLDER}Tard`, `${FOLDER}Premier`])
    expect((await filesOf(exported)).size).toBe(10)
  })

  test('for one document for good does not keep the others', async () => {
    await stored('Premier')
    const { deliveryId } = await stored('Jamais')
    const path = new RegExp(`${deliveryId}/collect$`)
    for (let time = 0; time < 20; time += 1) {
      service.troubles.push({ path, when: 'before', answer: unavailable })
    }
    expect(reasons(await exportNow())).toEqual(['service-away', `${FOLDER}Premier`])
  })

  test('for everything ends the export, and nothing is left', async () => {
    await stored('Bilan')
    const disk = new SmallDisk(Number.MAX_SAFE_INTEGER)
    places = { ...MEMORY_PLACES, open: async () => disk }
    const { fetch } = service
    let away = false
    const session = await newSession(async (address, request) => {
      away ||= String(address).endsWith('/collect')
      return away ? unavailable() : fetch(address, request)
    })
    await expect(exportNow(session)).rejects.toMatchObject({ kind: 'service-away' })
    expect(disk.isDiscarded).toBe(true)
  })

  test('whose list turns in circles names each document once', async () => {
    await stored('Bilan')
    const { fetch } = service
    const session = await newSession(async (address, request) => {
      const answer = await fetch(address, request)
      if (!String(address).includes('/v1/deliveries?')) return answer
      return Response.json({ ...((await answer.json()) as object), next: '0' })
    })
    expect(reasons(await exportNow(session))).toEqual([`${FOLDER}Bilan`])
  })

  test('that ends the session ends the export as any other request', async () => {
    await stored('Bilan')
    const session = await newSession()
    await session.listDocuments(null)
    service.signedIn = false
    await expect(exportNow(session)).rejects.toMatchObject({ kind: 'session-ended' })
  })
})

describe('a disk', () => {
  test('without room is told of before any document is asked for', async () => {
    await stored('Bilan')
    const open = () => Promise.reject(new NoRoomError('full'))
    places = { ...MEMORY_PLACES, open }
    await expect(exportNow()).rejects.toMatchObject({ kind: 'export-no-room' })
    expect(service.requests.filter(({ path }) => path.endsWith('/collect'))).toEqual([])
  })

  test('without private files is told of as such', async () => {
    await stored('Bilan')
    places = { ...MEMORY_PLACES, open: () => Promise.reject(new NoStorageError('none')) }
    await expect(exportNow()).rejects.toMatchObject({ kind: 'export-no-storage' })
  })

  test.each([0, 1_000, 10_000, 30_000])(
    'that is full after %i bytes is told of, and nothing is left',
    async (room) => {
      await stored('Bilan')
      const disk = new SmallDisk(room)
      places = { ...MEMORY_PLACES, open: async () => disk }
      await expect(exportNow()).rejects.toMatchObject({ kind: 'export-no-room' })
      expect(disk.isDiscarded).toBe(true)
    },
  )

  test('is asked for enough: no archive is longer than was said', async () => {
    await stored('Bilan')
    await stored('T'.repeat(200), [
      REPORT,
      ...Array.from({ length: 300 }, (_, index) => ({
        ...REPORT,
        name: `${index} ${'é'.repeat(120)}.pdf`,
        content: new Uint8Array(1),
      })),
    ])
    let said = 0
    places = {
      ...MEMORY_PLACES,
      open: async ({ length }) => {
        said = length
        return new MemoryArchive()
      },
    }
    const size = (await exportNow()).file?.size ?? 0
    expect(size).toBeLessThanOrEqual(said)
    // Nor is so much asked for that an export fails for nothing.
    expect(said).toBeLessThan(2 * size)
  })
})

/** Takes longer to delete than anything else here takes. */
class SlowDisk extends SmallDisk {
  override async discard(): Promise<void> {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    await super.discard()
  }
}

describe('stopping', () => {
  test.each(['GET cover', 'POST collect', 'GET contents'])(
    'at %s ends the export, and nothing is left',
    async (where) => {
      await stored('Bilan')
      const disk = new SmallDisk(Number.MAX_SAFE_INTEGER)
      places = { ...MEMORY_PLACES, open: async () => disk }
      const [method, part] = where.split(' ')
      const leaving = new AbortController()
      const session = await newSession(async (address, request) => {
        const isIt = String(address).includes(`/${part}`) && (request.method ?? 'GET') === method
        if (isIt) leaving.abort()
        return service.fetch(address, request)
      })
      await expect(exportNow(session, leaving.signal)).rejects.toBeDefined()
      // Nothing was begun while the list was read.
      expect(disk.isDiscarded).toBe(part !== 'cover')
    },
  )

  test('by signing out waits until nothing is left', async () => {
    await stored('Bilan')
    const disk = new SlowDisk(Number.MAX_SAFE_INTEGER)
    places = { ...MEMORY_PLACES, open: async () => disk }
    let signedOut: Promise<void> | undefined
    const session: LibSession = await newSession(async (address, request) => {
      if (String(address).endsWith('/collect')) signedOut ??= session.signOut()
      return service.fetch(address, request)
    })
    const exporting = exportNow(session).catch((failure: unknown) => failure)
    await vi.waitFor(() => expect(signedOut).toBeDefined())
    await signedOut
    expect(disk.isDiscarded).toBe(true)
    expect(await exporting).toBeInstanceOf(Trouble)
  })

  test('holds a copy of a long file while it is added, and deletes it then', async () => {
    await stored('Bilan')
    const happened: string[] = []
    places = {
      open: async () => new MemoryArchive(),
      copies: {
        hold: (name) => happened.push(`hold ${name}`),
        delete: async (name) => {
          happened.push(`delete ${name}`)
        },
      },
    }
    const start = startReader
    startReader = (question) => {
      const reader = start(question)
      return {
        ...bound(reader),
        finish: async () => (await reader.finish()).map(() => null),
        readFile: async () => ({ blob: new Blob([REPORT.content]), copy: 'copy' }),
      }
    }
    expect((await exportNow()).documents).toHaveLength(1)
    expect(happened).toEqual(['hold copy', 'delete copy'])
  })

  test('after it is whole deletes it', async () => {
    await stored('Bilan')
    const deleted: string[] = []
    class FileLike extends MemoryArchive {
      override async finish() {
        return { ...(await super.finish()), copy: 'archive' }
      }
    }
    places = {
      open: async () => new FileLike(),
      copies: {
        hold: () => {},
        delete: async (name) => {
          deleted.push(name)
        },
      },
    }
    await (await exportNow()).discard()
    expect(deleted).toEqual(['archive'])
  })
})
