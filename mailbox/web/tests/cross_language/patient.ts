/**
 * A patient who claims, reads and signs receipts with this code, against a real service.
 *
 * Run by tests/exchange/test_cross_language.py, which plays the practice and looks at what
 * comes out. Lines of JSON both ways: first the letter in, then questions out (`ask`) and
 * answers in, at the end one `result`.
 */
import { createHash } from 'node:crypto'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { argon2id } from '../../lib/crypto/argon2id.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Claim, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import { Receiving } from '../../lib/exchange/receive.ts'
import { resealWaiting } from '../../lib/exchange/reseal.ts'
import { Reader } from '../../lib/exchange/sealed.ts'
import { signIn } from '../../lib/exchange/sign_in.ts'
import { parseOrigin } from '../../lib/keys/address.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { type Fetch, Transport } from '../../lib/mailbox/transport.ts'

interface Input {
  readonly page: string
  readonly origin: string
  readonly now: number
  readonly fragment: string
  readonly surname: string
  readonly birth_date: string
  readonly password: string
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

async function hear(): Promise<unknown> {
  const { value, done } = await lines.next()
  if (done === true) throw new Error('nobody answers')
  return JSON.parse(value)
}

function say(value: unknown): Promise<void> {
  // A pipe is written behind our back: whoever ends the process waits first.
  return new Promise((resolve) => {
    process.stdout.write(`${JSON.stringify(value)}\n`, () => resolve())
  })
}

async function ask(what: string): Promise<unknown> {
  await say({ ask: what })
  return hear()
}

/** What a browser adds to `fetch`: cookies, and where the request comes from. */
function browserFetch(page: string, sent: string[]): Fetch {
  const jar = new Map<string, string>()
  return async (address, request) => {
    const headers = new Headers(request.headers)
    headers.set('Origin', new URL(page).origin)
    headers.set('Sec-Fetch-Site', 'same-origin')
    if (jar.size > 0) {
      headers.set('Cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    }
    sent.push(`${address} ${new TextDecoder().decode((request.body ?? undefined) as Uint8Array)}`)
    const response = await fetch(address, { ...request, headers })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '' || /max-age=0/i.test(cookie)) jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
}

const input = (await hear()) as Input
const { now, password } = input
const origin = parseOrigin(input.origin)
const sent: string[] = []
const transport = new Transport({ page: input.page, fetch: browserFetch(input.page, sent) })
const client = new MailboxClient(transport)

const letter = Letter.fromFragment(input.fragment)
const record = await client.claimRecord(letter.invitationId)
const opened = await OpenedLetter.open(letter, record, { origin, now, argon2id })
const claim = await Claim.prove(opened, client)
const { mailsLeft } = await claim.sendEmailCode()
await claim.checkEmailCode(String(await ask('code')))
await claim.checkPerson({ surname: input.surname, birthDate: input.birth_date })
const { vault } = await claim.bind(password, { argon2id, now })

const aead = await chacha20Poly1305()
const reader = Reader.ofVault(vault, { origin, aead })
const receiving = new Receiving({ reader, mailbox: client })
const resealed = await resealWaiting(receiving, vault, { now, report: () => {} })
await client.signOut()

// The practice sends to the account now, and the patient comes back another day.
await ask('second document')
await signIn(client, { account: vault.account, password, origin, argon2id })
const { entries } = await receiving.list(null)
const documents: unknown[] = []
for (const entry of entries) {
  if (!('cover' in entry)) throw entry.failure
  const contents = await receiving.readContents(entry.delivery, entry.cover)
  await receiving.sendReceipt(entry.delivery, contents, { signer: vault.identity, now })
  const files = await Promise.all(
    contents.files.map(async ({ name, read }) => {
      const { blob } = await read()
      const hash = createHash('sha256').update(Buffer.from(await blob.arrayBuffer()))
      return { name, sha256: hash.digest('hex') }
    }),
  )
  const { title } = entry.cover.manifest.document
  documents.push({ title, grants: entry.cover.grants.length, files })
}

await say({
  result: {
    account: vault.account,
    documents,
    failures: resealed.failures.length,
    fingerprint: vault.identity.public.fingerprint,
    mails_left: mailsLeft,
    masked_address: claim.maskedAddress,
    resealed: resealed.deliveries.length,
    sent,
  },
})
process.exit(0)
