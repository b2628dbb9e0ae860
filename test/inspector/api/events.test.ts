import http, { type IncomingMessage } from 'node:http'
import net from 'node:net'
import t from 'tap'
import * as schemas from '../../../src/inspector/api/schemas.js'
import type { ExchangeSummary } from '../../../src/inspector/contract.js'
import { within } from '../../support/hang.js'
import { InspectorApi } from './support.js'

interface Event {
  readonly name: string
  readonly data: unknown
  readonly at: number
}

/** Reads events as they come. */
class Source {
  readonly events: Event[] = []
  readonly response: IncomingMessage
  #wake: () => void = () => undefined

  private constructor(response: IncomingMessage) {
    this.response = response
    let text = ''
    response.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? []
        if (name !== undefined) this.events.push({ name, data: JSON.parse(data!), at: performance.now() })
        text = text.slice(end + 2)
      }
      this.#wake()
    })
  }

  static async open(api: InspectorApi): Promise<Source> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      http
        .get({ port: api.port, host: '127.0.0.1', path: '/api/inspect/events', agent: false }, resolve)
        .on('error', reject)
    })
    return new Source(response)
  }

  /** Resolves once `test` is true of what came. */
  until(what: string, test: (events: Event[]) => boolean): Promise<void> {
    const met = new Promise<void>((resolve) => {
      this.#wake = () => test(this.events) && resolve()
      this.#wake()
    })
    return within(what, met)
  }

  named(name: string): Event[] {
    return this.events.filter((event) => event.name === name)
  }
}

t.test('status at once and then every second; exchanges in batches, as they are by then', async (t) => {
  const api = await InspectorApi.start(t)
  const source = await Source.open(api)
  t.match(source.response.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  await source.until('a status', () => source.named('status').length === 1)
  schemas.InspectorStatus.parse(source.named('status')[0]?.data)
  const changing = api.add({ target: '/changing', state: 'open' })
  for (let i = 0; i < 2_000; i++) api.add({ target: `/${i}` })
  changing.state = 'done'
  api.book.changed(changing, 0)
  const rows = () => source.named('exchange').flatMap(({ data }) => data as ExchangeSummary[])
  await source.until('all exchanges', () => rows().length >= 2_001)
  t.equal(rows().length, 2_001, 'each once')
  for (const row of rows()) schemas.ExchangeSummary.parse(row)
  t.match(rows()[0], { target: '/changing', state: 'done' })
  const times = source.named('exchange').map(({ at }) => at)
  t.ok(times.length >= 5 && times.at(-1)! - times[0]! > 50 * (times.length - 1), 'at most ten times a second')
  await source.until('more of the status', () => source.named('status').length === 3)
  const [, second, third] = source.named('status')
  t.ok(third!.at - second!.at > 700, 'once a second')
  api.connections.began({
    id: '1',
    tunnel: 'db',
    visitor: '',
    startedAt: 0,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: null,
    problem: null,
  })
  await source.until('a connection', () => source.named('connection').length === 1)
  api.add({ target: '/gone' })
  api.book.clear()
  const next = api.add({ target: '/next' })
  await source.until('the end of the old ones', () => rows().at(-1)?.id === next.id)
  t.notMatch(rows(), [{ target: '/gone' }])
  const names = source.events.map(({ name }) => name).filter((name) => name !== 'status')
  t.same(names.slice(-2), ['cleared', 'exchange'], 'in their order')
})

t.test('for a reader who reads nothing next to nothing is kept; then he hears how things are', async (t) => {
  const api = await InspectorApi.start(t, { bookBytes: 4_000_000 })
  const socket = net.connect(api.port, '127.0.0.1')
  socket.write('GET /api/inspect/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await within('the answer', new Promise((resolve) => socket.once('readable', resolve)))
  const long = 'x'.repeat(20_000)
  const last = async () => {
    for (let i = 0; i < 600; i++) api.add({ target: `/${long}${i}` })
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  const before = process.memoryUsage().rss
  for (let i = 0; i < 10; i++) await last()
  const grown = process.memoryUsage().rss - before
  t.ok(grown < 150_000_000, `${grown} bytes for 120 MB of events`)
  let got = ''
  socket.on('data', (chunk: Buffer) => (got = (got + chunk.toString()).slice(-100_000)))
  const { id } = api.add({ target: '/now' })
  await within(
    'the newest',
    (async () => {
      while (!got.includes(id)) await new Promise((resolve) => socket.once('data', resolve))
    })(),
  )
  socket.destroy()
})

t.test('so many readers and no more', async (t) => {
  const api = await InspectorApi.start(t)
  const sources = await Promise.all(Array.from({ length: 32 }, () => Source.open(api)))
  t.match(await api.inspect('events'), {
    status: 503,
    headers: { 'retry-after': /^\d+$/ },
    body: { code: 'UR_INSPECT_BUSY' },
  })
  sources[0]!.response.destroy()
  await within(
    'a place',
    (async () => {
      for (;;) {
        const source = await Source.open(api)
        if (source.response.statusCode === 200) return source.response.destroy()
      }
    })(),
  )
  for (const { response } of sources) response.destroy()
  t.match(await api.inspect('events', { method: 'HEAD' }), { status: 405 })
})
