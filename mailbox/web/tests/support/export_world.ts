/** What the tests of exports share: an account, a simulated service, what is read of an archive. */
import { beforeAll, beforeEach, vi } from 'vitest'
import type { Exported } from '../../app/core.ts'
import type { ArchivePlaces } from '../../app/core_export.ts'
import { LibSession } from '../../app/core_session.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Claim, type ClaimedAccount, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import { type ContentsReader, PageReader } from '../../lib/exchange/contents_reader.ts'
import { parseEnvelope } from '../../lib/keys/dsse.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import { MEMORY_PLACES } from './memory_places.ts'
import { quickArgon2id as argon2id } from './quick_argon2id.ts'
import { EMAIL_CODE, PAGE, SimulatedService } from './simulated_service.ts'
import { type Extracted, extract } from './stock_tar.ts'
import {
  type Deposit,
  type Letter as Made,
  makeDeposit,
  makeLetter,
  makePractice,
  NOW,
  ORIGIN,
  PERSON,
  REPORT,
} from './world.ts'

export const practice = makePractice()
let kept: Pick<SimulatedService, 'account' | 'binding'>

/** What a test finds and may change: made anew before each. */
export const world = {} as {
  made: Made
  claimed: ClaimedAccount
  service: SimulatedService
  places: ArchivePlaces
  startReader: (question: ConstructorParameters<typeof PageReader>[0]) => ContentsReader
}

/** One claimed account for a file of tests; a service and a reader for each test. */
export function prepareExports(): void {
  beforeAll(async () => {
    world.made = await makeLetter(practice)
    const first = new SimulatedService(practice, world.made)
    const letter = new Letter({
      invitationId: world.made.invitationId,
      organisation: practice.root.public.fingerprint,
      code: world.made.code.secretSymbols(),
    })
    const client = new MailboxClient(new Transport({ page: PAGE, fetch: first.fetch }))
    const record = await client.claimRecord(letter.invitationId)
    const opened = await OpenedLetter.open(letter, record, { origin: ORIGIN, now: NOW, argon2id })
    const claim = await Claim.prove(opened, client)
    await claim.checkEmailCode(EMAIL_CODE)
    await claim.checkPerson(PERSON)
    world.claimed = await claim.bind('huit mots de passe', { argon2id, now: NOW })
    kept = { account: first.account, binding: first.binding }
  })

  beforeEach(async () => {
    world.service = new SimulatedService(practice, world.made)
    Object.assign(world.service, kept, { signedIn: true })
    world.places = MEMORY_PLACES
    const aead = await chacha20Poly1305()
    world.startReader = (question) => new PageReader(question, { aead })
    // Waiting for a line that breaks takes seconds, and nothing else here takes any.
    vi.stubGlobal('setTimeout', (work: () => void) => queueMicrotask(work))
    return () => vi.unstubAllGlobals()
  })
}

/** By title: signing and sealing one takes longer than all that an export does with it. */
const sealed = new Map<string, Deposit>()

export async function stored(title: string, files = [REPORT]) {
  const recipient = world.claimed.vault.identity.public
  const known = files.length === 1 && files[0] === REPORT ? sealed.get(title) : undefined
  const deposit = known ?? (await makeDeposit(practice, recipient, files, { title }))
  if (files[0] === REPORT && files.length === 1) sealed.set(title, deposit)
  // Tests change what lies at the service.
  return world.service.store({ ...deposit, contents: deposit.contents.slice() })
}

export async function newSession(
  fetch = world.service.fetch,
  vault = world.claimed.vault,
): Promise<LibSession> {
  return new LibSession(vault, {
    mailbox: new MailboxClient(new Transport({ page: PAGE, fetch })),
    origin: ORIGIN,
    aead: await chacha20Poly1305(),
    startReader: (question) => world.startReader(question),
    argon2id,
    archivePlaces: world.places,
    endVisit: async () => {},
    now: () => NOW,
  })
}

export async function exportNow(
  session?: LibSession,
  signal = new AbortController().signal,
): Promise<Exported> {
  const from = session ?? (await newSession())
  return from.exportDocuments({ language: 'fr', progress: () => {}, signal })
}

export async function filesOf({ file }: Exported): Promise<Map<string, Extracted>> {
  const { blob } = (await file?.read()) ?? { blob: new Blob() }
  return extract(new Uint8Array(await blob.arrayBuffer()))
}

export function text(files: Map<string, Extracted>, path: string): string {
  return new TextDecoder().decode(files.get(path)?.content)
}

export function envelope(files: Map<string, Extracted>, path: string) {
  return parseEnvelope(JSON.parse(text(files, path)))
}

export const FOLDER = '2027-01-15 Cabinet des Tilleuls - '
export const reasons = ({ documents }: Exported) =>
  documents.map((document) => ('trouble' in document ? document.trouble.kind : document.folder))
