import { randomBytes } from 'node:crypto'
import tls from 'node:tls'
import net from 'node:net'
import t from 'tap'
import { eventually } from '../support/hang.js'
import { must } from '../support/processes.js'
import { program } from '../support/places.js'
import { Agent, Server } from '../support/product.js'
import { echo, exchange, startEcho } from '../support/pumps.js'

const DEADLINE_MS = 5000
const HELLO_BYTES = 16 * 1024

t.test('what is no agent and no visitor on the TLS port', async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  t.afterEach(() => echo(agent.port()))

  t.test('plain HTTP gets a 400 that says so', async (t) => {
    const curl = await program('curl', 'curl')
    const { out } = await must(curl, ['-sS', '--noproxy', '*', '-i', `http://127.0.0.1:${server.port}/path`])
    t.match(out, /^HTTP\/1\.1 400 /)
    t.match(out, /https/i, 'and what to do')
    await rejected(server, 'UR_HELLO_PLAIN_HTTP')
  })

  t.test('garbage', async (t) => {
    const { ms } = await exchange(server.port, Buffer.concat([Buffer.from([0xff]), randomBytes(200)]))
    t.ok(ms < DEADLINE_MS, 'is turned away at once')
    await rejected(server, 'UR_HELLO_NOT_TLS')
  })

  t.test('SSH', async (t) => {
    const { ms } = await exchange(server.port, 'SSH-2.0-OpenSSH_9.2p1\r\n')
    t.ok(ms < DEADLINE_MS)
  })

  t.test('nothing, half a ClientHello, and an agent without a Hello, until the deadline', async (t) => {
    const half = (await clientHello()).subarray(0, 60)
    const waits = {
      silent: silence(server.port, ''),
      partial: silence(server.port, half),
      agent: silentAgent(server.port),
    }
    for (const [name, wait] of Object.entries(waits)) {
      const ms = Math.round(await wait)
      t.ok(ms > DEADLINE_MS - 500 && ms < DEADLINE_MS + 2000, `${name}: closed after ${ms} ms`)
    }
    await rejected(server, 'UR_HELLO_TIMEOUT', 2)
  })

  t.test('half a ClientHello and then the end', async () => {
    await exchange(server.port, (await clientHello()).subarray(0, 60), { half: true })
    await rejected(server, 'UR_HELLO_CLOSED')
  })

  t.test('a ClientHello of more than 16 KiB', async (t) => {
    const record = Buffer.concat([Buffer.from([22, 3, 1, 0x3f, 0xff]), Buffer.alloc(0x3fff)])
    record.set([1, 0, 0x7f, 0xff], 5)
    const { ms } = await exchange(server.port, Buffer.concat([record, record]).subarray(0, HELLO_BYTES + 200))
    t.ok(ms < DEADLINE_MS, 'is turned away as soon as it is too long')
    await rejected(server, 'UR_HELLO_TOO_LONG')
  })

  t.test('a TLS record that holds no ClientHello', async (t) => {
    const { answer } = await exchange(server.port, Buffer.concat([Buffer.from([22, 3, 1, 0, 40]), randomBytes(40)]))
    t.equal(answer[0] ?? 21, 21, 'gets a TLS alert, if anything')
    await rejected(server, 'UR_HELLO_INVALID')
  })

  t.test('an agent that sends garbage after its TLS handshake', async (t) => {
    const socket = connectAsAgent(server.port)
    socket.write(Buffer.alloc(70_000, 0xff))
    await new Promise((resolve) => socket.once('close', resolve))
    t.pass('is closed')
  })
})

t.test('10,000 connections that say nothing', async (t) => {
  const silent = 10_000
  const [server, upstream] = await Promise.all([Server.start(t), startEcho(t)])
  const agent = await Agent.start(t, server, ['tcp', String(upstream.port)])
  const sockets = await openSilent(t, server.port, silent)
  t.ok((await server.metric('uniroute_pending_connections')) <= 4096, 'the bound on silent connections holds')

  await echo(agent.port())
  await Agent.start(t, server, ['tcp', String(upstream.port)])
  t.pass('visitors and agents get through')

  await eventually('every silent connection to be closed', async () => {
    const open = sockets.filter((socket) => !socket.destroyed).length
    if (open > 0) throw new Error(`${open} are open`)
  })
  t.equal(await server.metric('uniroute_pending_connections'), 0)
  await rejected(server, 'UR_PENDING_LIMIT')
  await echo(agent.port())
})

/** Opens `count` connections, a few hundred at a time, and keeps them. */
async function openSilent(t: { teardown(work: () => unknown): unknown }, port: number, count: number) {
  const sockets: net.Socket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
  })
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(250, count - sockets.length) }, () => net.connect(port, '127.0.0.1'))
    await Promise.all(
      batch.map((socket) => {
        socket.on('error', () => undefined)
        socket.resume()
        return new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
      }),
    )
    sockets.push(...batch)
  }
  return sockets
}

/** How long a connection that sends `bytes` and then nothing is let stay, ms. */
async function silence(port: number, bytes: Buffer | string): Promise<number> {
  return (await exchange(port, bytes)).ms
}

/** The same of an agent's connection after its TLS handshake. */
async function silentAgent(port: number): Promise<number> {
  const start = performance.now()
  const socket = connectAsAgent(port)
  await new Promise((resolve) => socket.once('close', resolve))
  return performance.now() - start
}

function connectAsAgent(port: number): tls.TLSSocket {
  const options = { port, host: '127.0.0.1', ALPNProtocols: ['uniroute/1'], rejectUnauthorized: false }
  const socket = tls.connect(options)
  socket.on('error', () => undefined)
  socket.resume()
  return socket
}

/** A ClientHello as Node sends it. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.once('data', (chunk: Buffer) => {
        socket.destroy()
        server.close()
        resolve(chunk)
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      tls.connect({ port, host: '127.0.0.1', servername: 'some.example.test' }).on('error', () => undefined)
    })
  })
}

/** Waits until at least `count` connections were counted as turned away for `reason`. */
async function rejected(server: Server, reason: string, count = 1): Promise<void> {
  await eventually(`${count} rejections for ${reason}`, async () => {
    const seen = await server.metric('uniroute_rejections_total', { reason })
    if (seen < count) throw new Error(`${seen} seen`)
  })
}
