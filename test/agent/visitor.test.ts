import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import net from 'node:net'
import path from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import type { ConnectionEnd, ConnectionInfo, TunnelSpec } from '../../src/agent/index.js'
import { AcceptResult } from '../../src/protocol/index.js'
import { Authority } from '../support/certificates.js'
import { freePort, listen, temporaryFolder } from '../support/places.js'
import { startEcho, startUpstream } from '../support/pumps.js'
import { makeAgent, next, ready, tcpTunnel, TestServer } from './test-server.js'

/** An agent with one tunnel, and its session on the test server. */
async function withTunnel(t: Test, spec: TunnelSpec, dialTimeoutMs = 10_000) {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server, { tunnels: [spec], dialTimeoutMs })
  await ready(agent)
  return { agent, session: await server.session() }
}

/** Everything until the end of a stream. */
async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk.toString()
  return text
}

t.test('visitors reach the upstream, are counted, and keep half-close', async (t) => {
  const echo = await startEcho(t)
  const { agent, session } = await withTunnel(t, tcpTunnel(echo.port))
  const opened: ConnectionInfo[] = []
  agent.on('opened', (connection) => opened.push(connection))
  const closed = next(agent, 'closed')
  const { accept, duplex } = await session.visit(1, Buffer.from('first '))
  t.equal(accept.result, AcceptResult.OK)
  t.match(opened, [{ id: 'c0ffee', tunnel: `tcp-${echo.port}`, visitor: '192.0.2.7:4711' }])
  t.match(agent.status().tunnels, [{ visitorsTotal: 1, visitorsOpen: 1 }])
  duplex.end('and the rest')
  t.equal(await readAll(duplex), 'first and the rest')
  const [end] = await closed
  t.match(end, { ...opened[0], bytesIn: 18, bytesOut: 18, error: null } satisfies Partial<ConnectionEnd>)
  t.match(agent.status().tunnels, [{ visitorsOpen: 0, bytesIn: 18, bytesOut: 18, failures: 0 }])
})

t.test('a visitor who ends before the upstream is connected loses nothing', async (t) => {
  const echo = await startEcho(t)
  const { session } = await withTunnel(t, tcpTunnel(echo.port))
  const visits = Array.from({ length: 20 }, async (_, i) => {
    const { duplex } = await session.visit(1, Buffer.from(`visitor ${i}`))
    duplex.end()
    return readAll(duplex)
  })
  t.same(
    await Promise.all(visits),
    Array.from({ length: 20 }, (_, i) => `visitor ${i}`),
  )
})

t.test('localhost is tried on both families', async (t) => {
  const six = net.createServer((socket) => socket.on('error', () => undefined).end('six'))
  await new Promise<void>((resolve) => six.listen({ host: '::1', port: 0 }, resolve))
  t.teardown(() => six.close())
  const { port } = six.address() as net.AddressInfo
  const { session } = await withTunnel(t, tcpTunnel(port, { upstream: { kind: 'tcp', host: 'localhost', port } }))
  for (let visits = 0; visits < 3; visits++) t.equal(await readAll((await session.visit(1)).duplex), 'six')

  const four = net.createServer((socket) => socket.on('error', () => undefined).end('four'))
  await new Promise((resolve) => six.close(resolve))
  await listen(four, port)
  t.teardown(() => four.close())
  for (let visits = 0; visits < 3; visits++) t.equal(await readAll((await session.visit(1)).duplex), 'four')
})

t.test('a unix socket as upstream, and one that does not exist', async (t) => {
  const file = path.join(await temporaryFolder(t), 'upstream.sock')
  const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
  await new Promise<void>((resolve) => server.listen(file, resolve))
  const { session, agent } = await withTunnel(t, { name: 'unix', kind: 'tcp', upstream: { kind: 'unix', path: file } })
  const { duplex } = await session.visit(1)
  duplex.end('through a file')
  t.equal(await readAll(duplex), 'through a file')
  await new Promise((resolve) => server.close(resolve))
  await rm(file, { force: true })
  const { accept } = await session.visit(1)
  t.match(accept, { result: AcceptResult.UPSTREAM_NOT_FOUND, detail: /upstream\.sock.*ENOENT/ })
  t.match(agent.status().tunnels, [{ failures: 1, visitorsTotal: 2 }])
})

