import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BrokenAnswerError, UnavailableError } from '../../lib/exchange/port_errors.ts'
import { MailboxClient } from '../../lib/mailbox/client.ts'
import { type Fetch, Transport } from '../../lib/mailbox/transport.ts'

const DELIVERY = '0'.repeat(32)
const CONTENTS = '0123456789'
const RANGE = { start: 2, end: 6 }

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** One server that is service and store, and what each was asked. */
let asked: { path: string; cookie: string | undefined; range: string | undefined }[] = []
let store: Answer
let address: string | undefined
let page: string
const server = createServer((request, response) => {
  const path = request.url ?? ''
  asked.push({ path, cookie: request.headers.cookie, range: request.headers.range })
  if (path.startsWith('/store/')) return store(request, response)
  if (path.endsWith('/contents')) return range(request, response)
  const url = address ?? `${page}store/documents/x?signed=${asked.length}`
  response.end(JSON.stringify({ url, sealed_length: 10, expires_at: 5 }))
})

const range: Answer = (_request, response) => {
  response.writeHead(206, { 'Content-Range': `bytes 2-5/10` }).end(CONTENTS.slice(2, 6))
}

function status(code: number, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(code, headers).end('<Error/>')
  }
}

beforeEach(async () => {
  asked = []
  store = range
  address = undefined
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

function client(fetch?: Fetch): MailboxClient {
  return new MailboxClient(new Transport(fetch === undefined ? { page } : { page, fetch }))
}

async function read(from: MailboxClient): Promise<string> {
  const how = { onBytes: () => {}, signal: new AbortController().signal }
  return new TextDecoder().decode(await from.readContents(DELIVERY, RANGE, how))
}

const paths = () => asked.map(({ path }) => path.replace(/^\/v1\/deliveries\/0+/, ''))

describe('contents at the store', () => {
  test('are read there, by range', async () => {
    const reader = client()
    expect(await reader.collect(DELIVERY)).toBe(10)
    expect(await read(reader)).toBe('2345')
    expect(paths()).toEqual(['/collect', '/store/documents/x?signed=1'])
    expect(asked[1]?.range).toBe('bytes=2-5')
  })

  test('are read without credentials', async () => {
    const sent: (RequestInit | undefined)[] = []
    const reader = client((url, request) => {
      sent.push(request)
      return fetch(url, request)
    })
    await reader.collect(DELIVERY)
    await read(reader)
    expect(sent.map((request) => request?.credentials)).toEqual(['same-origin', 'omit'])
    expect(sent[1]?.redirect).toBe('manual')
    expect(sent[1]?.referrerPolicy).toBe('no-referrer')
  })

  test('are read at another address once one has expired', async () => {
    const reader = client()
    await reader.collect(DELIVERY)
    store = (request, response) =>
      (request.url?.endsWith('=1') ? status(403) : range)(request, response)
    expect(await read(reader)).toBe('2345')
    expect(paths().slice(1)).toEqual([
      '/store/documents/x?signed=1',
      '/collect',
      '/store/documents/x?signed=3',
    ])
  })

  test.each<[string, Answer]>([
    ['is down', status(503)],
    ['has lost them', status(404)],
    ['refuses every address', status(403)],
    ['redirects', status(302, { Location: '/elsewhere' })],
    ['ignores the range', (_request, response) => response.end(CONTENTS)],
    ['does not say which range', (_request, response) => response.writeHead(206).end('2345')],
    ['breaks the line', (request) => request.socket.destroy()],
  ])('are read at the service when the store %s', async (_what, answer) => {
    const reader = client()
    await reader.collect(DELIVERY)
    store = answer
    await expect(read(reader)).rejects.toBeInstanceOf(UnavailableError)
    expect(await read(reader)).toBe('2345')
    expect(paths().at(-1)).toBe('/contents')
    expect(asked.every(({ path }) => !path.startsWith('/elsewhere'))).toBe(true)
  })

  test.each(['file:///etc/passwd', 'ftp://store.example/x', 'javascript:0', '/path', ''])(
    'are not looked for at %s',
    async (elsewhere) => {
      address = elsewhere
      await expect(client().collect(DELIVERY)).rejects.toBeInstanceOf(BrokenAnswerError)
    },
  )

  test('of a page with TLS are not read without it', async () => {
    const answer = { url: 'http://store.example/x', sealed_length: 10, expires_at: 5 }
    const fetch = () => Promise.resolve(new Response(JSON.stringify(answer)))
    const reader = new MailboxClient(new Transport({ page: 'https://souspli.example/', fetch }))
    await expect(reader.collect(DELIVERY)).rejects.toBeInstanceOf(BrokenAnswerError)
  })
})
