import { createServer as createHttp2, createSecureServer } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { readUpstream } from '../../../src/config/index.js'
import { systemClock } from '../../../src/core/clock.js'
import { ExchangeBook } from '../../../src/inspector/book.js'
import { recordingOf } from '../../../src/inspector/files/recording.js'
import { beginExchange } from '../../../src/inspector/record/writer.js'
import { Redactor } from '../../../src/inspector/redact/index.js'
import { Replayer } from '../../../src/inspector/replay/replayer.js'
import type { UpstreamSpec } from '../../../src/inspector/replay/send.js'
import { RequestStatistics } from '../../../src/inspector/status/statistics.js'
import { Authority } from '../../support/certificates.js'
import { upstream } from '../../support/http-upstream.js'
import { freePort, listen, temporaryFolder } from '../../support/places.js'
import { exchange } from '../support.js'
import { answer, message, recorder } from '../messages.js'

function setUp(upstreamText: string, spec: Partial<UpstreamSpec> = {}, timeoutMs = 10_000) {
  const book = new ExchangeBook(10_000_000)
  const web: UpstreamSpec = { name: 'web', kind: 'http', upstream: readUpstream(upstreamText), ...spec }
  const tunnels = () => [web, { name: 'db', kind: 'tcp', upstream: readUpstream('1') } as const]
  return { book, replayer: new Replayer({ clock: systemClock, recorder: recorder(book), tunnels, timeoutMs }) }
}

interface Got {
  method: string
  url: string
  headers: string[]
  body: string
}

async function echo(t: Test) {
  const got: Got[] = []
  const { port } = await upstream(t, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')))
    request.on('end', () => {
      got.push({ method: request.method ?? '', url: request.url ?? '', headers: request.rawHeaders, body })
      response.writeHead(200, 'Fine', { 'X-Number': got.length, 'Content-Type': 'application/json', Trailer: 'X-Sum' })
      response.write(JSON.stringify({ number: got.length, body }))
      response.addTrailers({ 'X-Sum': '1' })
      response.end()
    })
  })
  return { port, got }
}

const captured = exchange('0194f1b2c3400001', {
  method: 'POST',
  target: '/orders?id=7&token=[redacted]',
  request: message(
    [
      ...['Host', 'shop.example.com', 'Content-Type', 'text/plain', 'X-Two', '1', 'x-two', '2', 'Content-Length', '3'],
      ...[
        'Connection',
        'keep-alive, X-Hop',
        'X-Hop',
        '1',
        'Keep-Alive',
        '5',
        'Transfer-Encoding',
        'chunked',
        'TE',
        'gzip',
      ],
      ...['Authorization', 'Bearer secret', 'Expect', '100-continue'],
    ],
    'tea',
  ),
  response: answer(200, ['X-Number', '1', 'Content-Type', 'application/json'], '{"number":1,"body":"tea"}'),
})

t.test('a request as it was: kept secrets are sent, and what belongs to one connection is not', async (t) => {
  const { port, got } = await echo(t)
  const { book, replayer } = setUp(String(port))
  const { exchange: made, omitted } = await replayer.replay(captured)
  t.same(omitted, ['?token'])
  t.strictSame(got, [
    {
      method: 'POST',
      url: '/orders?id=7',
      body: 'tea',
      headers: [
        ...['Host', 'shop.example.com', 'Content-Type', 'text/plain', 'X-Two', '1', 'x-two', '2'],
        ...['Authorization', 'Bearer secret', 'Content-Length', '3', 'Connection', 'close'],
      ],
    },
  ])
  t.match(made, {
    state: 'done',
    tunnel: 'web',
    replayOf: captured.id,
    method: 'POST',
    response: { status: 200, reason: 'Fine', trailers: [{ name: 'X-Sum', value: '1' }] },
  })
  t.notMatch(JSON.stringify(made.request.fields.map(({ value }) => value)), /secret/)
  t.ok(made.doneMs! >= made.answeredMs! && made.answeredMs! >= made.requestDoneMs!)
  t.equal(book.get(made.id), made, 'it is kept as any other')
})

t.test('what no visitor sent is not counted as a request of its tunnel', async (t) => {
  const { port } = await echo(t)
  const { book, replayer } = setUp(String(port))
  const statistics = new RequestStatistics(book)
  const kept = recorder(book)
  const recording = recordingOf(captured)
  await replayer.replay(captured)
  t.match(await replayer.run('all', [recording], {}), { failed: 0, results: [{ exchange: { state: 'done' } }] })
  kept.imported(recording)
  t.match(statistics.of('web'), { count: 0, open: 0 })
  t.equal(statistics.timeSpent(), null)
  const head = { method: 'GET', target: '/', host: 'x', protocol: 'HTTP/1.1', fields: [], startedAtMs: 0 }
  const context = { book, redactor: new Redactor({ headers: [], jsonPaths: [], reveal: false }), bodyLimit: 0 }
  beginExchange(context, { tunnel: 'web', visitor: '192.0.2.1', epochMs: Date.now() }, head)
  t.match(statistics.of('web'), { count: 1, open: 1 })
})

