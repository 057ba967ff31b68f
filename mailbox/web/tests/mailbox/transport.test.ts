import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import {
  BrokenAnswerError,
  CodeWrongError,
  CoverChangedError,
  NotSignedInError,
  PortError,
  RequestRefusedError,
  StorageFullError,
  ThrottledError,
  UnavailableError,
} from '../../lib/exchange/port_errors.ts'
import { RetryPolicy } from '../../lib/exchange/retry.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { errorOf } from '../../lib/mailbox/problems.ts'
import { Transport } from '../../lib/mailbox/transport.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** Start a real server on this machine, and return its address. */
async function serve(answer: RequestListener): Promise<string> {
  const started = createServer(answer)
  server = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/`
}

function ask(page: string, options: { silenceMilliseconds?: number } = {}): Promise<string> {
  const transport = new Transport({ page, ...options })
  return transport.ask({
    method: 'POST',
    path: '/v1/thing',
    body: { question: 'é' },
    read: (fields) => fields.text('answer', { most: 10 }),
  })
}

function json(body: string, status = 200, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(body)
  }
}

describe('a request', () => {
  test('sends JSON and reads JSON', async () => {
    let sent = ''
    const page = await serve((request, response) => {
      request.on('data', (part: Buffer) => {
        sent += part.toString()
      })
      request.on('end', () => {
        expect(request.headers['content-type']).toBe('application/json')
        json('{"answer":"yes"}')(request, response)
      })
    })
    expect(await ask(page)).toBe('yes')
    expect(sent).toBe('{"question":"é"}')
  })

  test.each([
    ['an unknown field', '{"answer":"yes","more":1}'],
    ['a missing field', '{}'],
    ['another type', '{"answer":1}'],
    ['no object', '[]'],
    ['no JSON', '<html>'],
    ['nothing', ''],
    ['a prototype', '{"__proto__":{"answer":"yes"}}'],
  ])('answered with %s is broken', async (_what, body) => {
    await expect(ask(await serve(json(body)))).rejects.toBeInstanceOf(BrokenAnswerError)
  })

  test('answered with bytes that are not UTF-8 is broken', async () => {
    const page = await serve((_request, response) => {
      response.end(Buffer.from([0x7b, 0xff, 0x7d]))
    })
    await expect(ask(page)).rejects.toBeInstanceOf(BrokenAnswerError)
  })

  test('follows no redirect, not even on the same origin', async () => {
    const asked: (string | undefined)[] = []
    const page = await serve((request, response) => {
      asked.push(request.url)
      response.writeHead(307, { Location: '/v1/other' }).end()
    })
    await expect(ask(page)).rejects.toBeInstanceOf(BrokenAnswerError)
    expect(asked).toEqual(['/v1/thing'])
  })

  test('ends when the answer is longer than any there is', async () => {
    const page = await serve((_request, response) => {
      const part = Buffer.alloc(1_048_576, 0x20)
      for (let count = 0; count < 9; count += 1) response.write(part)
      response.end('{"answer":"yes"}')
    })
    await expect(ask(page)).rejects.toBeInstanceOf(BrokenAnswerError)
  })

  test('is given up when the service is silent', async () => {
    const page = await serve(() => {})
    const asking = ask(page, { silenceMilliseconds: 50 })
    await expect(asking).rejects.toBeInstanceOf(UnavailableError)
  })

  test('is given up when the service falls silent in the middle', async () => {
    const page = await serve((_request, response) => {
      response.write('{"answer":')
    })
    const asking = ask(page, { silenceMilliseconds: 50 })
    await expect(asking).rejects.toBeInstanceOf(UnavailableError)
  })

  test('to a service that is not there may be repeated', async () => {
    const page = await serve(() => {})
    server?.close()
    const failure = await ask(page).catch((thrown: unknown) => thrown)
    expect(failure).toBeInstanceOf(UnavailableError)
    expect(failure).toMatchObject({ temporary: true })
    expect(failure).not.toHaveProperty('cause')
    expect(String(failure)).not.toContain('127.0.0.1')
  })

  test('goes nowhere but to the page, whatever its path says', async () => {
    const transport = new Transport({
      page: 'https://souspli.localhost/',
      fetch: async () => Response.json({}),
    })
    const asking = transport.ask({ method: 'GET', path: '//elsewhere.example/', read: () => 1 })
    await expect(asking).rejects.toBeInstanceOf(BrokenAnswerError)
  })

  test('asks the browser for its cookie, and for no cache and no referrer', async () => {
    let sent: RequestInit | undefined
    const transport = new Transport({
      page: 'https://souspli.localhost/',
      fetch: async (_address, request) => {
        sent = request
        return Response.json({})
      },
    })
    await transport.ask({ method: 'GET', path: '/v1/vault', read: () => null })
    expect(sent).toMatchObject({
      method: 'GET',
      headers: {},
      credentials: 'same-origin',
      redirect: 'manual',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
    })
  })

  test('names no path that an id could lead elsewhere', async () => {
    const transport = new Transport({ page: 'https://souspli.localhost/', fetch: fail })
    const client = new MailboxClient(transport)
    expect(() => client.deliveryCover('../../v1/vault')).toThrow()
    expect(() => client.claimRecord('x')).toThrow()
  })
})

describe('a range', () => {
  const bytes = Buffer.from('0123456789')

  function range(first: number, last: number, upTo = last): RequestListener {
    return (_request, response) => {
      const length = last + 1 - first
      response.writeHead(206, {
        'Content-Range': `bytes ${first}-${last}/10`,
        'Content-Length': length,
      })
      if (upTo === last) response.end(bytes.subarray(first, last + 1))
      // What was written is on its way before the line is cut.
      else
        response.write(bytes.subarray(first, upTo + 1), () =>
          setTimeout(() => response.destroy(), 20),
        )
    }
  }

  async function read(answer: RequestListener): Promise<{ text: string; heard: number }> {
    const transport = new Transport({ page: await serve(answer) })
    let heard = 0
    const found = await transport.fetchRange(
      '/contents',
      { start: 2, end: 6 },
      {
        onBytes: (count) => {
          heard += count
        },
      },
    )
    return { text: new TextDecoder().decode(found), heard }
  }

  test('is what was asked for', async () => {
    expect(await read(range(2, 5))).toEqual({ text: '2345', heard: 4 })
  })

  test('that breaks off gives what has come', async () => {
    expect(await read(range(2, 5, 3))).toEqual({ text: '23', heard: 2 })
  })

  test('that breaks off before its first byte is a broken line', async () => {
    const reading = read((_request, response) => {
      response.writeHead(206, { 'Content-Range': 'bytes 2-5/10', 'Content-Length': 4 })
      response.flushHeaders()
      setTimeout(() => response.destroy(), 20)
    })
    await expect(reading).rejects.toBeInstanceOf(UnavailableError)
  })

  test.each([
    ['another range', range(3, 6)],
    ['more than was asked for', range(2, 9)],
    ['all of it, without a range', json('0123456789')],
  ])('answered with %s is broken', async (_what, answer) => {
    await expect(read(answer)).rejects.toBeInstanceOf(BrokenAnswerError)
  })
})

describe('a problem', () => {
  function answered(problem: string, status: number, more: object = {}): PortError {
    const body = JSON.stringify({ type: `urn:souspli:problem:${problem}`, status, ...more })
    return errorOf({ status, body, retryAfterSeconds: undefined })
  }

  test('has a class of its own', () => {
    expect(answered('not-signed-in', 401)).toBeInstanceOf(NotSignedInError)
    expect(answered('cover-changed', 409)).toBeInstanceOf(CoverChangedError)
    expect(answered('storage-full', 507)).toBeInstanceOf(StorageFullError)
    expect(answered('code-wrong', 403, { tries_left: 3 })).toMatchObject({ triesLeft: 3 })
    expect(answered('code-wrong', 403, { tries_left: 'x' })).toMatchObject({ triesLeft: 0 })
    expect(answered('code-wrong', 403)).toBeInstanceOf(CodeWrongError)
  })

  test('of a name that the page has no class for says that the request was wrong', () => {
    const failure = answered('statement-refused', 422, { reason: 'chain' })
    expect(failure).toBeInstanceOf(RequestRefusedError)
    expect(failure).toMatchObject({ problem: 'statement-refused', temporary: false })
    expect(answered('constructor', 400)).toBeInstanceOf(RequestRefusedError)
  })

  test('says how long to wait', async () => {
    const body = '{"type":"urn:souspli:problem:too-many-tries"}'
    const page = await serve(json(body, 429, { 'Retry-After': '60' }))
    const failure = await ask(page).catch((thrown: unknown) => thrown)
    expect(failure).toBeInstanceOf(ThrottledError)
    expect(failure).toMatchObject({ retryAfterSeconds: 60 })
  })

  test.each([
    [502, UnavailableError],
    [429, UnavailableError],
    [404, BrokenAnswerError],
  ])('that is none comes from between here and the service: %i', (status, kind) => {
    const body = '<html>nginx</html>'
    expect(errorOf({ status, body, retryAfterSeconds: undefined })).toBeInstanceOf(kind)
  })

  test('never repeats the words of the answer, which could be anybody’s', () => {
    expect(String(answered('not-allowed', 403, { detail: 'Martin' }))).not.toContain('Martin')
  })
})

describe('repeating', () => {
  const waits: number[] = []
  const retry = new RetryPolicy({
    sleep: async (seconds) => {
      waits.push(seconds)
    },
  })

  async function tries(failure: Error): Promise<number> {
    let count = 0
    waits.length = 0
    const repeating = retry.repeat(async () => {
      count += 1
      throw failure
    })
    await expect(repeating).rejects.toBe(failure)
    return count
  }

  test('goes on for a while with what is temporary, ever more slowly', async () => {
    expect(await tries(new UnavailableError('x'))).toBe(4)
    expect(waits).toHaveLength(3)
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeGreaterThan(0.74 * 2 ** index)
      expect(wait).toBeLessThanOrEqual(2 ** index)
    }
  })

  test.each([
    ['what is wrong', new PortError('x')],
    ['a full store', new StorageFullError('x')],
    ['a wait that the service named', new UnavailableError('x', { retryAfterSeconds: 60 })],
    ['too many tries', new ThrottledError('x')],
    ['an error of our own', new TypeError('x')],
  ])('does not begin for %s', async (_what, failure) => {
    expect(await tries(failure)).toBe(1)
  })
})

async function fail(): Promise<never> {
  throw new Error('nothing is to be sent')
}
