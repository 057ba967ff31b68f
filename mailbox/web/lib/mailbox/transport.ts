/**
 * One attempt at one request: bounded in time and size, nothing followed.
 *
 * Where to go is fixed when the transport is made. No answer can change it: redirects are
 * refused, and addresses in answers are not used, but for those of contents at the store
 * (`store.ts`), to which no cookie goes.
 */
import { type Bytes, joinBytes, utf8 } from '../bytes.ts'
import { BrokenAnswerError, UnavailableError } from '../exchange/port_errors.ts'
import { FormatError } from '../keys/errors.ts'
import { type Fields, readObject } from '../keys/fields.ts'
import { errorOf } from './problems.ts'

/** The part of the platform's `fetch` that is used. */
export type Fetch = (address: string, request: RequestInit) => Promise<Response>

// Covers, vaults and pages of deliveries are far smaller.
const MAX_ANSWER_BYTES = 8_388_608
const MAX_PROBLEM_BYTES = 65_536

// A mobile network may pause. What has been silent for longer won't come any more.
const SILENCE_MILLISECONDS = 60_000

export interface Question<Answer> {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly read: (fields: Fields) => Answer
  /** Written as JSON; absent in a GET. */
  readonly body?: Readonly<Record<string, unknown>>
}

/** The store does not take this address any more: collect again for another. */
export class AddressExpiredError extends UnavailableError {
  override name = 'AddressExpiredError'
}

/** What is heard while a range comes, and what ends it. */
export interface ReadingRange {
  readonly onBytes: (count: number) => void
  readonly signal?: AbortSignal
}

/** Requests to one service. The session is a cookie, which scripts can't see. */
export class Transport {
  readonly #base: URL
  readonly #fetch: Fetch
  readonly #silence: number

  /** `page` is the address that the page itself came from. */
  constructor({
    page,
    fetch = (address, request) => globalThis.fetch(address, request),
    silenceMilliseconds = SILENCE_MILLISECONDS,
  }: {
    page: string
    fetch?: Fetch
    silenceMilliseconds?: number
  }) {
    this.#base = new URL('/', page)
    this.#fetch = fetch
    this.#silence = silenceMilliseconds
  }

  /** Return what `read` makes of the answer's object; a PortError for anything else. */
  async ask<Answer>({ method, path, read, body }: Question<Answer>): Promise<Answer> {
    const answer = await this.#send(method, this.#address(path), {
      maxBytes: MAX_ANSWER_BYTES,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = decodeText(joinBytes(answer.parts))
    try {
      return readObject(JSON.parse(text), read)
    } catch (failure) {
      // Not chained: a SyntaxError quotes what it read.
      if (!(failure instanceof FormatError || failure instanceof SyntaxError)) throw failure
      throw new BrokenAnswerError('the answer is not one of the protocol')
    }
  }

  /** Send a request that is answered with success and nothing else. */
  async tell(method: 'POST', path: string): Promise<void> {
    await this.#send(method, this.#address(path), { maxBytes: 0 })
  }

  /**
   * Return the bytes `start` to `end` (without it) of what is at `path`.
   *
   * If the line breaks after some have come, these are returned. `onBytes` hears how many
   * came, as they come. Aborting `signal` breaks the line.
   */
  async fetchRange(
    path: string,
    range: { start: number; end: number },
    how: ReadingRange,
  ): Promise<Bytes> {
    return this.#range(this.#address(path), range, how)
  }

  /** Return a range of what is at an address of the store; else like `fetchRange`. */
  async fetchStoreRange(
    address: string,
    range: { start: number; end: number },
    how: ReadingRange,
  ): Promise<Bytes> {
    return this.#range(address, range, { ...how, atStore: true })
  }

  /** Return an address that sealed bytes may come from; BrokenAnswerError for any other. */
  checkStoreAddress(address: string): string {
    let url: URL
    try {
      url = new URL(address)
    } catch {
      throw new BrokenAnswerError('not an address at the store')
    }
    // A page without TLS comes from this machine, and so may its store.
    if (url.protocol !== 'https:' && url.protocol !== this.#base.protocol) {
      throw new BrokenAnswerError('not an address at the store')
    }
    return address
  }

