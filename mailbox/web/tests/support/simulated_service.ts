/**
 * The service as a patient's page meets it, in memory: a simulator at the height of `fetch`.
 *
 * It checks what the real one checks of a claim (login signature, gates in their order,
 * person check, binding) and keeps what it keeps. `trouble` breaks requests: not applied
 * ('before') or applied and then not answered ('after'). The real service meets the same
 * client in tests/exchange/test_cross_language.py.
 */
import { equalBytes } from '../../lib/bytes.ts'
import { verifyEd25519 } from '../../lib/crypto/ed25519.ts'
import { randomBytes } from '../../lib/crypto/random.ts'
import { sha256Sync } from '../../lib/crypto/sha256.ts'
import { randomHex } from '../../lib/exchange/ids.ts'
import { type Envelope, parseEnvelope } from '../../lib/keys/dsse.ts'
import { type LoginPurpose, loginSignedBytes } from '../../lib/keys/login.ts'
import { type PublicIdentity, parsePublic } from '../../lib/keys/public.ts'
import { BINDING, VerifiedBinding } from '../../lib/keys/statements/binding.ts'
import { verifyClosing } from '../../lib/keys/statements/closing.ts'
import { INVITATION } from '../../lib/keys/statements/invitation.ts'
import { encodeBase64, encodeHex, readBase64 } from '../../lib/keys/values.ts'
import type { Fetch } from '../../lib/mailbox/transport.ts'
import { type Deposit, type Letter, NOW, ORIGIN, PERSON, type Practice } from './world.ts'

export const LETTER_NUMBER = '1234567897'
export const EMAIL_CODE = '123456'
export const PAGE = 'https://souspli.localhost/'

/** What a closing is answered with. */
export const CLOSED = { closed_at: NOW, backups_until: NOW + 35 * 86_400 }

type Json = Record<string, unknown>

export interface Recorded {
  readonly method: string
  readonly path: string
  readonly body: string
}

interface Delivery {
  readonly deliveryId: string
  readonly deposit: Deposit
  readonly storedAt: number
  cover: Uint8Array
  state: string
  receipt: Json | null
  handedOut: boolean
  /** What the service shows as the withdrawal, if it shows one. */
  withdrawal: Envelope | null
}

/** What goes wrong with one request, and then no more. */
export interface Trouble {
  readonly path: RegExp
  readonly when: 'before' | 'after'
  /** Answer with this instead of breaking the line. */
  readonly answer?: () => Response
}

class Problem extends Error {
  readonly status: number
  readonly problem: string
  readonly more: Json

  constructor(status: number, problem: string, more: Json = {}) {
    super(problem)
    this.status = status
    this.problem = problem
    this.more = more
  }
}

export class SimulatedService {
  readonly requests: Recorded[] = []
  readonly deliveries: Delivery[] = []
  readonly troubles: Trouble[] = []
  /** Account numbers that are given already. */
  readonly taken = new Set<string>()
  /** How many bytes of contents come before the line breaks; then it is whole again. */
  breakContentsAfter: number[] = []
  signedIn = false
  account: Json | null = null
  binding: Json | null = null
  closing: Envelope | null = null
  readonly #practice: Practice
  readonly #letter: Letter
  #gates = 0
  #nonce = new Uint8Array(32)

  constructor(practice: Practice, letter: Letter) {
    this.#practice = practice
    this.#letter = letter
  }

  readonly fetch: Fetch = async (address, request) => {
    const url = new URL(address)
    const body = new TextDecoder().decode((request.body ?? new Uint8Array(0)) as Uint8Array)
    const headers = new Headers(request.headers)
    const method = request.method ?? 'GET'
    this.requests.push({ method, path: url.pathname + url.search, body })
    const trouble = this.#takeTrouble(url.pathname)
    if (trouble?.when === 'before') return broken(trouble)
    const answer = this.#answer(method, url, { body, headers })
    return trouble === undefined ? answer : broken(trouble)
  }

  /** Take a deposit in for the account or the claim. */
  store(deposit: Deposit, { storedAt = NOW }: { storedAt?: number } = {}): Delivery {
    const { cover } = deposit
    const delivery: Delivery = {
      deliveryId: randomHex(),
      deposit,
      storedAt,
      cover,
      state: 'stored',
      receipt: null,
      handedOut: false,
      withdrawal: null,
    }
    this.deliveries.unshift(delivery)
    return delivery
  }

