import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import t from 'tap'
import { EventHub } from '../../src/admin/index.js'
import { EventStream } from '../../src/admin/event-stream.js'
import { eventually, within } from '../support/hang.js'
import { listen } from '../support/places.js'
import { Agent } from '../support/product.js'
import { startEcho, visit } from '../support/pumps.js'
import { AdminApi } from './support.js'

interface Event {
  readonly id: string | null
  readonly type: string
  readonly data: Record<string, unknown>
}

/** Reads the events of the API. */
class Reader {
  readonly response: IncomingMessage
  readonly #events: Event[] = []
  #text = ''
  #wake: () => void = () => undefined

  private constructor(response: IncomingMessage) {
    this.response = response
    response.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString()
      const parts = this.#text.split('\n\n')
      this.#text = parts.pop() ?? ''
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? null
        const type = field('event')
        if (type === null || type === 'rates') continue
        this.#events.push({ id: field('id'), type, data: JSON.parse(field('data') ?? '') as Event['data'] })
      }
      this.#wake()
    })
    response.on('error', () => undefined)
  }

  static async open(api: AdminApi, headers: Record<string, string> = {}): Promise<Reader> {
    const [host, port] = api.address.split(':')
    const response = new Promise<IncomingMessage>((resolve, reject) => {
      const all = { authorization: `Bearer ${api.read}`, ...headers }
      http.get({ host, port, path: '/api/v1/events', headers: all, agent: false }, resolve).once('error', reject)
    })
    return new Reader(await within('the events', response))
  }

  /** The next event that is no `rates`. */
  next(): Promise<Event> {
    const event = new Promise<Event>((resolve) => {
      this.#wake = () => {
        const event = this.#events.shift()
        if (event === undefined) return
        this.#wake = () => undefined
        resolve(event)
      }
      this.#wake()
    })
    return within('an event', event)
  }
}

t.test('what is there comes first, then each change; who was away for a moment gets what he missed', async (t) => {
  const [api, upstream] = await Promise.all([AdminApi.start(t), startEcho(t)])
  const reader = await Reader.open(api)
  t.match(reader.response.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  t.match(await reader.next(), { type: 'state', data: { sessions: [], tunnels: [] } })
  const agent = await Agent.start(t, api.server, ['tcp', String(upstream.port), '--name', 'db'])
  t.match(await reader.next(), { type: 'audit', data: { action: 'token.create' } })
  const opened = await reader.next()
  t.match(opened, {
    id: /^[0-9a-f]{8}-\d+$/,
    type: 'session',
    data: { change: 'opened', session: { state: 'online' } },
  })
  t.match(await reader.next(), { type: 'tunnel', data: { change: 'bound', tunnel: { name: 'db' } } })
  reader.response.destroy()

  await agent.process.stop('SIGTERM')
  const back = await Reader.open(api, { 'last-event-id': opened.id ?? '' })
  t.match(await back.next(), { type: 'tunnel', data: { change: 'bound' } })
  t.match(await back.next(), { type: 'tunnel', data: { change: 'unbound', why: 'UR_AGENT_DRAINING' } })
  t.match(await back.next(), { type: 'session', data: { change: 'closed', why: 'UR_AGENT_DRAINING' } })
  const stranger = await Reader.open(api, { 'last-event-id': 'ffffffff-1' })
  t.match(await stranger.next(), { type: 'state', data: { sessions: [] } }, 'of another process: all that is')
  back.response.destroy()
  stranger.response.destroy()
})

t.test(
  'a reader that does not read costs a bound amount, then gets the whole state; at last it is let go',
  async (t) => {
    const hub = new EventHub()
    let state = 0
    let closed = 0
    const responses: ServerResponse[] = []
    const server = http.createServer((_request, response) => {
      responses.push(response)
      const options = { hub, state: () => ({ state: ++state }), check: () => Promise.resolve(), stalledMs: 200 }
      new EventStream(response, { ...options, onClose: () => closed++ }, undefined)
    })
    const port = await listen(server)
    t.teardown(() => server.close())
    const slow = await visit(port)
    slow.pause()
    slow.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
    await eventually('the reader', () =>
      Promise.resolve(responses.length === 1 || Promise.reject(new Error('not yet'))),
    )
    const [response] = responses
    const data = 'x'.repeat(1_000)
    let most = 0
    const publish = (): void => {
      hub.publish('test', { data })
      most = Math.max(most, response?.writableLength ?? 0)
    }
    // 50 MiB: more than the kernel takes
    for (let i = 0; i < 50_000; i++) publish()
    t.ok(most > 100_000 && most < 300_000, `${most} bytes waited at most`)
    t.equal(state, 1)

    let text = ''
    slow.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-2_000)))
    slow.resume()
    await eventually('the state', () =>
      Promise.resolve(text.includes('{"state":2}') || Promise.reject(new Error(text.slice(-200)))),
    )
    publish()
    await eventually('the next event', () =>
      Promise.resolve(text.includes(hub.lastId) || Promise.reject(new Error('no'))),
    )

    slow.pause()
    while (closed === 0) {
      for (let i = 0; i < 100; i++) publish()
      await new Promise((resolve) => setImmediate(resolve))
    }
    t.equal(hub.listeners, 0)
    slow.destroy()
  },
)

t.test('the hub keeps the last thousand events', async (t) => {
  const hub = new EventHub()
  const first = hub.lastId
  t.strictSame(hub.since(first), [])
  for (let i = 0; i < 1_000; i++) hub.publish('test', { i })
  t.equal(hub.since(first)?.length, 1_000)
  hub.publish('test', {})
  t.equal(hub.since(first), null, 'too old')
  for (const wrong of ['', 'x', `${hub.lastId}0`, `${first.split('-')[0]}--1`, '__proto__-0'])
    t.equal(hub.since(wrong), null, wrong)
  const heard: string[] = []
  const stop = hub.listen((text) => heard.push(text))
  hub.publish('a', { text: 'x\ny' })
  hub.mention('b', () => 1)
  stop()
  hub.publish('c', {})
  hub.mention('d', () => t.fail('nobody listens'))
  t.match(heard, [
    `id: ${hub.lastId.replace(/\d+$/, '1002')}\nevent: a\ndata: {"text":"x\\ny"}\n\n`,
    'event: b\ndata: 1\n\n',
  ])
})
