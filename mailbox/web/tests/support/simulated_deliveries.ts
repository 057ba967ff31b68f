/**
 * What the service keeps of an account's deliveries, in memory: the simulator's other half.
 *
 * Lists, covers, contents in ranges, receipts and withdrawals, to who has signed in.
 */
import { sha256Sync } from '../../lib/crypto/sha256.ts'
import { randomHex } from '../../lib/exchange/ids.ts'
import { type Envelope, parseEnvelope } from '../../lib/keys/dsse.ts'
import { parsePublic } from '../../lib/keys/public.ts'
import { encodeBase64, encodeHex, readBase64 } from '../../lib/keys/values.ts'
import { type Deposit, NOW, type Practice } from './world.ts'

export type Json = Record<string, unknown>

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

export class Problem extends Error {
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

export class SimulatedDeliveries {
  readonly deliveries: Delivery[] = []
  /** How many bytes of contents come before the line breaks; then it is whole again. */
  breakContentsAfter: number[] = []
  signedIn = false
  binding: Json | null = null
  protected readonly practice: Practice

  constructor(practice: Practice) {
    this.practice = practice
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

  protected checkSignedIn(): void {
    if (!this.signedIn) throw new Problem(401, 'not-signed-in')
  }

  protected list(query: URLSearchParams): Json {
    this.checkSignedIn()
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
    this.checkSignedIn()
    const delivery = this.deliveries.find((candidate) => candidate.deliveryId === deliveryId)
    if (delivery === undefined) throw new Problem(404, 'not-found')
    return delivery
  }

  protected delivery(route: string, body: Json): Json {
    const match = /^(\w+) \/v1\/deliveries\/([0-9a-f]{32})\/(\w+)$/.exec(route)
    const delivery = this.#find(match?.[2] ?? '')
    const { statements } = this.practice
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

  protected contents(deliveryId: string, range: string): Response {
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

export function field(value: Json | null, name: string): unknown {
  return value?.[name]
}

function saidLength({ deposit }: Delivery): number {
  return deposit.saidLength ?? deposit.contents.length
}

/** Stream bytes in pieces; the line breaks after `breakAfter` of them. */
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

function hashOf(cover: Uint8Array): string {
  return encodeHex(sha256Sync(cover))
}
