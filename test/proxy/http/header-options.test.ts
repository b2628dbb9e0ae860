import { once } from 'node:events'
import { createServer as createHttp2 } from 'node:http2'
import { request } from 'node:https'
import t, { type Test } from 'tap'
import { within } from '../../support/hang.js'
import { keptAlive, optionsFrom } from '../../support/http-rules.js'
import { type Answer, answered, call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'

const HOST = 'shop.localhost'

const KEYS = {
  host_header: 'rewrite',
  request_header_add: ['X-Team: shop', 'X-Team: two', 'X-Forwarded-Proto: wss'],
  request_header_remove: ['X-User', 'Authorization', 'X-Forwarded-Proto'],
  response_header_add: ['X-Frame-Options: DENY'],
  response_header_remove: ['Server', 'X-Secret'],
}

const SENT = { authorization: 'Basic eDp5', 'x-user': 'admin', x_user: 'admin', 'x-other': 'kept' }
const ANSWER = { server: 'Local/1.0', 'x-secret': '1', 'x-frame-options': 'SAMEORIGIN', 'x-kept': '1' }

interface Seen {
  readonly host: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

function checkSeen(t: Test, { host, headers }: Seen, port: number): void {
  t.equal(host, `localhost:${port}`)
  t.equal(headers['x-team'], 'shop, two')
  t.equal(headers['x-forwarded-proto'], 'wss', 'replaced, not doubled')
  t.match(headers['x-forwarded-host'], /^shop\.localhost/)
  t.equal(headers['x-other'], 'kept')
  for (const gone of ['authorization', 'x-user', 'x_user']) t.equal(headers[gone], undefined, gone)
}

/** Each request has an id of its own, which its trace and its answer have too. */
function checkIds(t: Test, seen: readonly Seen[], answers: readonly Answer[]): void {
  const ids = seen.map(({ headers }) => headers['x-request-id'])
  t.equal(new Set(ids).size, ids.length)
  for (const { headers } of seen) t.match(headers['traceparent'], new RegExp(`^00-${String(headers['x-request-id'])}-`))
  t.same(
    answers.map(({ headers }) => headers['x-request-id']),
    ids,
  )
}

t.test('what the user says of fields, by both versions, on each request of a connection', async (t) => {
  const seen: Seen[] = []
  const { port } = await upstream(t, (request, response) => {
    seen.push({ host: request.headers.host ?? '', headers: request.headers })
    response.writeHead(200, { ...ANSWER, trailer: 'x-secret, x-sum' })
    response.write('ok')
    response.addTrailers({ 'x-secret': 'behind', 'x-sum': '1' })
    response.end()
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { options: optionsFrom(KEYS, port) } })
  const kept = keptAlive(t, tunnels, HOST)
  const session = tunnels.http2(HOST)
  // Who names a field for his connection takes nothing away that is added here.
  const sent1 = { ...SENT, connection: 'keep-alive, X-Team' }
  const answers = [
    await kept('/', { headers: sent1 }),
    await kept('/', { headers: sent1 }),
    await call2(session, '/', { headers: SENT }),
    await call2(session, '/', { headers: SENT }),
  ]
  t.equal(seen.length, 4)
  for (const each of seen) checkSeen(t, each, port)
  checkIds(t, seen, answers)
  for (const { headers, trailers } of answers) {
    t.equal(headers['server'], undefined)
    t.equal(headers['x-secret'], undefined)
    t.match(headers['x-frame-options'], /SAMEORIGIN,? ?DENY/)
    t.equal(headers['x-kept'], '1')
    t.equal(trailers['x-secret'], undefined, 'nor by the back door')
    t.equal(trailers['x-sum'], '1')
  }
})

t.test('the same to an upstream that speaks HTTP/2', async (t) => {
  const seen: Seen[] = []
  const server = createHttp2((request, response) => {
    seen.push({ host: request.authority, headers: request.headers })
    response.writeHead(200, ANSWER)
    response.end('ok')
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  const http = { upstreamProtocol: 'http2', options: optionsFrom(KEYS, port) } as const
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http })
  const kept = keptAlive(t, tunnels, HOST)
  const answers = [
    await kept('/', { headers: SENT }),
    await kept('/', { headers: SENT }),
    await call2(tunnels.http2(HOST), '/', { headers: SENT }),
  ]
  for (const each of seen) checkSeen(t, each, port)
  checkIds(t, seen, answers)
  for (const { headers } of answers) t.equal(headers['server'], undefined)
})

t.test('trailers of a request say nothing that its head could not', async (t) => {
  const { port } = await upstream(t, (request, response) => {
    request.resume()
    request.on('end', () => response.end(JSON.stringify(request.trailers)))
  })
  const tunnels = await HttpTunnels.start(t)
  const options = optionsFrom({ request_header_remove: 'X-User' })
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { options } })
  const forged: [string, string][] = [
    ['X-User', 'admin'],
    ['X_User', 'admin'],
    ['X-Forwarded-For', '6.6.6.6'],
    ['X_Forwarded_For', '6.6.6.6'],
    ['Forwarded', 'for=6.6.6.6'],
    ['X-Real-IP', '6.6.6.6'],
    ['X-Request-Id', 'mine'],
    ['x-sum', '1'],
  ]
  const message = request({
    host: '127.0.0.1',
    port: tunnels.port,
    servername: HOST,
    ca: tunnels.ca,
    method: 'POST',
    headers: { host: HOST, 'transfer-encoding': 'chunked', trailer: forged.map(([name]) => name).join(', ') },
  })
  message.addTrailers(forged)
  message.end('x')
  t.same(JSON.parse((await within('the answer', answered(message))).body), { 'x-sum': '1' })
  const stream = tunnels.http2(HOST).request({ ':method': 'POST', ':path': '/' }, { waitForTrailers: true })
  stream.on('wantTrailers', () =>
    stream.sendTrailers({ 'x-user': 'admin', 'x-forwarded-for': '6.6.6.6', 'x-sum': '2' }),
  )
  stream.end('x')
  let body = ''
  stream.on('data', (chunk: Buffer) => (body += chunk.toString()))
  await within('the end', once(stream, 'end'))
  t.same(JSON.parse(body), { 'x-sum': '2' })
})