t.test('the answer names the step that failed', async (t) => {
  t.test('nobody listens', async (t) => {
    const port = await freePort()
    const { session, agent } = await withTunnel(t, tcpTunnel(port))
    const closed = next(agent, 'closed')
    const { accept } = await session.visit(1)
    t.match(accept, { result: AcceptResult.UPSTREAM_REFUSED, detail: new RegExp(`127.0.0.1:${port}.*ECONNREFUSED`) })
    t.match(await closed, [{ error: { code: 'UR_UPSTREAM_REFUSED' } }])
  })

  t.test('no such name', async (t) => {
    const upstream = { kind: 'tcp', host: 'nowhere.invalid', port: 80 } as const
    const { session } = await withTunnel(t, tcpTunnel(80, { upstream }))
    t.match((await session.visit(1)).accept, { result: AcceptResult.UPSTREAM_NOT_FOUND, detail: /nowhere\.invalid/ })
  })

  t.test('no such tunnel', async (t) => {
    const { session } = await withTunnel(t, tcpTunnel(80))
    t.match((await session.visit(77)).accept, { result: AcceptResult.NO_SUCH_TUNNEL, detail: /77/ })
  })

  t.test('a TLS upstream that says nothing', async (t) => {
    const silent = await startUpstream(t, () => undefined)
    const upstream = { kind: 'tls', host: '127.0.0.1', port: silent.port } as const
    const { session } = await withTunnel(t, tcpTunnel(silent.port, { upstream }), 100)
    t.match((await session.visit(1)).accept, {
      result: AcceptResult.UPSTREAM_TIMED_OUT,
      detail: /TLS handshake within 0\.1 s/,
    })
  })

  t.test('a TLS upstream that speaks no TLS', async (t) => {
    const plain = await startUpstream(t, (socket) => socket.end('HTTP/1.0 400 no\r\n\r\n'))
    const upstream = { kind: 'tls', host: '127.0.0.1', port: plain.port } as const
    const { session } = await withTunnel(t, tcpTunnel(plain.port, { upstream }))
    t.match((await session.visit(1)).accept, { result: AcceptResult.UPSTREAM_TLS_FAILED, detail: /WRONG_VERSION/ })
  })
})

t.test('a TLS upstream is verified', async (t) => {
  const authority = await Authority.create(t, 'upstream authority')
  const pair = await authority.issue(['localhost'])
  const [cert, key] = await Promise.all([readFile(pair.cert), readFile(pair.key)])
  const secure = tls.createServer({ cert, key, allowHalfOpen: true }, (socket) => socket.pipe(socket))
  const port = await listen(secure)
  t.teardown(() => secure.close())
  const upstream = { kind: 'tls', host: 'localhost', port } as const

  t.test('against its own authority', async (t) => {
    const { session } = await withTunnel(t, tcpTunnel(port, { upstream, upstreamTls: { caFile: authority.ca } }))
    const { accept, duplex } = await session.visit(1, Buffer.from('sec'))
    t.match(accept, { result: AcceptResult.OK })
    duplex.end('ret')
    t.equal(await readAll(duplex), 'secret')
  })

  t.test('and refused when nobody vouches for it', async (t) => {
    const { session } = await withTunnel(t, tcpTunnel(port, { upstream }))
    t.match((await session.visit(1)).accept, { result: AcceptResult.UPSTREAM_TLS_FAILED, detail: /UNABLE_TO_/ })
  })

  t.test('and refused when it has another name', async (t) => {
    const upstreamTls = { caFile: authority.ca, serverName: 'other.test' }
    const { session } = await withTunnel(t, tcpTunnel(port, { upstream, upstreamTls }))
    t.match((await session.visit(1)).accept, { result: AcceptResult.UPSTREAM_TLS_FAILED, detail: /ALTNAME/ })
  })

  t.test('unless that was asked for', async (t) => {
    const { session } = await withTunnel(t, tcpTunnel(port, { upstream, upstreamTls: { insecure: true } }))
    t.match((await session.visit(1)).accept, { result: AcceptResult.OK })
  })
})

t.test('the PROXY header comes before the first byte of the visitor', async (t) => {
  const echo = await startEcho(t)
  const { session } = await withTunnel(t, tcpTunnel(echo.port, { proxyProtocol: 1 }))
  const { duplex } = await session.visit(1, Buffer.from('hello'))
  duplex.end()
  t.equal(await readAll(duplex), 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 20001\r\nhello')
})

t.test('a visitor who leaves while the upstream is dialled is let go', async (t) => {
  const silent = await startUpstream(t, (socket) => socket.on('end', () => socket.end()).resume())
  const upstream = { kind: 'tls', host: '127.0.0.1', port: silent.port } as const
  const { session, agent } = await withTunnel(t, tcpTunnel(silent.port, { upstream }))
  const opened = next(agent, 'opened')
  const connected = once(silent.server, 'connection')
  const visit = session.visit(1)
  visit.catch(() => undefined)
  await opened
  const [socket] = (await connected) as [net.Socket]
  const gone = once(socket, 'close')
  const closed = next(agent, 'closed')
  for (const stream of session.openStreams()) stream.reset()
  await closed
  await gone
  t.match(agent.status().tunnels, [{ visitorsOpen: 0 }])
})

t.test('an upstream that resets takes the visitor with it', async (t) => {
  const rude = await startUpstream(t, (socket) => socket.once('data', () => socket.resetAndDestroy()))
  const { session, agent } = await withTunnel(t, tcpTunnel(rude.port))
  const closed = next(agent, 'closed')
  const { duplex } = await session.visit(1)
  const ended = new Promise<Error>((resolve) => duplex.once('error', resolve))
  duplex.write('!')
  t.match(await ended, { code: 'UR_WIRE_RESET' })
  t.match(await closed, [{ error: { code: 'UR_UPSTREAM_RESET' } }])
})
