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
import { type Envelope, parseEnvelope } from '../../lib/keys/dsse.ts'
import { type LoginPurpose, loginSignedBytes } from '../../lib/keys/login.ts'
import type { PublicIdentity } from '../../lib/keys/public.ts'
import { BINDING, VerifiedBinding } from '../../lib/keys/statements/binding.ts'
import { verifyClosing } from '../../lib/keys/statements/closing.ts'
import { INVITATION } from '../../lib/keys/statements/invitation.ts'
import { encodeBase64, readBase64 } from '../../lib/keys/values.ts'
import type { Fetch } from '../../lib/mailbox/transport.ts'
import { field, type Json, Problem, SimulatedDeliveries } from './simulated_deliveries.ts'
import { type Letter, NOW, ORIGIN, PERSON, type Practice } from './world.ts'

export const LETTER_NUMBER = '1234567897'
export const EMAIL_CODE = '123456'
export const PAGE = 'https://souspli.localhost/'

/** What a closing is answered with. */
export const CLOSED = { closed_at: NOW, backups_until: NOW + 35 * 86_400 }

export interface Recorded {
  readonly method: string
  readonly path: string
  readonly body: string
}

/** What goes wrong with one request, and then no more. */
export interface Trouble {
  readonly path: RegExp
  readonly when: 'before' | 'after'
  /** Answer with this instead of breaking the line. */
  readonly answer?: () => Response
}

export class SimulatedService extends SimulatedDeliveries {
  readonly requests: Recorded[] = []
  readonly troubles: Trouble[] = []
  /** Account numbers that are given already. */
  readonly taken = new Set<string>()
  account: Json | null = null
  closing: Envelope | null = null
  readonly #letter: Letter
  #gates = 0
  #nonce = new Uint8Array(32)

  constructor(practice: Practice, letter: Letter) {
    super(practice)
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
      if (contents !== null) return this.contents(contents[1] ?? '', headers.get('Range') ?? '')
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
        return this.list(query)
      default:
        return this.delivery(route, body)
    }
  }

  #lookUp(body: Json): Json {
    if (field(body, 'letter_number') !== LETTER_NUMBER) throw new Problem(404, 'letter-not-valid')
    return {
      invitation_id: this.#letter.invitationId,
      organisation: this.practice.root.public.fingerprint,
    }
  }

  #record(): Json {
    const { organisation, member } = this.practice.statements
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
    this.checkSignedIn()
    const { login_public_key: _, ...unlocker } = this.#unlocker()
    const { generation, sealed } = field(this.account, 'vault') as Json
    const account_number = field(this.account, 'account_number')
    return { account_number, generation, sealed, unlocker, saved_at: NOW }
  }
}

function broken(trouble: Trouble): Response {
  if (trouble.answer !== undefined) return trouble.answer()
  throw new TypeError('Failed to fetch')
}