  async #range(
    address: string,
    { start, end }: { start: number; end: number },
    how: ReadingRange & { readonly atStore?: boolean },
  ): Promise<Bytes> {
    const { parts, broken } = await this.#send('GET', address, {
      maxBytes: end - start,
      range: { start, end },
      ...how,
    })
    if (parts.length === 0 && broken !== null) throw broken
    return joinBytes(parts)
  }

  async #send(method: string, address: string, options: SendOptions): Promise<Received> {
    const abort = new AbortController()
    const watch = new SilenceWatch(this.#silence, abort)
    // Goes with this request: the caller's signal may live for a thousand of them.
    options.signal?.addEventListener('abort', () => abort.abort(), { signal: abort.signal })
    let response: Response
    try {
      response = await this.#fetch(address, {
        method,
        headers: headersOf(options),
        ...(options.body === undefined ? {} : { body: utf8(options.body) }),
        signal: abort.signal,
        credentials: options.atStore === true ? 'omit' : 'same-origin',
        // Not 'error', which could not be told from a line that broke.
        redirect: 'manual',
        cache: 'no-store',
        referrerPolicy: 'no-referrer',
      })
    } catch {
      watch.end()
      // The cause may quote the address, and says nothing that a person could use.
      throw new UnavailableError('the service can not be reached')
    }
    try {
      return await receive(response, options, watch)
    } finally {
      watch.end()
      // Whatever was not read shall not keep the line busy.
      abort.abort()
    }
  }

  #address(path: string): string {
    const url = new URL(path, this.#base)
    if (url.origin !== this.#base.origin) throw new BrokenAnswerError('not a path of this service')
    return url.href
  }
}

interface SendOptions {
  readonly maxBytes: number
  readonly body?: string
  readonly range?: { readonly start: number; readonly end: number }
  readonly onBytes?: (count: number) => void
  readonly signal?: AbortSignal
  readonly atStore?: boolean
}

interface Received {
  readonly parts: readonly Uint8Array[]
  /** Why there are not more, if the line broke. */
  readonly broken: UnavailableError | null
}

/** Aborts a request that has been silent for too long. */
class SilenceWatch {
  readonly #milliseconds: number
  readonly #abort: AbortController
  #timer: ReturnType<typeof setTimeout>

  constructor(milliseconds: number, abort: AbortController) {
    this.#milliseconds = milliseconds
    this.#abort = abort
    this.#timer = this.#start()
  }

  heard(): void {
    clearTimeout(this.#timer)
    this.#timer = this.#start()
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #start(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#abort.abort(), this.#milliseconds)
  }
}

function headersOf({ body, range }: SendOptions): Record<string, string> {
  return {
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
  }
}

async function receive(
  response: Response,
  options: SendOptions,
  watch: SilenceWatch,
): Promise<Received> {
  const { status } = response
  if (options.atStore === true && status === 403) {
    throw new AddressExpiredError('the address at the store has expired')
  }
  if (status >= 400) {
    const problem = await readBody(response, { maxBytes: MAX_PROBLEM_BYTES }, watch)
    const body = new TextDecoder().decode(joinBytes(problem.parts))
    throw errorOf({ status, body, retryAfterSeconds: retryAfter(response) })
  }
  const expected = options.range === undefined ? [200, 201, 202, 204] : [206]
  // An opaque redirect has status 0.
  if (!expected.includes(status) || !isRange(response, options)) {
    throw new BrokenAnswerError('the answer is not one of the protocol')
  }
  const received = await readBody(response, options, watch)
  if (received.broken !== null && options.range === undefined) throw received.broken
  return received
}

async function readBody(
  response: Response,
  { maxBytes, onBytes }: Pick<SendOptions, 'maxBytes' | 'onBytes'>,
  watch: SilenceWatch,
): Promise<Received> {
  const parts: Uint8Array[] = []
  if (response.body === null) return { parts, broken: null }
  const reader = response.body.getReader()
  let length = 0
  for (;;) {
    let part: ReadableStreamReadResult<Uint8Array>
    try {
      part = await reader.read()
    } catch {
      return { parts, broken: new UnavailableError('the line broke') }
    }
    if (part.done) return { parts, broken: null }
    watch.heard()
    length += part.value.length
    if (length > maxBytes) throw new BrokenAnswerError('the answer is longer than allowed')
    parts.push(part.value)
    onBytes?.(part.value.length)
  }
}

/** Bytes of another place would fail to open, and look like an attack. */
function isRange(response: Response, { range }: SendOptions): boolean {
  if (range === undefined) return true
  const header = response.headers.get('Content-Range') ?? ''
  return header.startsWith(`bytes ${range.start}-`)
}

function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new BrokenAnswerError('the answer is not text')
  }
}

function retryAfter(response: Response): number | undefined {
  const text = response.headers.get('Retry-After') ?? ''
  // The other form, a date, is not one that the service writes.
  return /^[0-9]{1,6}$/.test(text) ? Number(text) : undefined
}
