import { constants, createServer as createHttp2, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { createServer } from 'node:net'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import { eventually, within } from '../../support/hang.js'
import { call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'
import { freePort, listen } from '../../support/places.js'

const HOST = 'shop.localhost'

t.test(
  'an upstream that refuses, and one that answers nonsense, are told apart; the agent has the same id',
  async (t) => {
    const tunnels = await HttpTunnels.start(t)
    const port = await freePort()
    const agent = await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
    const failed = new Promise<{ id: string; error: unknown }>((resolve) => agent.on('closed', resolve))
    const refused = await tunnels.call(HOST, '/', { headers: { accept: 'application/json' } })
    t.equal(refused.status, 502)
    const page = JSON.parse(refused.body) as { code: string; request_id: string }
    t.equal(page.code, 'UR_UPSTREAM_REFUSED')
    t.match(await within('the log of the agent', failed), {
      id: page.request_id,
      error: { code: 'UR_UPSTREAM_REFUSED' },
    })

    const answers = [
      'hello\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    ]
    let at = 0
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(answers[at] ?? ''))
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    for (; at < answers.length; at++) {
      const answer = await tunnels.call(HOST, '/')
      t.equal(answer.status, 502, `answer ${at}`)
      t.equal(answer.headers['x-uniroute-error'], 'UR_UPSTREAM_INVALID')
    }
  },
)

t.test('an upstream that hangs up before or in the middle of its answer', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (chunk) => {
      if (chunk.toString().startsWith('GET /middle')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc')
      socket.end()
    })
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  t.equal((await tunnels.call(HOST, '/')).headers['x-uniroute-error'], 'UR_UPSTREAM_RESET')
  await t.rejects(tunnels.call(HOST, '/middle'), { code: 'ECONNRESET' })
  await t.rejects(call2(tunnels.http2(HOST), '/middle'), { code: 'ERR_HTTP2_STREAM_ERROR' })
})

t.test('an upstream that does not answer in time', async (t) => {
  const { port } = await upstream(t, () => undefined)
  const tunnels = await HttpTunnels.start(t, { http_response_timeout: '1s' })
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const answer = await tunnels.call(HOST, '/')
  t.equal(answer.status, 504)
  t.equal(answer.headers['x-uniroute-error'], 'UR_UPSTREAM_SILENT')
})

t.test('an agent that is gone: requests wait for it, then are answered 503 with Retry-After', async (t) => {
  const { port } = await upstream(t, (_, response) => response.end('ok'))
  const tunnels = await HttpTunnels.start(t)
  const tunnel = { name: 'web', upstream: port, subdomain: 'shop', holdMs: 30_000 }
  const first = await tunnels.agent(tunnel)
  t.equal((await tunnels.call(HOST, '/')).body, 'ok')
  first.stop(0)
  await within('the end of the agent', new Promise((resolve) => first.once('close', resolve)))
  const waiting = tunnels.call(HOST, '/')
  await tunnels.agent(tunnel)
  t.equal((await waiting).body, 'ok', 'the next agent serves what waited')
  const again = await tunnels.agent({ ...tunnel, holdMs: 0 })
  again.stop(0)
  await within('the end of the agent', new Promise((resolve) => again.once('close', resolve)))
  await eventually('503', async () => {
    const answer = await tunnels.call(HOST, '/')
    if (answer.status !== 503) throw new Error(`it was ${answer.status}`)
    t.match(answer.headers, { 'retry-after': /^\d+$/, 'x-uniroute-error': 'UR_AGENT_OFFLINE' })
  })
})

t.test('an upstream that is restarted under load: no GET fails', async (t) => {
  const listener = (_: unknown, response: ServerResponse) => response.end('ok')
  const { port, server } = await upstream(t, listener)
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', holdMs: 30_000 })
  const session = tunnels.http2(HOST)
  t.equal((await call2(session, '/')).body, 'ok')
  const calls: Promise<{ status: number; body: string }>[] = []
  const load = async (count: number) => {
    for (let i = 0; i < count; i++) {
      calls.push(call2(session, '/'))
      await new Promise(setImmediate)
    }
  }
  await load(20)
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await load(20)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await load(20)
  for (const { status, body } of await Promise.all(calls)) t.same({ status, body }, { status: 200, body: 'ok' })
})

t.test('an upstream of HTTP/2 that breaks requests off, each alone, has one connection all the time', async (t) => {
  const server = createHttp2()
  let connections = 0
  let requests = 0
  server.on('session', () => connections++)
  server.on('stream', (stream: ServerHttp2Stream) => {
    requests++
    stream.on('error', () => undefined)
    stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  for (let i = 0; i < 5; i++) t.equal((await tunnels.call(HOST, '/')).headers['x-uniroute-error'], 'UR_UPSTREAM_RESET')
  t.equal(requests, 5, 'none is sent again: there is nobody else to ask')
  t.equal(connections, 1)
})

t.test('a connection to an upstream of HTTP/2 is lost: its GETs go together over the next one', async (t) => {
  const server = createHttp2()
  const sessions: ServerHttp2Session[] = []
  const waiting: ServerHttp2Stream[] = []
  server.on('session', (session) => sessions.push(session))
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    const answer = () => {
      stream.respond({ ':status': 200 })
      stream.end('ok')
    }
    if (sessions.length > 1 || headers[':path'] === '/first') return answer()
    waiting.push(stream)
    if (waiting.length === 20) sessions[0]?.destroy()
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  t.equal((await tunnels.call(HOST, '/first')).body, 'ok')
  const calls = Array.from({ length: 20 }, (_, i) => tunnels.call(HOST, `/${i}`))
  for (const { status, body } of await Promise.all(calls)) t.same([status, body], [200, 'ok'])
  t.equal(sessions.length, 2)
})
