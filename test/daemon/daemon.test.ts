import { existsSync, rmSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import t from 'tap'
import { devServerConfig, serverConfigFrom } from '../../src/config/index.js'
import { silentLogger } from '../../src/core/logger.js'
import { Daemon } from '../../src/daemon/daemon.js'
import { eventually } from '../support/hang.js'
import { RecordedLog } from '../support/log.js'
import { freePort, listen, temporaryFolder } from '../support/places.js'

const override = (path: string, value: unknown) => ({ path: path.split('.'), value, origin: 'the test' })

function config(dataDir: string, ...more: ReturnType<typeof override>[]) {
  const loopback = ['listen.tls', 'listen.http', 'listen.admin', 'listen.metrics'].map((path) =>
    override(path, '127.0.0.1:0'),
  )
  return devServerConfig([override('data_dir', dataDir), ...loopback, ...more])
}

t.test('starts on free ports, answers, and stops with everything closed', async (t) => {
  const daemon = await Daemon.start({ config: config(t.testdir()), log: silentLogger })
  const { tls, http, admin, metrics } = daemon.addresses
  for (const address of [tls, http, admin, metrics]) t.match(address, /^127\.0\.0\.1:[1-9]\d*$/)
  t.match(await (await fetch(`http://${metrics}/readyz`)).json(), { ready: true })
  t.match(await (await fetch(`http://${metrics}/metrics`)).text(), /^uniroute_sessions 0$/m)
  await daemon.drain(0)
  for (const address of [tls, http, metrics]) await t.rejects(connect(address ?? ''), { code: 'ECONNREFUSED' })
})

t.test('a start that fails half-way leaves nothing open', async (t) => {
  const squatter = net.createServer()
  const [port, taken] = [await freePort(), await listen(squatter)]
  t.teardown(() => squatter.close())
  const failing = config(
    t.testdir(),
    override('listen.tls', `127.0.0.1:${port}`),
    override('listen.metrics', `127.0.0.1:${taken}`),
  )
  await t.rejects(Daemon.start({ config: failing, log: silentLogger }), { code: 'UR_METRICS_LISTEN' })
  await t.rejects(connect(`127.0.0.1:${port}`), { code: 'ECONNREFUSED' })
})

t.test('a second server with the same data folder does not start, and touches nothing of the first', async (t) => {
  // That of the test is too long for a socket.
  const folder = await temporaryFolder(t)
  const first = await Daemon.start({ config: config(folder), log: silentLogger })
  const log = new RecordedLog()
  const second = Daemon.start({ config: config(folder), log })
  await t.rejects(second, { code: 'UR_DATA_DIR_IN_USE', message: /admin\.sock/ })
  t.same(log.lines, [])
  t.ok(existsSync(path.join(folder, 'admin.sock')))
  await first.drain(0)
  const third = await Daemon.start({ config: config(folder), log: silentLogger })
  await third.drain(0)
})

t.test('a certificate that cannot be used stops the start', async (t) => {
  const files = [{ cert: '/nonexistent/cert.pem', key: '/nonexistent/key.pem' }]
  const broken = serverConfigFrom({ data_dir: t.testdir(), certs: { files } }, 'the test')
  await t.rejects(Daemon.start({ config: broken, log: silentLogger }), { code: 'UR_CERT_UNREADABLE' })
})

t.test('a data folder that is deleted under it: not ready, with the reason, and one line in the log', async (t) => {
  const folder = path.join(t.testdir(), 'data')
  const log = new RecordedLog()
  const daemon = await Daemon.start({ config: config(folder), log })
  const ready = async () => (await fetch(`http://${daemon.addresses.metrics}/readyz`)).json() as Promise<object>
  t.match(await ready(), { ready: true })
  rmSync(folder, { recursive: true })
  await eventually('the news', async () => {
    const { ready: isReady } = (await ready()) as { ready: boolean }
    if (isReady) throw new Error('it is ready')
  })
  t.match(await ready(), { ready: false, reasons: { database: /deleted or replaced.*restarted/ }, warnings: {} })
  const lines = log.lines.filter(({ level }) => level === 'error')
  t.equal(lines.length, 1)
  t.match(lines[0]?.fields['error'], { code: 'UR_STORE_GONE' })
  await daemon.drain(0)
})

t.test('while it drains it is not ready, and a connection that came before is answered', async (t) => {
  const daemon = await Daemon.start({ config: config(t.testdir()), log: silentLogger })
  const [, port = ''] = daemon.addresses.tls.split(':')
  const visitor = net.connect(Number(port), '127.0.0.1')
  await new Promise((resolve) => visitor.once('connect', resolve))
  visitor.write(Buffer.from([0x16]))
  await t.resolveMatch(pendingConnections(daemon), 1)
  const drained = daemon.drain(0)
  t.match(await (await fetch(`http://${daemon.addresses.metrics}/readyz`)).json(), {
    reasons: { draining: /stopping/ },
  })
  visitor.write(Buffer.from([3, 1, 0, 4, 0xff, 0, 0, 0]))
  const answer = await new Promise<Buffer>((resolve) => visitor.once('data', resolve))
  t.equal(answer[0], 0x15, 'a TLS alert')
  visitor.destroy()
  await drained
})

t.test('a forced end does not wait for a silent connection', async (t) => {
  const daemon = await Daemon.start({ config: config(t.testdir()), log: silentLogger })
  const [, port = ''] = daemon.addresses.tls.split(':')
  const silent = net.connect(Number(port), '127.0.0.1')
  await new Promise((resolve) => silent.once('connect', resolve))
  await t.resolveMatch(pendingConnections(daemon), 1)
  const drained = daemon.drain(60_000)
  const start = performance.now()
  daemon.force()
  await drained
  t.ok(performance.now() - start < 3_000)
  silent.destroy()
})

/** Resolves with the number of connections that have not said who they are, once there is one. */
async function pendingConnections(daemon: Daemon): Promise<number> {
  for (;;) {
    const page = await (await fetch(`http://${daemon.addresses.metrics}/metrics`)).text()
    const pending = Number(/^uniroute_pending_connections (\d+)$/m.exec(page)?.[1])
    if (pending > 0) return pending
  }
}

function connect(address: string): Promise<void> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), host, () => {
      socket.destroy()
      resolve()
    })
    socket.on('error', reject)
  })
}
