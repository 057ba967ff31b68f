/** What leaves the page in a whole claim: no secret, in no spelling. */
import { expect, test } from 'vitest'
import { argon2id } from '../../lib/crypto/argon2id.ts'
import { chacha20Poly1305 } from '../../lib/crypto/chacha20poly1305.ts'
import { Claim, Letter, OpenedLetter } from '../../lib/exchange/claim.ts'
import { Receiving } from '../../lib/exchange/receive.ts'
import { resealWaiting } from '../../lib/exchange/reseal.ts'
import { Reader } from '../../lib/exchange/sealed.ts'
import { signIn } from '../../lib/exchange/sign_in.ts'
import { saltOf } from '../../lib/keys/argon2.ts'
import { derive } from '../../lib/keys/framing.ts'
import { normalisePassword } from '../../lib/keys/unlockers.ts'
import { unwrapVaultKey } from '../../lib/keys/vault.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { Transport } from '../../lib/mailbox/transport.ts'
import { EMAIL_CODE, LETTER_NUMBER, PAGE, SimulatedService } from '../support/simulated_service.ts'
import { makeDeposit, makeLetter, makePractice, NOW, ORIGIN, PERSON } from '../support/world.ts'

const PASSWORD = 'abaisser brioche céleste départ éclipse fromage girafe hiver'

const SHORTEST = 8

/** All the ways in which octets could stand in a body: looked for in lower case, without escapes. */
function spellings(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret)
  // Base64 of the octets inside a longer value: three positions, the ends left out.
  const inside = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  )
  const found = [bytes.toString('hex'), ...inside, bytes.toString('latin1'), bytes.toString('utf8')]
  const all = [...found, bytes.toString('base64url'), [...bytes].join(',')].map(plain)
  // Shorter ones stand in any random base64.
  return all.filter((spelling) => spelling.length >= SHORTEST)
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll('-', '')
}

