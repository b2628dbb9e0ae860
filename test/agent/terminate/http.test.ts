import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { Agent as HttpsAgent } from 'node:https'
import { connect } from 'node:tls'
import t from 'tap'
import { WebSocket, WebSocketServer, type ClientOptions, type RawData } from 'ws'
import type { ConnectionEnd } from '../../../src/agent/index.js'
import { readUpstream } from '../../../src/config/index.js'
import { httpKeysFrom, httpOptionsOf } from '../../../src/config/http-schema.js'
import { Authority, type Pair } from '../../support/certificates.js'
import { eventually, within } from '../../support/hang.js'
import { switchingUpstream } from '../../support/http-upstream.js'
import { type Answer, call2, upstream } from '../../support/http-tunnel.js'
import { freePort } from '../../support/places.js'
import { closing, HOST, terminated } from './support.js'

t.test('by HTTP/1.1 and HTTP/2, with what servers tell upstreams', async (t) => {
  const { port } = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const { agent, visitors, server } = await terminated(t, port)
  t.match(agent.status().tunnels, [{ kind: 'http', publicUrl: `https://${HOST}:${server.port}` }])
  const told = { host: HOST, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': HOST }
  const first = await visitors.call(HOST, '/')
  t.equal(first.status, 200)
  t.match(JSON.parse(first.body), told)
  const second = await call2(visitors.http2(HOST), '/')
  t.equal(second.status, 200)
  t.match(JSON.parse(second.body), told)
  await t.rejects(
    server.call(HOST, '/'),
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    'the certificate is not that of the server',
  )
  await t.rejects(visitors.call('other.localhost', '/'), /unrecognized name/)
  t.equal((await visitors.call(HOST, '/', { host: 'other.localhost' })).status, 421)
})

t.test('rules, header fields and paths are kept to in the agent', async (t) => {
  const { port } = await upstream(t, (request, response) => response.end(String(request.headers['x-team'])))
  const origin = 'the test'
  const keys = httpKeysFrom([
    { path: ['basic_auth'], value: ['anna:secret-word'], origin },
    { path: ['request_header_add'], value: ['X-Team: shop'], origin },
    { path: ['response_header_add'], value: ['X-Answer: yes'], origin },
  ])
  const options = httpOptionsOf(keys, readUpstream(String(port)))
  const { visitors } = await terminated(t, port, { http: { options, path: '/api' } })
  const refused = await visitors.call(HOST, '/api')
  t.match(refused, { status: 401, headers: { 'x-uniroute-error': 'UR_VISITOR_LOGIN' } })
  const authorization = `Basic ${Buffer.from('anna:secret-word').toString('base64')}`
  const answer = await visitors.call(HOST, '/api/x', { headers: { authorization } })
  t.match(answer, { status: 200, body: 'shop', headers: { 'x-answer': 'yes' } })
  t.equal((await visitors.call(HOST, '/', { headers: { authorization } })).status, 404)
})

t.test('certificates of visitors are asked for by the agent', async (t) => {
  const { port } = await upstream(t, (request, response) => response.end(String(request.headers['client-cert'])))
  const [office, others] = await Promise.all([Authority.create(t, 'office'), Authority.create(t, 'others')])
  const [ann, zoe] = await Promise.all([office.issueClient('ann'), others.issueClient('zoe')])
  const keys = httpKeysFrom([{ path: ['mutual_tls_ca'], value: [office.ca], origin: 'the test' }])
  const options = httpOptionsOf(keys, readUpstream(String(port)))
  const { visitors } = await terminated(t, port, { http: { options } })
  const by = async (pair: Pair | null): Promise<[Answer, Answer]> => {
    const shown = pair === null ? {} : { cert: await readFile(pair.cert), key: await readFile(pair.key) }
    const agent = new HttpsAgent({ keepAlive: false, ...shown })
    const at = { host: '127.0.0.1', port: visitors.port, servername: HOST, ca: visitors.ca, ALPNProtocols: ['h2'] }
    const session = visitors.http2(HOST, { createConnection: () => connect({ ...at, ...shown }) })
    return [await visitors.call(HOST, '/', {}, agent), await call2(session, '/')]
  }
  const { raw } = new X509Certificate(await readFile(ann.cert))
  for (const answer of await by(ann)) t.match(answer, { status: 200, body: `:${raw.toString('base64')}:` })
  for (const { headers } of await by(zoe)) t.equal(headers['x-uniroute-error'], 'UR_VISITOR_CERT_UNTRUSTED')
  for (const { headers } of await by(null)) t.equal(headers['x-uniroute-error'], 'UR_VISITOR_CERT_MISSING')
})

t.test('bodies of many megabytes, both ways, by both versions', async (t) => {
  const { port } = await upstream(t, (request, response) => void request.pipe(response))
  const { visitors, agent } = await terminated(t, port)
  const body = Buffer.alloc(8 * 1024 * 1024, 'a piece of a body. ')
  const call = { method: 'POST', body }
  t.ok((await visitors.call(HOST, '/', call)).body === body.toString('latin1'))
  t.ok((await call2(visitors.http2(HOST), '/', call)).body === body.toString('latin1'))
  const [tunnel] = agent.status().tunnels
  t.ok((tunnel?.bytesIn ?? 0) > 2 * body.length && (tunnel?.bytesOut ?? 0) > 2 * body.length, 'they are counted')
})

t.test('a visitor who does not read stops the upstream', async (t) => {
  let written = 0
  const { port } = await upstream(t, (_request, response) => {
    const chunk = Buffer.alloc(64 * 1024)
    const write = (): void => {
      while (!response.destroyed) {
        written += chunk.length
        if (!response.write(chunk)) break
      }
    }
    response.on('drain', write)
    write()
  })
  const { visitors } = await terminated(t, port)
  const socket = visitors.tls(HOST)
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
  socket.pause()
  let before = -1
  await eventually('it to stop', async () => {
    const now = written
    const moved = now !== before
    before = now
    await new Promise((resolve) => setTimeout(resolve, 200))
    if (moved || written !== now || now === 0) throw new Error(`${now} bytes`)
  })
  t.ok(written < 64 * 1024 * 1024, `${written} bytes`)
})

t.test('connections are kept, and the upstream is dialled anew when it is back', async (t) => {
  const port = await freePort()
  const { visitors, agent } = await terminated(t, port)
  const kept = new HttpsAgent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => kept.destroy())
  const refused = await visitors.call(HOST, '/', { headers: { accept: 'application/json' } }, kept)
  t.equal(refused.status, 502)
  t.match(JSON.parse(refused.body), { code: 'UR_UPSTREAM_REFUSED' })
  t.match(agent.status().tunnels, [{ visitorsTotal: 1, failures: 1 }])
  let connections = 0
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  const server = createServer((socket) => {
    connections++
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => (chunk.includes('GET /cut') ? socket.destroy() : socket.write(answer)))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  for (let i = 0; i < 3; i++) t.match(await visitors.call(HOST, '/', {}, kept), { status: 200, body: 'ok' })
  t.equal(connections, 1)
  t.match(await visitors.call(HOST, '/cut', {}, kept), { headers: { 'x-uniroute-error': 'UR_UPSTREAM_RESET' } })
  t.match(await visitors.call(HOST, '/', {}, kept), { status: 200 })
  t.match(agent.status().tunnels, [{ visitorsTotal: 1, visitorsOpen: 1 }], 'all on one connection of the visitor')
})

t.test('a visitor who breaks off takes his request with him', async (t) => {
  const { port, server: upstreamServer } = await upstream(t, () => undefined)
  const { visitors, agent } = await terminated(t, port)
  for (const protocol of ['http/1.1', 'h2']) {
    const socket = visitors.tls(HOST, [protocol])
    const requested = once(upstreamServer, 'request') as Promise<[NodeJS.EventEmitter]>
    if (protocol === 'h2') visitors.http2(HOST, { createConnection: () => socket }).request({ ':path': '/' })
    else socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    const [request] = await within('the request', requested)
    const gone = closing(request)
    const closed = once(agent, 'closed')
    socket.destroy()
    await within('the end of the request', gone)
    await within('the end of the visitor', closed)
  }
  t.match(agent.status().tunnels, [{ visitorsTotal: 2, visitorsOpen: 0 }])
})

t.test('connections that are closed after an answer end in good order, and at once', async (t) => {
  const { port } = await upstream(t, (_request, response) => response.end('hello'))
  const { visitors, agent } = await terminated(t, port)
  for (const version of ['1.1', '2'] as const) {
    const ended = once(agent, 'closed') as Promise<[ConnectionEnd]>
    const began = performance.now()
    if (version === '1.1') await visitors.call(HOST, '/', { headers: { connection: 'close' } })
    else {
      const session = visitors.http2(HOST)
      await call2(session, '/')
      session.close()
    }
    const [{ error }] = await within('the end', ended)
    t.equal(error, null, version)
    t.ok(performance.now() - began < 1_500, 'nobody was waited for')
  }
})

t.test('a WebSocket: 1,000 messages and the closing handshake', async (t) => {
  const { port, server } = await upstream(t, (_, response) => response.end())
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => socket.on('message', (data: RawData) => socket.send(data)))
  const { visitors } = await terminated(t, port)
  const options: ClientOptions & { servername: string } = { ca: visitors.ca, servername: HOST, headers: { host: HOST } }
  const client = new WebSocket(`wss://127.0.0.1:${visitors.port}/chat`, options)
  await within('the handshake', once(client, 'open'))
  let echoed = 0
  const all = new Promise<void>((resolve) => client.on('message', () => ++echoed === 1_000 && resolve()))
  for (let i = 0; i < 1_000; i++) client.send(`message ${i}`)
  await within('the echoes', all)
  client.close(4000, 'bye')
  const [code] = (await within('the close', once(client, 'close'))) as [number]
  t.equal(code, 4000)
})