t.test('a secret that was not kept is left out, and named', async (t) => {
  const { port, got } = await echo(t)
  const { replayer } = setUp(String(port))
  const fields = [{ name: 'Authorization', value: '[redacted]', redacted: true, secret: null }]
  const { omitted } = await replayer.replay(exchange('0194f1b2c3400001', { request: message([], '', { fields }) }))
  t.same(omitted, ['Authorization'])
  t.notMatch(got[0]?.headers.join(), /authorization/i)
})

t.test('edited: method, target, fields, body; what must not be sent is refused', async (t) => {
  const { port, got } = await echo(t)
  const { replayer } = setUp(String(port))
  const fields = [
    { name: 'Host', value: 'other.example.com' },
    { name: 'authorization', value: '[redacted]' },
    { name: 'X-New', value: 'é' },
  ]
  await replayer.replay(captured, { method: 'PUT', target: '/x', fields, body: { base64: 'AP8=' } })
  t.match(got.pop(), { method: 'PUT', url: '/x', body: '\0\xff' })
  await replayer.replay(captured, { fields, body: { text: 'é' } })
  t.match(got.pop(), {
    body: Buffer.from('é').toString('latin1'),
    headers: ['Host', 'other.example.com', 'authorization', 'Bearer secret', 'X-New', 'é', 'Content-Length', '2'],
  })
  const packed = exchange('0194f1b2c3400001', {
    method: 'POST',
    request: message(['Content-Encoding', 'gzip'], gzipSync('tea'), { codings: ['gzip'] }),
  })
  await replayer.replay(packed)
  t.match(got.pop()?.headers, ['Host', String, 'Content-Encoding', 'gzip'])
  await replayer.replay(packed, { body: { text: 'tea' } })
  t.notMatch(got.pop()?.headers.join(), /encoding/i, 'text that is given is not packed')
  const wrong: [object, string][] = [
    [{ method: 'G T' }, 'UR_REPLAY_REQUEST'],
    [{ method: 'CONNECT' }, 'UR_REPLAY_REQUEST'],
    [{ target: 'x' }, 'UR_REPLAY_REQUEST'],
    [{ target: '/ x' }, 'UR_REPLAY_REQUEST'],
    [{ target: '/\r\nX: 1' }, 'UR_REPLAY_REQUEST'],
    [{ fields: [{ name: 'X Y', value: '' }] }, 'UR_REPLAY_REQUEST'],
    [{ fields: [{ name: 'X', value: 'a\r\nY: 1' }] }, 'UR_REPLAY_REQUEST'],
    [{ tunnel: 'nobody' }, 'UR_REPLAY_TUNNEL'],
    [{ tunnel: 'db' }, 'UR_REPLAY_TUNNEL'],
    [{ upstream: 'nonsense://' }, 'UR_UPSTREAM_SYNTAX'],
  ]
  for (const [edits, code] of wrong) await t.rejects(replayer.replay(captured, edits), { code }, JSON.stringify(edits))
  const cut = exchange('0194f1b2c3400001', { request: message([], 'te', { truncated: true, bytes: 3 }) })
  await t.rejects(replayer.replay(cut), { code: 'UR_REPLAY_TRUNCATED' })
  await replayer.replay(cut, { method: 'POST', body: { text: 'tea' } })
  t.match(got.pop(), { body: 'tea' })
  await t.rejects(replayer.replay(exchange('0194f1b2c3400001', { kind: 'websocket' })), { code: 'UR_REPLAY_KIND' })
  t.same(got, [], 'nothing of that was sent')
})

t.test('to another upstream, over a Unix socket, over TLS with its authority', async (t) => {
  const folder = await temporaryFolder(t)
  const socket = path.join(folder, 'web.sock')
  const onSocket = createServer((_, response) => response.end('unix'))
  await new Promise<void>((resolve) => onSocket.listen(socket, resolve))
  t.teardown(() => onSocket.close())
  const authority = await Authority.create(t, 'upstreams')
  const pair = await authority.issue(['localhost'])
  const [cert, key] = await Promise.all([readFile(pair.cert), readFile(pair.key)])
  const secure = createHttps({ cert, key }, (_, response) => response.end('tls'))
  const port = await listen(secure)
  t.teardown(() => secure.close())
  const body = async (replayed: ReturnType<Replayer['replay']>) =>
    Buffer.concat((await replayed).exchange.response?.body ?? []).toString()
  const { replayer } = setUp(`https://localhost:${port}`, { upstreamTls: { caFile: authority.ca } })
  t.equal(await body(replayer.replay(captured)), 'tls')
  t.equal(await body(replayer.replay(captured, { upstream: `unix:${socket}` })), 'unix')
  const other = setUp(`https://localhost:${port}`).replayer
  await t.rejects(other.replay(captured), { code: 'UR_UPSTREAM_TLS' })
})

