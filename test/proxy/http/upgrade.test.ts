import { once } from 'node:events'
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2'
import { request } from 'node:https'
import type { Socket } from 'node:net'
import t from 'tap'
import { WebSocket, WebSocketServer, type ClientOptions, type RawData } from 'ws'
import { pause, within } from '../../support/hang.js'
import { switchingUpstream } from '../../support/http-upstream.js'
import { answered, call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  RawHttp2,
  uint32,
  WINDOW_UPDATE,
  type Field,
} from '../../support/raw-http2.js'

const HOST = 'shop.localhost'

t.test('a WebSocket: 10,000 messages and the closing handshake', async (t) => {
  const { port, server } = await upstream(t, (_, response) => response.end())
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) =>
    socket.on('message', (data: RawData, isBinary) => socket.send(data, { binary: isBinary })),
  )
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const options: ClientOptions & { servername: string } = { ca: tunnels.ca, servername: HOST, headers: { host: HOST } }
  const client = new WebSocket(`wss://127.0.0.1:${tunnels.port}/chat`, options)
  await within('the handshake', once(client, 'open'))
  let echoed = 0
  const all = new Promise<void>((resolve) => {
    client.on('message', (data: Buffer) => {
      if (data.toString() !== `message ${echoed}`) t.fail(`expected ${echoed}, got ${data.toString()}`)
      if (++echoed === 10_000) resolve()
    })
  })
  for (let i = 0; i < 10_000; i++) client.send(`message ${i}`)
  await within('the echoes', all)
  client.close(4000, 'bye')
  const [code, reason] = (await within('the close', once(client, 'close'))) as [number, Buffer]
  t.equal(code, 4000)
  t.equal(reason.toString(), 'bye')
})

t.test('any protocol: what comes right behind the heads is not lost, and half-close goes through', async (t) => {
  const port = await switchingUpstream(t)
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const socket = tunnels.tls(HOST)
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly`)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await within('the echo', new Promise<void>((resolve) => socket.on('data', () => text.includes('early') && resolve())))
  t.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*\r\n\r\nhello early$/)
  socket.end()
  await within('the end', once(socket, 'close'))
  t.match(text, / bye$/)
})

t.test('by HTTP/2, the last bytes wait for the window of a visitor who has ended his side', async (t) => {
  const port = await switchingUpstream(t)
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  /** SETTINGS_INITIAL_WINDOW_SIZE: 0 */
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']), Buffer.from([0, 4, 0, 0, 0, 0]))
  const head: Field[] = [
    [':method', 'CONNECT'],
    [':protocol', 'echo'],
    [':scheme', 'https'],
    [':path', '/'],
    [':authority', HOST],
  ]
  visitor.headers(1, head, END_HEADERS)
  await visitor.until('the answer', () => visitor.frames.find(({ type }) => type === HEADERS))
  visitor.write(frame(DATA, END_STREAM, 1, Buffer.from('early')))
  // By then the upstream has ended its side as well.
  await pause(500)
  visitor.write(frame(WINDOW_UPDATE, 0, 1, uint32(65_535)))
  t.match(await visitor.outcome(1), { statuses: [200], body: 'hello early bye', reset: null })
})

t.test(
  'an upstream that does not switch answers, and a WebSocket that does not begin with GET is refused',
  async (t) => {
    const { port } = await upstream(t, (_, response) => {
      response.writeHead(401, { 'content-length': 3 })
      response.end('who')
    })
    const tunnels = await HttpTunnels.start(t)
    await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
    const headers = { host: HOST, connection: 'Upgrade', upgrade: 'websocket' }
    const options = { host: '127.0.0.1', port: tunnels.port, servername: HOST, ca: tunnels.ca, headers }
    const refused = request(options)
    refused.end()
    const answer = await within('401', answered(refused))
    t.match(answer, { status: 401, body: 'who' })
    const wrong = request({ ...options, method: 'POST' })
    wrong.end()
    t.equal((await within('405', answered(wrong))).status, 405)
    const h2c = await tunnels.call(HOST, '/', {
      headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'x' },
    })
    t.equal(h2c.status, 401, 'h2c is not offered, and the request is served as it is')
    t.match(await tunnels.raw(HOST, `CONNECT other:80 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`), /^HTTP\/1\.1 405 /)
  },
)

t.test('a WebSocket over HTTP/2 (RFC 8441) to an upstream that speaks HTTP/1.1', async (t) => {
  const { port, server } = await upstream(t, (_, response) => response.end())
  server.on('upgrade', (request: { headers: Record<string, string> }, socket: Socket) => {
    t.match(request.headers, { 'sec-websocket-key': /^[\w+/]{22}==$/, 'sec-websocket-version': '13' })
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    socket.pipe(socket)
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  const session = tunnels.http2(HOST)
  const [settings] = (await within('settings', once(session, 'remoteSettings'))) as [
    { enableConnectProtocol?: boolean },
  ]
  t.equal(settings.enableConnectProtocol, true)
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/chat',
    ':scheme': 'https',
    'sec-websocket-version': '13',
  })
  const [head] = (await within('the answer', once(stream, 'response'))) as [Record<string, unknown>]
  t.equal(head[':status'], 200)
  t.equal(head['upgrade'], undefined)
  stream.write('frames')
  const [echo] = (await within('an echo', once(stream, 'data'))) as [Buffer]
  t.equal(echo.toString(), 'frames')
  stream.end()
  await within('the end', once(stream, 'close'))
})

t.test('a WebSocket behind the first request to an upstream of HTTP/2 waits for its SETTINGS', async (t) => {
  const server = createHttp2({ settings: { enableConnectProtocol: true } })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200 })
    if (headers[':method'] === 'CONNECT') stream.pipe(stream)
    else stream.end()
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  const session = tunnels.http2(HOST)
  await within('settings', once(session, 'remoteSettings'))
  const first = call2(session, '/')
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', ':scheme': 'https' })
  const [head] = (await within('the answer', once(stream, 'response'))) as [Record<string, unknown>]
  t.equal(head[':status'], 200)
  stream.write('frames')
  t.equal(String((await within('an echo', once(stream, 'data')))[0]), 'frames')
  t.equal((await first).status, 200)
  stream.close()
})

t.test('a WebSocket by HTTP/1.1 to an upstream of HTTP/2: nothing is lost at the change, either way', async (t) => {
  const server = createHttp2({ settings: { enableConnectProtocol: true } })
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200 })
    stream.pipe(stream)
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  const socket = tunnels.tls(HOST)
  const fields =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
  socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n\r\nearly`)
  let text = ''
  const echoed = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (text.endsWith(' and the end')) resolve()
    })
  })
  await within('the change', once(socket, 'data'))
  const long = 'x'.repeat(2_000_000)
  socket.write(long)
  socket.write(' and the end')
  await within('the echo', echoed)
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  t.match(text, /^HTTP\/1\.1 101 /)
  t.ok(body === `early${long} and the end`, `${body.length} bytes came back`)
  socket.destroy()
})