t.test('a WebSocket gets them too', async (t) => {
  const { port, server } = await upstream(t, (_, response) => response.end())
  const seen: Seen[] = []
  server.on('upgrade', (request, socket) => {
    seen.push({ host: request.headers.host ?? '', headers: request.headers })
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nServer: x\r\n\r\n')
  })
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { options: optionsFrom(KEYS, port) } })
  const lines = Object.entries({ ...SENT, Connection: 'Upgrade', Upgrade: 'echo' }).map((each) => each.join(': '))
  const answer = await tunnels.raw(HOST, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n${lines.join('\r\n')}\r\n\r\n`)
  t.match(answer, /^HTTP\/1\.1 101 [^]*X-Frame-Options: DENY\r\n/)
  t.notMatch(answer, /\r\nServer:/)
  checkSeen(t, seen[0]!, port)
})

t.test('an answer of our own is not the upstream’s: its fields stay as they are', async (t) => {
  const tunnels = await HttpTunnels.start(t)
  const options = optionsFrom({
    response_header_add: 'X-Team: shop',
    response_header_remove: 'X-Uniroute-Error',
    cidr_deny: '127.0.0.1',
  })
  await tunnels.agent({ name: 'web', upstream: 9, subdomain: 'shop', http: { options } })
  const { headers } = await tunnels.call(HOST, '/')
  t.equal(headers['x-uniroute-error'], 'UR_VISITOR_ADDRESS')
  t.equal(headers['x-team'], undefined)
})