t.test('gRPC over HTTP/2, with its trailers; TLS with ALPN', async (t) => {
  const got: object[] = []
  const grpc = (server: ReturnType<typeof createHttp2> | ReturnType<typeof createSecureServer>) =>
    server.on('stream', (stream, headers) => {
      got.push(headers)
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.pipe(stream)
    })
  const server = createHttp2()
  grpc(server)
  const port = await listen(server)
  t.teardown(() => server.close())
  const call = exchange('0194f1b2c3400001', {
    kind: 'grpc',
    method: 'POST',
    target: '/hello.Greeter/Hello',
    protocol: 'HTTP/2.0',
    request: message(['content-type', 'application/grpc', 'te', 'trailers', 'x-two', '1', 'x-two', '2'], 'abc'),
  })
  const http = { upstreamProtocol: 'http2' } as const
  const { exchange: made } = await setUp(String(port), { http }).replayer.replay(call)
  t.match(made, {
    protocol: 'HTTP/2.0',
    response: { status: 200, fields: [{ name: 'content-type' }], trailers: [{ name: 'grpc-status', value: '0' }] },
  })
  t.equal(Buffer.concat(made.response?.body ?? []).toString(), 'abc')
  t.match(got, [
    {
      ':method': 'POST',
      ':path': '/hello.Greeter/Hello',
      ':authority': 'shop.example.com',
      te: 'trailers',
      'x-two': '1, 2',
    },
  ])
  const authority = await Authority.create(t, 'upstreams')
  const pair = await authority.issue(['localhost'])
  const [cert, key] = await Promise.all([readFile(pair.cert), readFile(pair.key)])
  const secure = createSecureServer({ cert, key })
  grpc(secure)
  const securePort = await listen(secure)
  t.teardown(() => secure.close())
  const overTls = setUp(`https://localhost:${securePort}`, { http, upstreamTls: { caFile: authority.ca } })
  t.match((await overTls.replayer.replay(call)).exchange, { state: 'done', response: { status: 200 } })
})

t.test('an upstream that is gone, is silent, hangs up, or talks nonsense', async (t) => {
  const gone = setUp(String(await freePort()))
  await t.rejects(gone.replayer.replay(captured), { code: 'UR_UPSTREAM_REFUSED', message: /could not connect/ })
  const behave = async (onConnection: (socket: net.Socket) => void, timeoutMs?: number) => {
    const server = net.createServer(onConnection)
    const port = await listen(server)
    t.teardown(() => server.close())
    const { book, replayer } = setUp(String(port), {}, timeoutMs)
    return { book, replayed: replayer.replay(captured) }
  }
  const silent = await behave(() => undefined, 100)
  await t.rejects(silent.replayed, { code: 'UR_REPLAY_TIMED_OUT' })
  t.match([...silent.book.newestFirst()], [{ state: 'cut', problem: /did not answer within 0.1 s/ }])
  await t.rejects((await behave((socket) => socket.end())).replayed, { code: 'UR_REPLAY_FAILED' })
  await t.rejects((await behave((socket) => socket.end('\x1b[2Jhello\r\n\r\n'))).replayed, {
    code: 'UR_REPLAY_FAILED',
    message: /^[^\x1b]*$/,
  })
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'
  const endless = await behave((socket) => socket.write(head), 200)
  t.match(
    (await endless.replayed).exchange,
    { state: 'cut', response: { status: 200, bytes: 9 } },
    'what began is kept',
  )
  const cut = await behave((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'))
  t.match((await cut.replayed).exchange, {
    state: 'cut',
    problem: /in the middle of its answer/,
    response: { bytes: 3 },
  })
})

t.test('so many at once and no more', async (t) => {
  const sockets: net.Socket[] = []
  const server = net.createServer((socket) => void sockets.push(socket))
  const port = await listen(server)
  t.teardown(() => server.close())
  const { replayer } = setUp(String(port))
  const all = Array.from({ length: 16 }, () => replayer.replay(captured).catch(() => undefined))
  await t.rejects(replayer.replay(captured), { code: 'UR_INSPECT_BUSY', retryAfterMs: Number })
  while (sockets.length < 16) await new Promise((resolve) => server.once('connection', resolve))
  for (const socket of sockets) socket.destroy()
  await Promise.all(all)
})

t.test('a suite: each answer beside the one that was recorded', async (t) => {
  const { port } = await echo(t)
  const { replayer } = setUp('1')
  const gone = exchange('0194f1b2c3400002', { request: message([], 'x', { truncated: true, bytes: 9 }) })
  const suite = [captured, captured, gone].map(recordingOf)
  const ignoredFields = ['trailer', 'x-sum']
  const run = await replayer.run('s', suite, { upstream: String(port) }, { ignoredFields })
  t.match(run, {
    name: 's',
    same: 1,
    different: 1,
    failed: 1,
    results: [
      { method: 'POST', exchange: { status: 200 }, diff: { same: true }, problem: null },
      {
        diff: {
          fields: [{ key: 'x-number' }],
          body: { kind: 'json', entries: [{ key: '/number', before: 1, after: 2 }] },
        },
      },
      { exchange: null, diff: null, problem: /not kept whole/ },
    ],
  })
  t.match(await replayer.run('s', suite, {}), { failed: 3 }, 'nobody listens there')
})
