import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import t from 'tap'
import type { AgentStatus, CertificateNews, TunnelStatus } from '../../../src/agent/index.js'
import { Output } from '../../../src/cli/output.js'
import { eventPresenter } from '../../../src/cli/uniroute/events.js'
import { screenPresenter } from '../../../src/cli/uniroute/live-screen.js'
import type { ShownRequest } from '../../../src/cli/screen/render.js'
import { logPresenter } from '../../../src/cli/uniroute/log-lines.js'
import type { Presenter } from '../../../src/cli/uniroute/presenter.js'
import { NetworkError, RefusedError, UpstreamError } from '../../../src/core/errors.js'
import { createLogging } from '../../../src/daemon/logging.js'
import { eventually } from '../../support/hang.js'

const tunnel: TunnelStatus = {
  name: 'tcp-5432',
  kind: 'tcp',
  upstream: 'localhost:5432',
  publicUrl: 'tcp://t.example:20001',
  problem: null,
  visitorsTotal: 0,
  visitorsOpen: 0,
  failures: 0,
  bytesIn: 0,
  bytesOut: 0,
}
const connection = { id: 'c1', tunnel: 'tcp-5432', visitor: '192.0.2.1:5' }
const cut = new UpstreamError('UR_UPSTREAM_RESET', 'the upstream cut it')
const lost = new NetworkError('UR_SERVER_LOST', 'the session was lost')

const news: CertificateNews = { state: 'ready', name: 'shop.example', notAfter: new Date('2026-09-01T00:00:00Z') }
const noNews: CertificateNews = {
  state: 'waiting',
  name: 'shop.example',
  code: 'UR_ACME_DNS',
  message: 'no such name',
  nextTry: new Date('2026-06-01T00:02:00Z'),
}

t.test('certificates of tunnels whose TLS ends in the agent', async (t) => {
  const stream = new PassThrough()
  const events = eventPresenter(new Output('json', stream), false)
  events.certificate(tunnel, news)
  events.ready([tunnel], null)
  events.certificate(tunnel, noNews)
  const lines = String(stream.read()).trim().split('\n')
  t.match(
    lines.map((line) => JSON.parse(line) as object),
    [
      { event: 'ready' },
      {
        event: 'certificate',
        tunnel: 'tcp-5432',
        state: 'ready',
        host: 'shop.example',
        not_after: '2026-09-01T00:00:00.000Z',
      },
      { event: 'certificate', state: 'waiting', code: 'UR_ACME_DNS', next_try: '2026-06-01T00:02:00.000Z' },
    ],
    'nothing stands in front of `ready`',
  )
  const written: string[] = []
  const presenter = logPresenter(createLogging({ level: 'info', format: 'text', write: (line) => written.push(line) }))
  presenter.certificate(tunnel, news)
  t.same(written, [], 'who orders says so')
  presenter.certificate(tunnel, noNews)
  const mismatch = {
    state: 'mismatch',
    name: 'shop.example',
    code: 'UR_CERT_OTHER_NAMES',
    message: 'not for it',
  } as const
  presenter.certificate(tunnel, mismatch)
  t.match(written.at(-1), /WARN +not for it .*code=UR_CERT_OTHER_NAMES/)
  events.certificate(tunnel, mismatch)
  t.same(JSON.parse(String(stream.read())), {
    event: 'certificate',
    tunnel: 'tcp-5432',
    state: 'mismatch',
    host: 'shop.example',
    code: 'UR_CERT_OTHER_NAMES',
    message: 'not for it',
  })
  t.match(written.join(''), /no certificate yet for shop\.example.*2026-06-01.*no such name \(UR_ACME_DNS\)/)
})

t.test('a tunnel that was stopped while the agent runs', async (t) => {
  const stream = new PassThrough()
  const events = eventPresenter(new Output('json', stream), false)
  events.removed(tunnel)
  events.ready([], null)
  const lines = String(stream.read()).trim().split('\n')
  t.match(
    lines.map((line) => JSON.parse(line) as object),
    [{ event: 'ready' }, { event: 'removed', name: 'tcp-5432', public_url: 'tcp://t.example:20001' }],
  )
  const written: string[] = []
  const presenter = logPresenter(createLogging({ level: 'info', format: 'text', write: (line) => written.push(line) }))
  presenter.removed(tunnel)
  t.match(written.join(''), /stopped forwarding tcp:\/\/t\.example:20001/)
})

