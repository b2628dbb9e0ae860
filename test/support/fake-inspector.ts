import { readFile } from 'node:fs/promises'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import type {
  ConnectionSummary,
  ExchangeSummary,
  InspectorEvents,
  MessagePage,
  ProblemBody,
  ReplayRequest,
  ReplayResult,
  SuiteRun,
  SuiteSummary,
} from '../../src/inspector/contract.js'
import { ensureBuilt } from './build.js'
import { fakeExchange, fakeStatus, type ExchangeSpec, type FakeExchange } from './inspector-fixtures.js'
import { listen, ROOT, type Owner } from './places.js'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `garbage`: 200 and HTML. */
export type Mood = 'good' | 'failing' | 'garbage'

/** The inspector's pages over an API whose answers a test writes. */
export class FakeInspector {
  mood: Mood = 'good'
  status = fakeStatus()
  connections: ConnectionSummary[] = []
  readonly exchanges: FakeExchange[] = []
  /** Answers a replay; without one there is no such exchange. */
  replay: ((of: FakeExchange, request: ReplayRequest) => ReplayResult) | null = null
  /** What replays asked for. */
  readonly replays: { readonly id: string; readonly request: ReplayRequest }[] = []
  readonly suites = new Map<string, { readonly summary: SuiteSummary; readonly ids: readonly string[] }>()
  run: ((name: string) => SuiteRun) | null = null
  /** Paths and queries of what was asked. */
  readonly asked: string[] = []
  url = ''
  #port = 0
  #server: http.Server | null = null
  readonly #readers = new Set<ServerResponse>()

  static async start(t: Owner): Promise<FakeInspector> {
    await ensureBuilt()
    const fake = new FakeInspector()
    await fake.up()
    t.teardown(() => fake.down())
    return fake
  }

