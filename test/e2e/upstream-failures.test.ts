import net from 'node:net'
import path from 'node:path'
import tls from 'node:tls'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { Authority } from '../support/certificates.js'
import { eventually, within } from '../support/hang.js'
import { freePort, program, temporaryFolder, type Owner } from '../support/places.js'
import { Process } from '../support/processes.js'
import { Agent, Server } from '../support/product.js'
import { echo, echoOn, exchange, startEcho, startUpstream, visit } from '../support/pumps.js'

// One of them waits for the agent's patience to end, and the others need not wait for it.
t.jobs = 2

const server = await Server.start(t)

t.test(
  'an upstream that hangs while it accepts: the visitor is let go after a limit',
  { buffered: true },
  async (t) => {
    const agent = await Agent.start(t, server, ['tcp', String(await deafPort(t))])
    const { answer } = await exchange(agent.port(), 'hello', { ms: 25_000 })
    t.equal(answer.length, 0)
    await agent.failed('UR_UPSTREAM_TIMED_OUT')
    await counted(server, 'UR_UPSTREAM_TIMED_OUT')
  },
)

t.test('an upstream that refuses', { buffered: true }, async (t) => {
  const port = await freePort()
  const agent = await Agent.start(t, server, ['tcp', String(port)])
  const { answer, ms } = await exchange(agent.port(), 'hello')
  t.equal(answer.length, 0)
  t.ok(ms < 2000, 'the visitor is told at once')
  const { message } = await agent.failed('UR_UPSTREAM_REFUSED')
  t.match(message, new RegExp(`localhost:${port}`), 'the agent names the upstream')
  await counted(server, 'UR_UPSTREAM_REFUSED')

  await startEcho(t, port)
  await echo(agent.port())
  t.pass('and the tunnel works as soon as the upstream does')
})

t.test('an upstream that resets', { buffered: true }, async (t) => {
  const upstream = await startUpstream(t, (socket) => {
    socket.once('data', () => {
      socket.write('half an ans')
      socket.once('data', () => socket.resetAndDestroy())
    })
  })
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  const visitor = await visit(agent.port())
  const ended = new Promise<string>((resolve) => {
    visitor.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    visitor.once('end', () => resolve('FIN'))
  })
  visitor.once('data', () => visitor.write('go on'))
  visitor.write('hello')
  t.equal(await within('the end', ended), 'ECONNRESET', 'the visitor sees a reset, not an end')
  t.match(await agent.failed(/./), { code: 'UR_UPSTREAM_RESET' })
})

t.test('a visitor that resets', { buffered: true }, async (t) => {
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

t.test(
  'an upstream that hangs after it accepted: others are not held up, and the visitor may leave',
  { buffered: true },
  async (t) => {
    const upstream = await startUpstream(t, (socket) => socket.pause())
    const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
    const working = await Agent.start(t, server, ['tcp', String((await startEcho(t)).port)])
    const full = await visit(agent.port())
    full.write(Buffer.alloc(8 * 1024 * 1024))
    const stuck = await visit(agent.port())
    stuck.write('hello')
    await eventually('both to arrive', async () => {
      if (upstream.open.size < 2) throw new Error(`${upstream.open.size} arrived`)
    })
    await echo(working.port())
    stuck.resetAndDestroy()
    await eventually('the upstream connection to go', async () => {
      if (upstream.open.size > 1) throw new Error('still there')
    })
    full.destroy()
  },
)

t.test('an upstream by unix socket, by name, and over TLS', { buffered: true }, async (t) => {
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
  await untrusted.failed('UR_UPSTREAM_TLS')
})

/** A port whose listener never accepts, with its queue full: the kernel drops further connections in silence. */
async function deafPort(t: Owner): Promise<number> {
  const listen = `use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0); bind($s, sockaddr_in(0, inet_aton("127.0.0.1")));
    listen($s, 0); $| = 1; print((sockaddr_in(getsockname($s)))[0], "\\n"); sleep 1000`
  const deaf = new Process('deaf upstream', await program('perl', 'perl-base'), ['-e', listen])
  t.teardown(() => deaf.stop('SIGKILL'))
  const port = Number(await deaf.line(/^\d+$/))
  const fill = net.connect(port, '127.0.0.1')
  t.teardown(() => fill.destroy())
  await new Promise((resolve) => fill.once('connect', resolve))
  return port
}

async function counted(server: Server, reason: string): Promise<void> {
  await eventually(`a failed stream to be counted as ${reason}`, async () => {
    if ((await server.metric('uniroute_stream_failures_total', { reason })) === 0) throw new Error('not counted')
  })
}