/** All that an agent can go through. */
function live(presenter: Presenter): void {
  presenter.offline(new NetworkError('UR_SERVER_UNREACHABLE', 'could not connect'), 500.4, null)
  presenter.online({ id: 's1', node: 'n1', serverVersion: '0.1.0' }, null)
  presenter.ready([tunnel], null)
  presenter.opened(connection)
  presenter.closed({ ...connection, bytesIn: 1, bytesOut: 2, durationMs: 3.4, error: null })
  presenter.closed({ ...connection, bytesIn: 0, bytesOut: 0, durationMs: 1, error: cut })
  presenter.notice('warning', 'UR_SERVER_DRAINING', 'soon')
  presenter.offline(lost, null, null)
  presenter.offline(lost, 100, null)
  presenter.online({ id: 's2', node: 'n1', serverVersion: '0.1.0' }, null)
  presenter.tunnel({ ...tunnel, publicUrl: 'tcp://t.example:20002' })
  presenter.refused(tunnel, new RefusedError('UR_TAKEN_OVER', 'taken over'))
  presenter.draining(30_000)
  presenter.end(null)
}

/** A session that loses its connection, and goes on; and one that moves before its connection is dead. */
function heldAndBack(presenter: Presenter): void {
  const session = { id: 's1', node: 'n1', serverVersion: '0.1.0' }
  presenter.ready([tunnel], null)
  presenter.offline(lost, 100, 3)
  presenter.offline(new NetworkError('UR_SERVER_UNREACHABLE', 'could not connect'), 200, 2)
  presenter.online(session, { awayMs: 3214.6, visitors: 2 })
  presenter.online(session, { awayMs: 0, visitors: 1 })
  presenter.end(null)
}