  /** Listens, on the same port as before. */
  async up(): Promise<void> {
    const server = http.createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error))
    })
    this.#server = server
    this.#port = await listen(server, this.#port)
    this.url = `http://127.0.0.1:${this.#port}/`
  }

  /** Breaks every connection, and takes no more. */
  async down(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server === null) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
    this.#readers.clear()
  }

  /** How often somebody began to listen to events. */
  listened = 0

  /** Breaks the streams of events only. */
  dropReaders(): void {
    for (const reader of this.#readers) reader.destroy()
  }

  add(spec: ExchangeSpec): FakeExchange {
    const exchange = fakeExchange(this.exchanges.length + 1, spec)
    this.exchanges.push(exchange)
    this.send('exchange', [exchange.summary])
    return exchange
  }

  /** The same exchange as it is later. */
  change(before: FakeExchange, spec: ExchangeSpec): FakeExchange {
    const at = this.exchanges.indexOf(before)
    const after = fakeExchange(at + 1, spec)
    this.exchanges[at] = after
    this.send('exchange', [after.summary])
    return after
  }

  send<Name extends keyof InspectorEvents>(name: Name, data: InspectorEvents[Name]): void {
    this.sendRaw(name, JSON.stringify(data))
  }

  sendRaw(name: string, data: string): void {
    for (const reader of this.#readers) reader.write(`event: ${name}\ndata: ${data}\n\n`)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url)
    if (!url.pathname.startsWith('/api/inspect/')) {
      await servePage(url.pathname, response)
      return
    }
    this.asked.push(`${request.method} ${url.pathname}${url.search}`)
    if (this.mood === 'failing') {
      sendProblem(response, 500, 'UR_INTERNAL', 'The inspector failed while it answered.')
    } else if (this.mood === 'garbage') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to the wrong server</h1>')
    } else {
      const body = await bodyOf(request)
      this.#route(request.method ?? '', url, body, response)
    }
  }

  #route(method: string, url: URL, body: string, response: ServerResponse): void {
    const [, , , first = '', second = '', third = ''] = url.pathname.split('/').map(decodeURIComponent)
    const exchange = this.exchanges.find(({ summary }) => summary.id === second)
    switch (`${method} ${first}`) {
      case 'GET events':
        response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
        response.write('retry: 200\n\n')
        this.#readers.add(response)
        this.listened++
        response.on('close', () => this.#readers.delete(response))
        return
      case 'GET status':
        sendJson(response, this.status)
        return
      case 'GET connections':
        sendJson(response, { connections: this.connections })
        return
      case 'GET exchanges.har':
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-disposition': 'attachment; filename="uniroute.har"',
        })
        response.end(
          JSON.stringify({ log: { version: '1.2', entries: this.#matching(url).map(({ id }) => ({ _id: id })) } }),
        )
        return
      case 'DELETE exchanges':
        this.exchanges.length = 0
        response.writeHead(204).end()
        this.send('cleared', {})
        return
      case 'POST reveal':
        sendJson(response, { value: `secret of ${(JSON.parse(body) as { secret: string }).secret}` })
        return
      case 'GET exchanges':
        if (second === '') this.#sendList(url, response)
        else if (exchange === undefined)
          sendProblem(response, 404, 'UR_INSPECT_UNKNOWN', 'There is no such request (any more).')
        else sendExchange(exchange, third, url, response)
        return
      case 'POST exchanges':
        if (exchange === undefined || this.replay === null)
          sendProblem(response, 404, 'UR_INSPECT_UNKNOWN', 'There is no such request (any more).')
        else {
          const asked = JSON.parse(body) as ReplayRequest
          this.replays.push({ id: second, request: asked })
          sendJson(response, this.replay(exchange, asked))
        }
        return
      default:
        this.#routeSuites(method, second, third, body, response)
    }
  }

  #routeSuites(method: string, name: string, action: string, body: string, response: ServerResponse): void {
    if (method === 'GET' && name === '')
      sendJson(response, { suites: [...this.suites.values()].map(({ summary }) => summary) })
    else if (method === 'PUT') {
      const { exchanges: ids } = JSON.parse(body) as { exchanges: string[] }
      this.suites.set(name, { ids, summary: { name, requests: ids.length, savedAt: '2026-11-29T10:40:00.000Z' } })
      response.writeHead(204).end()
    } else if (method === 'DELETE') {
      this.suites.delete(name)
      response.writeHead(204).end()
    } else if (action === 'run' && this.run !== null) sendJson(response, this.run(name))
    else sendProblem(response, 404, 'UR_INSPECT_UNKNOWN', 'There is no such suite.')
  }

  #sendList(url: URL, response: ServerResponse): void {
    const limit = Number(url.searchParams.get('limit') ?? 100)
    const all = this.#matching(url)
    const page = all.slice(0, limit)
    sendJson(response, { exchanges: page, next: all.length > limit ? page.at(-1)?.id : null })
  }

  /** Newest first; of the filters as many as the tests use. */
  #matching(url: URL): ExchangeSummary[] {
    const query = url.searchParams
    const [ids, before, words] = [
      query.getAll('id'),
      query.get('before'),
      (query.get('q') ?? '').toLowerCase().split(' '),
    ]
    const [status, method, place] = [query.get('status'), query.get('method'), query.get('path') ?? '']
    return this.exchanges
      .filter(({ summary, request, response }) => {
        const text =
          `${summary.method} ${summary.target} ${String(request.body)} ${String(response?.body)}`.toLowerCase()
        return (
          words.every((word) => text.includes(word)) &&
          summary.target.includes(place) &&
          (ids.length === 0 || ids.includes(summary.id)) &&
          (before === null || summary.id < before) &&
          (status === null || `${String(summary.status).charAt(0)}xx` === status) &&
          (method === null || summary.method === method)
        )
      })
      .map(({ summary }) => summary)
      .reverse()
  }
}

function sendExchange(
  { summary, request, response: answer, messages }: FakeExchange,
  third: string,
  url: URL,
  response: ServerResponse,
): void {
  if (third === '') {
    const part = ({ fields, trailers, info }: NonNullable<typeof answer>) => ({ fields, trailers, body: info })
    sendJson(response, { ...summary, request: part(request), response: answer === null ? null : part(answer) })
  } else if (third === 'messages') {
    const [after, limit] = [Number(url.searchParams.get('after')), Number(url.searchParams.get('limit'))]
    const rest = messages.filter(({ number }) => number > after)
    const page: MessagePage = {
      messages: rest.slice(0, limit),
      total: messages.length,
      next: rest.length > limit ? after + limit : null,
    }
    sendJson(response, page)
  } else if (third === 'copy') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end(`${url.searchParams.get('as')} of ${summary.id}`)
  } else {
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    response.end(third === 'request' ? request.body : answer?.body)
  }
}

async function servePage(pathname: string, response: ServerResponse): Promise<void> {
  const file = path.join(ROOT, 'dist/ui', path.normalize(pathname === '/' ? '/index.html' : pathname))
  const bytes = await readFile(file).catch(() => null)
  if (bytes === null) response.writeHead(404).end()
  else
    response
      .writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'text/plain', 'content-security-policy': POLICY })
      .end(bytes)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function sendJson(response: ServerResponse, value: unknown): void {
  response
    .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify(value))
}

function sendProblem(response: ServerResponse, status: number, code: string, detail: string): void {
  const problem: ProblemBody = { type: 'about:blank', title: code, status, detail, code }
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
}