  #takeTrouble(path: string): Trouble | undefined {
    const index = this.troubles.findIndex((trouble) => trouble.path.test(path))
    return index < 0 ? undefined : this.troubles.splice(index, 1)[0]
  }

  #answer(
    method: string,
    url: URL,
    { body, headers }: { body: string; headers: Headers },
  ): Response {
    try {
      const contents = /^\/v1\/deliveries\/([0-9a-f]{32})\/contents$/.exec(url.pathname)
      if (contents !== null) return this.#contents(contents[1] ?? '', headers.get('Range') ?? '')
      const found = this.#json(`${method} ${url.pathname}`, {
        body: body === '' ? {} : (JSON.parse(body) as Json),
        query: url.searchParams,
      })
      return found === null ? new Response(null, { status: 204 }) : Response.json(found)
    } catch (failure) {
      if (!(failure instanceof Problem)) throw failure
      const type = `urn:souspli:problem:${failure.problem}`
      const details = { type, title: '', status: failure.status, detail: '', ...failure.more }
      return Response.json(details, { status: failure.status })
    }
  }

  #json(route: string, { body, query }: { body: Json; query: URLSearchParams }): Json | null {
    const claim = `/v1/claims/${this.#letter.invitationId}`
    switch (route) {
      case 'POST /v1/claims/lookup':
        return this.#lookUp(body)
      case `GET ${claim}`:
        return this.#record()
      case `POST ${claim}/nonce`:
        return this.#newNonce()
      case `POST ${claim}/prove`:
        return this.#prove(body)
      case `POST ${claim}/email-code`:
        this.#passed(1)
        return { masked_address: 'j…@o…fr', expires_at: NOW + 600, mails_left: 4 }
      case `POST ${claim}/email-code/check`:
        this.#passed(1)
        if (field(body, 'code') !== EMAIL_CODE)
          throw new Problem(403, 'code-wrong', { tries_left: 4 })
        this.#gates = 2
        return {}
      case `POST ${claim}/person`:
        return this.#checkPerson(body)
      case `POST ${claim}/bind`:
        return this.#bind(body)
      case 'POST /v1/sign-in/start':
        return { account_number: this.#accountNumber(body), ...this.#newNonce() }
      case 'POST /v1/sign-in':
        return this.#signIn(body)
      case 'POST /v1/closing':
        return this.#close(body)
      case 'GET /v1/vault':
        return this.#vault()
      case 'POST /v1/sign-out':
        this.signedIn = false
        return null
      case 'GET /v1/deliveries':
        return this.#list(query)
      default:
        return this.#delivery(route, body)
    }
  }

  #lookUp(body: Json): Json {
    if (field(body, 'letter_number') !== LETTER_NUMBER) throw new Problem(404, 'letter-not-valid')
    return {
      invitation_id: this.#letter.invitationId,
      organisation: this.#practice.root.public.fingerprint,
    }
  }

  #record(): Json {
    const { organisation, member } = this.#practice.statements
    const record = this.#letter.record.toJSON()
    return { record, organisation: organisation.toJSON(), member: member.toJSON(), log_proof: null }
  }

  #newNonce(): Json {
    this.#nonce = randomBytes(32)
    return { nonce: encodeBase64(this.#nonce), expires_at: NOW + 120 }
  }

  #prove(body: Json): Json {
    const { keys, invitationId } = this.#letter
    this.#checkSignature(body, 'claim', invitationId, keys.loginKey.publicKey)
    if (this.binding !== null) throw new Problem(409, 'invitation-used')
    this.#gates = 1
    return { masked_address: 'j…@o…fr', token: null }
  }

  #checkSignature(body: Json, purpose: LoginPurpose, subject: string, key: Uint8Array): void {
    const nonce = readBase64(String(field(body, 'nonce')))
    const challenge = { purpose, origin: ORIGIN, subject, loginPublicKey: key, nonce }
    const message = loginSignedBytes(challenge)
    try {
      if (!equalBytes(nonce, this.#nonce)) throw new Problem(401, 'signature-refused')
      const signature = readBase64(String(field(body, 'signature')))
      verifyEd25519({ publicKey: key, message, signature })
    } catch {
      throw new Problem(401, 'signature-refused')
    }
    this.#nonce = randomBytes(32)
  }

  #passed(gates: number): void {
    if (this.#gates < gates) throw new Problem(403, 'gate-not-passed')
  }

  #checkPerson(body: Json): Json {
    this.#passed(2)
    const check = encodeBase64(this.#letter.keys.personCheck(PERSON))
    if (field(body, 'person_check') !== check)
      throw new Problem(403, 'person-wrong', { tries_left: 4 })
    this.#gates = 3
    return {}
  }

  #bind(body: Json): Json {
    this.#passed(3)
    const account = field(body, 'account') as Json
    const binding = field(body, 'binding') as Json
    const isRepeat = JSON.stringify(binding) === JSON.stringify(this.binding)
    if (this.binding !== null && !isRepeat) throw new Problem(409, 'invitation-used')
    if (!isRepeat) {
      if (this.taken.has(String(field(account, 'account_number')))) {
        throw new Problem(409, 'account-number-taken')
      }
      VerifiedBinding.verify(
        {
          byClaim: parseEnvelope(field(binding, 'by_claim')),
          byIdentity: parseEnvelope(field(binding, 'by_identity')),
        },
        {
          record: INVITATION.parse(this.#letter.record.payload),
          recordHash: this.#letter.record.payloadHash,
        },
      )
      this.account = account
      this.binding = binding
    }
    this.signedIn = true
    return {
      account_number: field(this.account, 'account_number'),
      token: null,
      expires_at: NOW + 43_200,
    }
  }

  #accountNumber(body: Json): unknown {
    const asked = String(field(body, 'account'))
    return asked.includes('@') ? field(this.account, 'account_number') : asked
  }

  #unlocker(): Json {
    const [unlocker] = (field(this.account, 'unlockers') ?? []) as Json[]
    if (unlocker === undefined) throw new Problem(401, 'signature-refused')
    return unlocker
  }

  #signIn(body: Json): Json {
    const unlocker = this.#unlocker()
    const key = readBase64(String(field(body, 'login_public_key')))
    this.#checkSignature(body, 'sign-in', String(field(body, 'account_number')), key)
    const isKnown =
      field(body, 'account_number') === field(this.account, 'account_number') &&
      field(body, 'login_public_key') === field(unlocker, 'login_public_key')
    if (!isKnown) throw new Problem(401, 'signature-refused')
    this.signedIn = true
    return {
      account_number: field(body, 'account_number'),
      kind: 'patient',
      unlocker_id: field(unlocker, 'unlocker_id'),
      token: null,
      expires_at: NOW + 43_200,
    }
  }

  #close(body: Json): Json {
    const closing = parseEnvelope(field(body, 'closing'))
    if (this.closing?.payloadHash === closing.payloadHash) return CLOSED
    const key = readBase64(String(field(body, 'login_public_key')))
    this.#checkSignature(body, 'close', closing.payloadHash, key)
    const isKnown =
      field(body, 'account_number') === field(this.account, 'account_number') &&
      field(body, 'login_public_key') === field(this.#unlocker(), 'login_public_key')
    if (this.closing !== null || !isKnown) throw new Problem(401, 'signature-refused')
    const identity = this.#boundIdentity()
    verifyClosing(closing, { identity, origin: ORIGIN })
    this.closing = closing
    this.signedIn = false
    return CLOSED
  }

  #boundIdentity(): PublicIdentity {
    const binding = parseEnvelope(field(this.binding, 'by_identity'))
    return BINDING.parse(binding.payload).identity
  }

  #vault(): Json {
    this.#checkSignedIn()
    const { login_public_key: _, ...unlocker } = this.#unlocker()
    const { generation, sealed } = field(this.account, 'vault') as Json
    const account_number = field(this.account, 'account_number')
    return { account_number, generation, sealed, unlocker, saved_at: NOW }
  }

  #checkSignedIn(): void {
    if (!this.signedIn) throw new Problem(401, 'not-signed-in')
  }

  #list(query: URLSearchParams): Json {
    this.#checkSignedIn()
    const start = Number(query.get('after') ?? 0)
    const end = start + Number(query.get('limit'))
    return {
      deliveries: this.deliveries.slice(start, end).map((delivery) => ({
        delivery_id: delivery.deliveryId,
        document_id: delivery.deposit.documentId,
        state: delivery.state,
        sealed_length: saidLength(delivery),
        stored_at: delivery.storedAt,
        fetched_at: null,
        opened_at: null,
        cover_hash: hashOf(delivery.cover),
      })),
      next: end < this.deliveries.length ? String(end) : null,
    }
  }

  #find(deliveryId: string): Delivery {
    this.#checkSignedIn()
    const delivery = this.deliveries.find((candidate) => candidate.deliveryId === deliveryId)
    if (delivery === undefined) throw new Problem(404, 'not-found')
    return delivery
  }

  #delivery(route: string, body: Json): Json {
    const match = /^(\w+) \/v1\/deliveries\/([0-9a-f]{32})\/(\w+)$/.exec(route)
    const delivery = this.#find(match?.[2] ?? '')
    const { statements } = this.#practice
    const isTakenBack = delivery.state === 'withdrawn' && !delivery.handedOut
    if (isTakenBack && match?.[3] !== 'withdrawal') throw new Problem(410, 'withdrawn')
    switch (`${match?.[1]} ${match?.[3]}`) {
      case 'GET cover':
        return {
          cover: encodeBase64(delivery.cover),
          cover_hash: hashOf(delivery.cover),
          organisation: statements.organisation.toJSON(),
          member: statements.member.toJSON(),
        }
      case 'GET withdrawal':
        if (delivery.withdrawal === null) throw new Problem(404, 'not-found')
        return {
          withdrawal: delivery.withdrawal.toJSON(),
          organisation: statements.organisation.toJSON(),
          member: statements.member.toJSON(),
        }
      case 'PUT cover':
        return this.#replaceCover(delivery, body)
      case 'POST collect':
        delivery.handedOut = true
        if (delivery.state !== 'withdrawn') delivery.state = 'fetched'
        return { url: '/elsewhere', sealed_length: saidLength(delivery) }
      case 'PUT receipt':
        this.#checkReceipt(field(body, 'receipt') as Json)
        if (delivery.state !== 'withdrawn') delivery.state = 'opened'
        delivery.receipt ??= field(body, 'receipt') as Json
        return { state: 'opened' }
      default:
        throw new Problem(404, 'not-found')
    }
  }

  #replaceCover(delivery: Delivery, body: Json): Json {
    const cover = readBase64(String(field(body, 'cover')))
    const isRepeat = hashOf(cover) === hashOf(delivery.cover)
    if (!isRepeat && field(body, 'replaces') !== hashOf(delivery.cover)) {
      throw new Problem(409, 'cover-changed')
    }
    delivery.cover = cover
    return { cover_hash: hashOf(cover) }
  }

  #checkReceipt(receipt: Json): void {
    const binding = parseEnvelope(field(this.binding, 'by_claim'))
    const { identity } = JSON.parse(new TextDecoder().decode(binding.payload)) as { identity: Json }
    const { reader } = JSON.parse(new TextDecoder().decode(parseEnvelope(receipt).payload)) as {
      reader: string
    }
    if (reader !== parsePublic(identity).fingerprint) throw new Problem(422, 'statement-refused')
  }

  #contents(deliveryId: string, range: string): Response {
    const { contents } = this.#find(deliveryId).deposit
    const match = /^bytes=([0-9]+)-([0-9]+)$/.exec(range)
    const start = Number(match?.[1])
    const end = Math.min(Number(match?.[2]) + 1, contents.length)
    if (start >= contents.length) throw new Problem(416, 'range-not-satisfiable')
    const headers = { 'Content-Range': `bytes ${start}-${end - 1}/${contents.length}` }
    const body = pieces(contents.subarray(start, end), this.breakContentsAfter.shift())
    return new Response(body, { status: 206, headers })
  }
}

/** Stream bytes in pieces; the line breaks after `breakAfter` of them. */
function saidLength({ deposit }: Delivery): number {
  return deposit.saidLength ?? deposit.contents.length
}

function pieces(bytes: Uint8Array, breakAfter: number | undefined): ReadableStream<Uint8Array> {
  let position = 0
  const stop = Math.min(breakAfter ?? bytes.length, bytes.length)
  return new ReadableStream({
    pull(controller) {
      if (position < stop) {
        const end = Math.min(position + 65_536, stop)
        controller.enqueue(bytes.slice(position, end))
        position = end
      } else if (stop < bytes.length) controller.error(new TypeError('the line broke'))
      else controller.close()
    },
  })
}

function broken(trouble: Trouble): Response {
  if (trouble.answer !== undefined) return trouble.answer()
  throw new TypeError('Failed to fetch')
}

function field(value: Json | null, name: string): unknown {
  return value?.[name]
}

function hashOf(cover: Uint8Array): string {
  return encodeHex(sha256Sync(cover))
}