function eventsOf(connections: boolean, course = live): Record<string, unknown>[] {
  const stream = new PassThrough()
  course(eventPresenter(new Output('json', stream), connections))
  const lines = String(stream.read()).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

function linesOf(course: (presenter: Presenter) => void): string[] {
  const lines: string[] = []
  course(logPresenter(createLogging({ level: 'info', format: 'text', write: (line) => lines.push(line) })))
  return lines.map((line) => line.replace(/^\S+ /, '').trimEnd())
}

t.test('events', async (t) => {
  const view = { name: 'tcp-5432', kind: 'tcp', public_url: 'tcp://t.example:20001', upstream: 'localhost:5432' }
  t.strictSame(eventsOf(true), [
    { event: 'offline', code: 'UR_SERVER_UNREACHABLE', message: 'could not connect', retry_in_ms: 500, held: null },
    { event: 'ready', tunnels: [view] },
    { event: 'connection', state: 'opened', ...connection },
    { event: 'connection', state: 'closed', ...connection, bytes_in: 1, bytes_out: 2, duration_ms: 3 },
    {
      event: 'connection',
      state: 'closed',
      ...connection,
      bytes_in: 0,
      bytes_out: 0,
      duration_ms: 1,
      code: 'UR_UPSTREAM_RESET',
      message: 'the upstream cut it',
    },
    { event: 'notice', level: 'warning', code: 'UR_SERVER_DRAINING', text: 'soon' },
    { event: 'offline', code: 'UR_SERVER_LOST', message: 'the session was lost', retry_in_ms: null, held: null },
    { event: 'offline', code: 'UR_SERVER_LOST', message: 'the session was lost', retry_in_ms: 100, held: null },
    { event: 'online', node: 'n1', server_version: '0.1.0', resumed: false },
    { event: 'tunnel', ...view, public_url: 'tcp://t.example:20002' },
    { event: 'error', code: 'UR_TAKEN_OVER', message: 'taken over', tunnel: 'tcp-5432', fatal: false },
    { event: 'draining', grace_ms: 30_000 },
  ])
})

t.test('events of the inspector', async (t) => {
  const events = eventsOf(false, (presenter) => {
    presenter.ready([tunnel], 'http://127.0.0.1:4040')
    presenter.inspector(null, 'its thread ended')
    presenter.inspector('http://127.0.0.1:4041', null)
  })
  t.match(events, [
    { event: 'ready', inspector: 'http://127.0.0.1:4040' },
    { event: 'inspector', url: null, problem: 'its thread ended' },
    { event: 'inspector', url: 'http://127.0.0.1:4041' },
  ])
})

t.test('connections are told only when they are asked for', async (t) => {
  t.notOk(eventsOf(false).some(({ event }) => event === 'connection'))
})

t.test('events of a session that is held, and goes on', async (t) => {
  t.strictSame(eventsOf(false, heldAndBack).slice(1), [
    { event: 'offline', code: 'UR_SERVER_LOST', message: 'the session was lost', retry_in_ms: 100, held: 3 },
    { event: 'offline', code: 'UR_SERVER_UNREACHABLE', message: 'could not connect', retry_in_ms: 200, held: 2 },
    { event: 'online', node: 'n1', server_version: '0.1.0', resumed: true, away_ms: 3215, visitors: 2 },
    { event: 'online', node: 'n1', server_version: '0.1.0', resumed: true, away_ms: 0, visitors: 1 },
  ])
})

t.test('log lines of a session that is held, and goes on', async (t) => {
  t.strictSame(linesOf(heldAndBack).slice(1), [
    'WARN  reconnecting, visitors are held  error="the session was lost (UR_SERVER_LOST)" retry_in_ms=100 held=3',
    'WARN  reconnecting, visitors are held  error="could not connect (UR_SERVER_UNREACHABLE)" retry_in_ms=200 held=2',
    'INFO  reconnected after 3.2 s, 2 visitors kept  node=n1 away_ms=3215 visitors=2',
    'INFO  went over to a new connection, 1 visitor kept  node=n1 away_ms=0 visitors=1',
  ])
})

t.test(
  'strangers do not fill the log: who resets is no failure, and of alike failures one a second is told',
  async (t) => {
    const close = (presenter: Presenter, error: Error): void =>
      presenter.closed({ ...connection, bytesIn: 0, bytesOut: 0, durationMs: 1, error })
    const lines = linesOf((presenter) => {
      for (let i = 0; i < 20; i++) close(presenter, new NetworkError('UR_WIRE_RESET', 'stream 2 was reset'))
      for (let i = 0; i < 20; i++) close(presenter, new UpstreamError('UR_UPSTREAM_REFUSED', 'it refused'))
      close(presenter, new UpstreamError('UR_UPSTREAM_TIMED_OUT', 'it did not answer'))
    })
    t.equal(lines.length, 2)
    t.match(lines[0], /^WARN +connection failed .*it refused \(UR_UPSTREAM_REFUSED\)/)
    t.match(lines[1], /UR_UPSTREAM_TIMED_OUT/)
  },
)

function fakeTerminal() {
  const written: string[] = []
  return Object.assign(new EventEmitter(), {
    columns: 100,
    rows: 40,
    writableNeedDrain: false,
    written,
    write: (text: string) => written.push(text),
  })
}

t.test('the screen forgets why there was no connection, and says what ends it once', async (t) => {
  const terminal = fakeTerminal()
  const status: AgentStatus = {
    state: 'connecting',
    server: 't.example:443',
    session: null,
    rttMs: null,
    carriers: [],
    held: 0,
    tunnels: [tunnel],
  }
  const presenter = screenPresenter({
    terminal,
    color: false,
    status: () => status,
    inspector: () => null,
    requests: () => null,
    now: () => 0,
  })
  const next = (text: RegExp): Promise<string> =>
    eventually(`a screen with ${text}`, async () => {
      const last = terminal.written.at(-1) ?? ''
      if (!text.test(last)) throw new Error(last)
      return last
    })
  const session = { id: 's1', node: 'n1', serverVersion: '0.1.0' }
  presenter.offline(new NetworkError('UR_SERVER_UNREACHABLE', 'could not connect'), 400, null)
  await next(/could not connect/)
  presenter.online(session, null)
  presenter.notice('info', 'UR_NEWS', 'something new')
  t.notMatch(await next(/something new/), /could not connect/)

  presenter.notice('info', 'UR_SERVER_DRAINING', 'the server is closing: an update')
  presenter.offline(new NetworkError('UR_SERVER_LOST', 'the server is closing: an update'), 400, null)
  const lines = (await next(/an update/)).split('\n').filter((line) => line.includes('an update'))
  t.equal(lines.length, 1, lines.join('\n'))

  const refusal = new RefusedError('UR_TAKEN_OVER', 'taken over by another agent')
  presenter.refused(tunnel, refusal)
  t.match(await next(/tcp-5432: taken over/), /something new/)
  presenter.end(refusal)
  const last = terminal.written.slice(-2).join('')
  t.match(last, /something new/)
  t.notMatch(last, /taken over/, 'it is told below the screen')
})

t.test('the screen shows who is held, each carrier, and what became of the visitors', async (t) => {
  const status: AgentStatus = {
    state: 'reconnecting',
    server: 't.example:443',
    session: { id: 's1', node: 'n1', serverVersion: '0.1.0' },
    rttMs: null,
    carriers: [],
    held: 3,
    tunnels: [tunnel],
  }
  let now = status
  const terminal = fakeTerminal()
  let url: string | null = 'http://127.0.0.1:4040'
  const request = {
    method: 'GET',
    target: '/a\u001b[2J',
    status: null,
    reason: '',
    state: 'open',
    durationMs: null,
  } as const
  let requests: readonly ShownRequest[] | null = null
  const presenter = screenPresenter({
    terminal,
    color: false,
    status: () => now,
    inspector: () => url,
    requests: () => requests,
    now: () => 0,
  })
  const shown = async (text: RegExp): Promise<void> => {
    await eventually(`a screen with ${text}`, async () => {
      if (!terminal.written.some((screen) => text.test(screen))) throw new Error(String(terminal.written.at(-1)))
    })
  }
  presenter.offline(lost, 400, 3)
  await shown(/reconnecting \(next try in 0\.4 s, 3 visitors held\)/)
  await shown(/Carriers +0\n/)
  now = { ...status, state: 'online', held: 0, rttMs: 9.5, carriers: [{ number: 7, rttMs: 9.5 }] }
  presenter.online(now.session!, { awayMs: 3214.6, visitors: 3 })
  await shown(/Session Status +online\n/)
  await shown(/Carriers +1 \(#7 9\.5ms\)/)
  await shown(/reconnected after 3\.2 s, 3 visitors kept/)
  await shown(/Inspector +http:\/\/127\.0\.0\.1:4040\n/)
  requests = []
  presenter.opened(connection)
  await shown(/HTTP Requests\n.*none yet/)
  requests = [
    { ...request, status: 503, reason: 'Service Unavailable', state: 'done', durationMs: 1234.5 },
    { ...request, state: 'cut', durationMs: 12_345 },
    request,
  ]
  url = null
  presenter.inspector(null, 'the inspector is off')
  await shown(/the inspector is off/)
  const last = terminal.written.at(-1)!
  t.match(last, /GET +\/a\\u001b\[2J +503 Service Unavailable +1235ms\n/)
  t.match(last, /GET +\/a\\u001b\[2J +no answer +12\.3s\n/)
  t.match(last, /GET +\/a\\u001b\[2J +waiting\n/)
  t.notMatch(last, /Inspector/)
  presenter.end(null)
  t.match(terminal.written.at(-1), /\u001b\[\?25h$/)
})

t.test('log lines: one for an outage, however many tries it has', async (t) => {
  t.strictSame(linesOf(live), [
    'WARN  session offline  error="could not connect (UR_SERVER_UNREACHABLE)" retry_in_ms=500',
    'INFO  session online  node=n1 server_version=0.1.0',
    'INFO  forwarding tcp://t.example:20001 -> localhost:5432  tunnel=tcp-5432',
    'WARN  connection failed  code=UR_UPSTREAM_RESET connection=c1 tunnel=tcp-5432 visitor=192.0.2.1:5 bytes_in=0 bytes_out=0 duration_ms=1 error="the upstream cut it (UR_UPSTREAM_RESET)"',
    'WARN  the server says: soon  code=UR_SERVER_DRAINING',
    'WARN  session offline  error="the session was lost (UR_SERVER_LOST)"',
    'INFO  session online  node=n1 server_version=0.1.0',
    'INFO  forwarding tcp://t.example:20002 -> localhost:5432  tunnel=tcp-5432',
    'ERROR the server refused a tunnel  tunnel=tcp-5432 error="taken over (UR_TAKEN_OVER)"',
    'INFO  stopping: open connections may end; a second signal ends at once  grace_ms=30000',
  ])
})