test('no request of a claim, a sign-in and a document holds a secret', async () => {
  const practice = makePractice()
  const made = await makeLetter(practice, { argon2id })
  const service = new SimulatedService(practice, made)
  const client = new MailboxClient(new Transport({ page: PAGE, fetch: service.fetch }))

  const written = made.code.secretWritten()
  const letter = Letter.fromTyped(await client.lookUpLetter(LETTER_NUMBER), written)
  const record = await client.claimRecord(letter.invitationId)
  const opened = await OpenedLetter.open(letter, record, { origin: ORIGIN, now: NOW, argon2id })
  const claim = await Claim.prove(opened, client)
  await claim.sendEmailCode()
  await claim.checkEmailCode(EMAIL_CODE)
  await claim.checkPerson(PERSON)
  const { vault } = await claim.bind(PASSWORD, { argon2id, now: NOW })
  await client.signOut()
  await signIn(client, { account: vault.account, password: PASSWORD, origin: ORIGIN, argon2id })
  service.store(await makeDeposit(practice, made.keys.identity.public))
  const reader = Reader.ofVault(vault, { origin: ORIGIN, aead: await chacha20Poly1305() })
  const receiving = new Receiving({ reader, mailbox: client })
  await resealWaiting(receiving, vault, { now: NOW, report: () => {} })
  const { entries } = await receiving.list(null)
  const [entry] = entries
  if (entry === undefined || !('cover' in entry)) throw new Error('no document')
  const contents = await receiving.readContents(entry.delivery, entry.cover)
  await receiving.sendReceipt(entry.delivery, contents, { signer: vault.identity, now: NOW })

  const password = normalisePassword(PASSWORD)
  const salt = saltOf('souspli/v1/password-salt', ORIGIN, vault.account)
  const secret = await argon2id({ password, salt })
  const claimSalt = saltOf(
    'souspli/v1/claim-salt',
    ORIGIN,
    Buffer.from(made.invitationId, 'hex'),
    Buffer.from(practice.root.public.fingerprint, 'hex'),
  )
  const symbols = made.code.secretSymbols()
  const k = await argon2id({ password: Buffer.from(symbols), salt: claimSalt })
  const [unlocker] = vault.unlockers
  const [kept] = (service.account as { unlockers: { wrapped_vault_key: string }[] }).unlockers
  if (unlocker === undefined || kept === undefined) throw new Error('no unlocker')
  const place = {
    account: vault.account,
    kind: 'password',
    unlockerId: unlocker.unlockerId,
  } as const
  const wrapped = Buffer.from(kept.wrapped_vault_key, 'base64')
  const seeds = ['age', 'ed25519', 'ml-dsa-65'].flatMap((purpose) =>
    [vault.identity.secretRoot(), made.keys.identity.secretRoot()].map((root) =>
      derive(root, `souspli/v1/identity/${purpose}`),
    ),
  )
  const secrets: Record<string, Uint8Array> = {
    'the claim code': Buffer.from(symbols),
    'the claim code as written': Buffer.from(written),
    'what the claim code gives': k,
    'the person-check key': derive(k, 'souspli/v1/claim/person-check'),
    'the claim login seed': derive(k, 'souspli/v1/claim/login'),
    'the claim root': made.keys.identity.secretRoot(),
    'the password': Buffer.from(PASSWORD),
    'a part of the password': Buffer.from('brioche céleste'),
    'the secret S': secret,
    'the login seed': derive(secret, 'souspli/v1/unlocker/login'),
    'the wrap key': unlocker.wrapKey.secretBytes(),
    'the vault key': unwrapVaultKey(wrapped, unlocker.wrapKey, place).secretBytes(),
    'the root': vault.identity.secretRoot(),
    'the document key': entry.cover.secretDocumentKey().secretSeed(),
    'the document key as text': Buffer.from(entry.cover.secretDocumentKey().toSecretString()),
    'the surname': Buffer.from(PERSON.surname),
    'the surname as compared': Buffer.from('LEGOFFOEUVRARD'),
    'the title': Buffer.from('Compte rendu'),
    ...Object.fromEntries(seeds.map((seed, index) => [`seed ${index}`, seed])),
  }

  const sent = service.requests.map(({ method, path, body }) => plain(`${method} ${path} ${body}`))
  for (const [name, value] of Object.entries(secrets)) {
    for (const spelling of spellings(value)) {
      expect(
        sent.some((request) => request.includes(spelling)),
        name,
      ).toBe(false)
    }
  }
  // The search finds what is there: the public key that stands beside these secrets.
  const known = spellings(vault.identity.public.ed25519)
  const payloads = service.requests.map(({ body }) => decodedPayloads(body)).join()
  expect(known.some((spelling) => plain(payloads).includes(spelling))).toBe(true)
  for (const [name, value] of Object.entries(secrets)) {
    for (const spelling of spellings(value)) {
      expect(plain(payloads).includes(spelling), name).toBe(false)
    }
  }
  // And all of it was looked at.
  expect(service.requests.map(({ path }) => path.replaceAll(/[0-9a-f]{32}/g, '…'))).toEqual([
    '/v1/claims/lookup',
    '/v1/claims/…',
    '/v1/claims/…/nonce',
    '/v1/claims/…/prove',
    '/v1/claims/…/email-code',
    '/v1/claims/…/email-code/check',
    '/v1/claims/…/person',
    '/v1/claims/…/bind',
    '/v1/sign-out',
    '/v1/sign-in/start',
    '/v1/sign-in',
    '/v1/vault',
    '/v1/deliveries?limit=100',
    '/v1/deliveries/…/cover',
    '/v1/deliveries/…/cover',
    '/v1/deliveries?limit=20',
    '/v1/deliveries/…/cover',
    '/v1/deliveries/…/collect',
    '/v1/deliveries/…/contents',
    '/v1/deliveries/…/receipt',
  ])
})

/** Whatever in a body is base64 of text: the signed payloads are. */
function decodedPayloads(body: string): string {
  const long = body.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? []
  return long.map((text) => Buffer.from(text, 'base64').toString('utf8')).join('\n')
}
