import t, { type Test } from 'tap'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import path from 'node:path'
import type { AgentStatus, ConnectionTap } from '../../src/agent/index.js'
import { RefusedError } from '../../src/core/errors.js'
import { silentLogger } from '../../src/core/logger.js'
import { Inspector, type InspectorSettings, type RecentRequest, type TunnelControl } from '../../src/inspector/index.js'
import { within } from '../support/hang.js'
import { temporaryFolder } from '../support/places.js'

const status: AgentStatus = {
  state: 'online',
  server: 't.example:443',
  session: null,
  rttMs: null,
  carriers: [],
  held: 0,
  tunnels: [],
}
/** What was asked for. */
const asked: unknown[] = []
const control: TunnelControl = {
  start: (definition) => {
    asked.push(definition)
    return Promise.reject(new RefusedError('UR_PORT_TAKEN', 'it is taken'))
  },
  stop: (name) => Promise.resolve(name === 'web'),
}
const upstream = { kind: 'tcp', host: 'localhost', port: 1 } as const

const settings: InspectorSettings = {
  host: '127.0.0.1',
  port: 0,
  memoryBytes: 10_000_000,
  bodyLimit: 100_000,
  redactHeaders: ['X-Customer'],
  redactJsonPaths: [],
  reveal: false,
  store: null,
  suites: '/nonexistent',
  allowHosts: [],
  protos: [],
  tunnels: [
    { name: 'web', kind: 'http', upstream, inspected: true },
    { name: 'private', kind: 'http', upstream, inspected: false },
    { name: 'db', kind: 'tcp', upstream, inspected: true },
  ],
}

async function started(t: Test): Promise<Inspector> {
  const inspector = new Inspector(settings, () => status, control, silentLogger)
  t.teardown(() => inspector.stop())
  inspector.start()
  t.match(await within('its pages', inspector.ready()), /^http:\/\/127\.0\.0\.1:\d+$/)
  return inspector
}

function tapOf(inspector: Inspector, id = 'c1'): ConnectionTap {
  return inspector.tap({ id, tunnel: 'web', visitor: '198.51.100.7:1234', protocol: 'http1' })!
}