t.test('another protocol: what comes right behind the heads is not lost, and half-close goes through', async (t) => {
  const port = await switchingUpstream(t)
  const { visitors } = await terminated(t, port)
  const socket = visitors.tls(HOST)
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly`)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await eventually('the echo', async () => {
    if (!text.endsWith('early')) throw new Error(text)
  })
  socket.end()
  await within('the end', once(socket, 'close'))
  t.match(text, / bye$/)
})

t.test('an agent that stops lets requests end, and closes the connections that have none', async (t) => {
  let asked = (_answer: () => void): void => undefined
  const { port } = await upstream(t, (request, response) => {
    if (request.url === '/slow') asked(() => response.end('slow'))
    else response.end()
  })
  const { visitors, agent } = await terminated(t, port)
  const idle = visitors.http2(HOST)
  t.equal((await call2(idle, '/')).status, 200)
  const request = new Promise<() => void>((resolve) => (asked = resolve))
  const slow = visitors.call(HOST, '/slow')
  const answer = await within('the request', request)
  const closed = once(idle, 'close')
  const over = once(agent, 'close')
  agent.stop(20_000)
  await within('the end of the idle connection', closed)
  answer()
  t.match(await slow, { status: 200, body: 'slow' })
  await within('the end of the agent', over)
})
