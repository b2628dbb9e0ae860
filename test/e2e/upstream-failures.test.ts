import net from 'node:net'
import path from 'node:path'
import tls from 'node:tls'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Authority } from '../support/certificates.js'
import { eventually, within } from '../support/hang.js'
import { freePort, temporaryFolder } from '../support/places.js'
import { Agent, Server } from '../support/product.js'
import { echo, echoOn, exchange, startEcho, startUpstream, visit } from '../support/pumps.js'

t.test('an upstream that refuses', async (t) => {
  const server = await Server.start(t)
  const port = await freePort()
  const agent = await Agent.start(t, server, ['tcp', String(port)])
  const { answer, ms } = await exchange(agent.port(), 'hello')
  t.equal(answer.length, 0)
  t.ok(ms < 2000, 'the visitor is told at once')
  await agent.process.line(/UR_UPSTREAM_REFUSED/, { where: 'err' })
  t.match(agent.process.err.join('\n'), new RegExp(`${port}`), 'the agent names the upstream')
  await counted(server, 'UR_UPSTREAM_REFUSED')

  await startEcho(t, port)
  await echo(agent.port())
  t.pass('and the tunnel works as soon as the upstream does')
})

t.test('an upstream that resets', async (t) => {
  const server = await Server.start(t)
  const upstream = await startUpstream(t, (socket) => {
    socket.once('data', () => {
      socket.write('half an ans')
      setImmediate(() => socket.resetAndDestroy())
    })
  })
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  const { error } = await exchange(agent.port(), 'hello')
  t.equal(error, 'ECONNRESET', 'the visitor sees a reset, not an end')
  t.equal(agent.process.ending, null)
})

t.test('a visitor that resets', async (t) => {
  const server = await Server.start(t)
  let heard: (how: string) => void
  const ended = new Promise<string>((resolve) => (heard = resolve))
  const upstream = await startUpstream(t, (socket) => {
    socket.pipe(socket)
    socket.once('error', (error: NodeJS.ErrnoException) => heard(error.code ?? ''))
    socket.once('end', () => heard('FIN'))
  })
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  const visitor = await visit(agent.port())
  await echoOn(visitor)
  visitor.resetAndDestroy()
  t.equal(await within('the upstream to hear of it', ended), 'ECONNRESET')
})

t.test('an upstream that hangs', async (t) => {
  const server = await Server.start(t)

  t.test('while it accepts: the visitor is let go after a limit', async (t) => {
    // Nothing answers there: a documentation address (RFC 5737), without a route or behind a default route that drops.
    const agent = await Agent.start(t, server, ['tcp', '192.0.2.1:9'])
    const { answer } = await exchange(agent.port(), 'hello', { ms: 25_000 })
    t.equal(answer.length, 0)
    await agent.process.line(/UR_UPSTREAM_(TIMED_OUT|UNREACHABLE|REFUSED)/, { where: 'err' })
  })

  t.test('after it accepted: others are not held up, and the visitor may leave', async (t) => {
    const upstream = await startUpstream(t, (socket) => socket.pause())
    const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
    const working = await Agent.start(t, server, ['tcp', String((await startEcho(t)).port)])
    const stuck = await visit(agent.port())
    stuck.write(Buffer.alloc(8 * 1024 * 1024))
    await echo(working.port())
    stuck.destroy()
    await eventually('the stream to go', async () => {
      if ((await server.metric('uniroute_streams')) > 0) throw new Error('still there')
    })
  })
})

t.test('an upstream by unix socket, by name, and over TLS', async (t) => {
  const server = await Server.start(t)
  const file = path.join(await temporaryFolder(t), 'up.sock')
  const unix = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
  await new Promise<void>((resolve) => unix.listen(file, resolve))
  t.teardown(() => unix.close())
  const overUnix = await Agent.start(t, server, ['tcp', `unix:${file}`])
  await echo(overUnix.port())

  const byName = await Agent.start(t, server, ['tcp', `localhost:${(await startEcho(t)).port}`])
  await echo(byName.port())

  const authority = await Authority.create(t, 'authority of the upstream')
  const pair = await authority.issue(['localhost'])
  const secured = tls.createServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, (socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => secured.listen(0, '127.0.0.1', resolve))
  t.teardown(() => secured.close())
  const { port } = secured.address() as net.AddressInfo
  const overTls = await Agent.start(t, server, ['tcp', `tls://localhost:${port}`, '--upstream-ca', authority.ca])
  await echo(overTls.port())

  const untrusted = await Agent.start(t, server, ['tcp', `tls://localhost:${port}`])
  await exchange(untrusted.port(), 'hello')
  await untrusted.process.line(/UR_UPSTREAM_TLS/, { where: 'err' })
})

async function counted(server: Server, reason: string): Promise<void> {
  await eventually(`a failed stream to be counted as ${reason}`, async () => {
    if ((await server.metric('uniroute_stream_failures_total', { reason })) === 0) throw new Error('not counted')
  })
}
