import { PassThrough } from 'node:stream'
import t from 'tap'
import type { TunnelStatus } from '../../../src/agent/index.js'
import { Output } from '../../../src/cli/output.js'
import { eventPresenter } from '../../../src/cli/uniroute/events.js'
import { logPresenter } from '../../../src/cli/uniroute/log-lines.js'
import type { Presenter } from '../../../src/cli/uniroute/presenter.js'
import { NetworkError, RefusedError } from '../../../src/core/errors.js'
import { createLogging } from '../../../src/daemon/logging.js'

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
const lost = new NetworkError('UR_SERVER_LOST', 'the session was lost')

/** All that an agent can go through. */
function live(presenter: Presenter): void {
  presenter.offline(new NetworkError('UR_SERVER_UNREACHABLE', 'could not connect'), 500.4)
  presenter.online({ id: 's1', node: 'n1', serverVersion: '0.1.0' })
  presenter.ready([tunnel])
  presenter.opened(connection)
  presenter.closed({ ...connection, bytesIn: 1, bytesOut: 2, durationMs: 3.4, error: null })
  presenter.closed({ ...connection, bytesIn: 0, bytesOut: 0, durationMs: 1, error: new Error('reset') })
  presenter.notice('warning', 'UR_SERVER_DRAINING', 'soon')
  presenter.offline(lost, null)
  presenter.offline(lost, 100)
  presenter.online({ id: 's2', node: 'n1', serverVersion: '0.1.0' })
  presenter.tunnel({ ...tunnel, publicUrl: 'tcp://t.example:20002' })
  presenter.refused(tunnel, new RefusedError('UR_TAKEN_OVER', 'taken over'))
  presenter.draining(30_000)
  presenter.end()
}

function eventsOf(connections: boolean): Record<string, unknown>[] {
  const stream = new PassThrough()
  live(eventPresenter(new Output('json', stream), connections))
  const lines = String(stream.read()).trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

t.test('events', async (t) => {
  const view = { name: 'tcp-5432', kind: 'tcp', public_url: 'tcp://t.example:20001', upstream: 'localhost:5432' }
  t.strictSame(eventsOf(true), [
    { event: 'offline', code: 'UR_SERVER_UNREACHABLE', message: 'could not connect', retry_in_ms: 500 },
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
      code: null,
      message: 'reset',
    },
    { event: 'notice', level: 'warning', code: 'UR_SERVER_DRAINING', text: 'soon' },
    { event: 'offline', code: 'UR_SERVER_LOST', message: 'the session was lost', retry_in_ms: null },
    { event: 'offline', code: 'UR_SERVER_LOST', message: 'the session was lost', retry_in_ms: 100 },
    { event: 'online', node: 'n1', server_version: '0.1.0' },
    { event: 'tunnel', ...view, public_url: 'tcp://t.example:20002' },
    { event: 'error', code: 'UR_TAKEN_OVER', message: 'taken over', tunnel: 'tcp-5432', fatal: false },
    { event: 'draining', grace_ms: 30_000 },
  ])
})

t.test('connections are told only when they are asked for', async (t) => {
  t.notOk(eventsOf(false).some(({ event }) => event === 'connection'))
})

t.test('log lines: one for an outage, however many tries it has', async (t) => {
  const lines: string[] = []
  live(logPresenter(createLogging({ level: 'info', format: 'text', write: (line) => lines.push(line) })))
  t.strictSame(
    lines.map((line) => line.replace(/^\S+ /, '').trimEnd()),
    [
      'WARN  session offline  error="could not connect (UR_SERVER_UNREACHABLE)" retry_in_ms=500',
      'INFO  session online  node=n1 server_version=0.1.0',
      'INFO  forwarding tcp://t.example:20001 -> localhost:5432  tunnel=tcp-5432',
      'WARN  connection failed  connection=c1 tunnel=tcp-5432 visitor=192.0.2.1:5 bytes_in=0 bytes_out=0 duration_ms=1 error=reset',
      'WARN  the server says: soon  code=UR_SERVER_DRAINING',
      'WARN  session offline  error="the session was lost (UR_SERVER_LOST)"',
      'INFO  session online  node=n1 server_version=0.1.0',
      'INFO  forwarding tcp://t.example:20002 -> localhost:5432  tunnel=tcp-5432',
      'ERROR the server refused a tunnel  tunnel=tcp-5432 error="taken over (UR_TAKEN_OVER)"',
      'INFO  stopping; open connections may end  grace_ms=30000',
    ],
  )
})