function exchangeOver(tap: ConnectionTap, target: string): void {
  tap.toSocket(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`))
  const answer = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
  tap.toStream(answer, 0, answer.length)
}

/** Waits until the newest requests are such. */
function recent(
  inspector: Inspector,
  are: (requests: readonly RecentRequest[]) => boolean,
): Promise<readonly RecentRequest[]> {
  return within(
    'the requests',
    new Promise((resolve) => inspector.on('recent', (requests) => are(requests) && resolve(requests))),
  )
}

t.test('what passes on a connection is shown, by a thread that serves pages', async (t) => {
  const inspector = await started(t)
  t.equal(inspector.tap({ id: 'c', tunnel: 'private', visitor: '::1:1', protocol: 'http1' }), null)
  t.equal(inspector.tap({ id: 'c', tunnel: 'db', visitor: '::1:1', protocol: 'http1' }), null)
  const tap = tapOf(inspector)
  exchangeOver(tap, '/a?token=abc')
  exchangeOver(tap, '/b')
  tap.close(null)
  const [newest, before] = await recent(inspector, ({ length }) => length === 2)
  t.match(newest, { method: 'GET', target: '/b', status: 200, reason: 'OK', state: 'done', kind: 'http' })
  t.match(before, { target: '/a?token=[redacted]' })
  await new Promise<void>((resolve, reject) => {
    get(inspector.url!, (response) => resolve(void response.resume())).on('error', reject)
  })
  const begun = performance.now()
  await inspector.stop()
  t.ok(performance.now() - begun < 2_000, 'it stops fast')
  t.equal(inspector.url, null)
  exchangeOver(tap, '/after')
  tap.close(new Error('over'))
  t.equal(tapOf(inspector), null, 'and nothing is looked at any more')
  await inspector.stop()
})

t.test('tunnels that come later are looked at, and those that are gone are not', async (t) => {
  const inspector = await started(t)
  const tapped = (tunnel: string) => inspector.tap({ id: 'c2', tunnel, visitor: '::1:1', protocol: 'http1' })
  t.equal(tapped('late'), null)
  inspector.setTunnels([
    { name: 'late', kind: 'http', upstream, inspected: true },
    { name: 'hidden', kind: 'http', upstream, inspected: false },
  ])
  t.same([tapped('hidden'), tapped('web')], [null, null])
  const shown = recent(inspector, ({ length }) => length === 1)
  const tap = tapped('late')!
  exchangeOver(tap, '/late')
  tap.close(null)
  t.match(await shown, [{ target: '/late' }])
})

t.test('who asks its API for a tunnel is answered by the agent, errors with their code', async (t) => {
  const inspector = await started(t)
  const call = async (method: string, path: string, body?: object) => {
    const content = body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const reply = await fetch(`${inspector.url}/api/tunnels${path}`, { method, ...content })
    return { status: reply.status, text: await reply.text() }
  }
  t.match(await call('POST', '', { name: 'ssh', proto: 'tcp', addr: 22 }), {
    status: 502,
    text: /taken \(UR_PORT_TAKEN\)/,
  })
  t.match(asked, [{ name: 'ssh', keys: { kind: 'tcp', upstream: '22' } }])
  t.match(await call('DELETE', '/web'), { status: 204 })
  t.match(await call('DELETE', '/other'), { status: 404 })
})

t.test('when its thread ends at once it is off and says so, and connections are untouched', async (t) => {
  const inspector = await started(t)
  const tap = tapOf(inspector)
  const problem = new Promise<[string, boolean]>((resolve) => inspector.once('problem', (...told) => resolve(told)))
  inspector.endThread()
  const [text, isOver] = await within('the problem', problem)
  t.match(text, /the inspector is off, as its thread ended .*; tunnels go on/)
  t.equal(isOver, true)
  t.match(inspector, { url: null, problem: text })
  exchangeOver(tap, '/a')
  tap.close(null)
  t.equal(await inspector.ready(), null)
})

t.test('when its thread ends later it is started again, and reads on with the next request', async (t) => {
  const inspector = await started(t)
  const tap = tapOf(inspector)
  exchangeOver(tap, '/before')
  await recent(inspector, ({ length }) => length === 1)
  const later = performance.now() + 60_000
  t.intercept(performance, 'now', { value: () => later })
  const problem = new Promise<[string, boolean]>((resolve) => inspector.once('problem', (...told) => resolve(told)))
  const again = new Promise<string>((resolve) => inspector.once('serving', resolve))
  inspector.endThread()
  const [text, isOver] = await within('the problem', problem)
  t.match(text, /what the inspector kept is lost, and it was started again/)
  t.equal(isOver, false)
  await within('its pages', again)
  tap.toSocket(Buffer.from('the rest of a body'))
  exchangeOver(tap, '/after')
  const requests = await recent(inspector, ({ length }) => length > 0)
  t.match(requests, [{ target: '/after', status: 200 }])
})

t.test('a port that is taken is followed by the next one', async (t) => {
  const first = await started(t)
  const port = Number(new URL(first.url!).port)
  const second = new Inspector({ ...settings, port }, () => status, control, silentLogger)
  t.teardown(() => second.stop())
  second.start()
  const url = await within('its pages', second.ready())
  t.ok(Number(new URL(url!).port) > port, url!)
  const wrong = new Inspector({ ...settings, host: '192.0.2.1' }, () => status, control, silentLogger)
  t.teardown(() => wrong.stop())
  wrong.start()
  t.equal(await within('its problem', wrong.ready()), null)
  t.match(wrong.problem, /the inspector has no pages: .*192\.0\.2\.1/)
})

t.test('that exchanges cannot be written is told to whoever has no log', async (t) => {
  const folder = path.join(await temporaryFolder(t), 'a file')
  await writeFile(folder, '')
  const inspector = new Inspector(
    { ...settings, store: path.join(folder, 'store') },
    () => status,
    control,
    silentLogger,
  )
  t.teardown(() => inspector.stop())
  const told = once(inspector, 'warning')
  inspector.start()
  t.match(await within('a warning', told), [/exchanges are kept in memory only.*UR_INSPECT_STORE/])
})
