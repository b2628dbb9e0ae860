import { once } from 'node:events'
import { request as plainRequest, type ServerResponse } from 'node:http'
import { request } from 'node:https'
import t, { type Test } from 'tap'
import { within } from '../../../support/hang.js'
import { keptAlive, login, metric, optionsFrom } from '../../../support/http-rules.js'
import { answered, call2, HttpTunnels, upstream, type Answer, type Call } from '../../../support/http-tunnel.js'
import { RecordedLog } from '../../../support/log.js'

const HOST = 'shop.localhost'
const ANN = login('ann', 'correct horse')

/** A tunnel with these rules, and how often its upstream was asked. */
async function tunnelWith(t: Test, keys: Record<string, unknown>) {
  const seen = { requests: 0, upgrades: 0 }
  const { port, server } = await upstream(t, (request, response) => {
    seen.requests++
    request.resume()
    request.on('end', () => response.end('ok'))
  })
  server.on('upgrade', (_request, socket) => {
    seen.upgrades++
    socket.on('error', () => undefined)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
  })
  const log = new RecordedLog()
  const tunnels = await HttpTunnels.start(t, {}, { log, settings: { access_log: 'on' } })
  await tunnels.agent({
    name: 'web',
    upstream: port,
    subdomain: 'shop',
    http: { scheme: 'both', options: optionsFrom(keys) },
  })
  return { tunnels, seen, log }
}

/** The same call over one connection by HTTP/1.1, over one by HTTP/2, and over plain HTTP. */
function waysTo(t: Test, tunnels: HttpTunnels): Record<string, (call?: Call) => Promise<Answer>> {
  const kept = keptAlive(t, tunnels, HOST)
  const session = tunnels.http2(HOST)
  const plain = (call: Call = {}) => {
    const headers = { host: HOST, ...call.headers }
    const message = plainRequest({ host: '127.0.0.1', port: tunnels.plainPort, headers, agent: false })
    message.end()
    return within('an answer', answered(message))
  }
  return {
    'HTTP/1.1': (call) => kept('/', call),
    'HTTP/2': (call) => call2(session, '/', call),
    'plain HTTP': plain,
  }
}

/** Asks for an upgrade; resolves with the status. */
async function upgrade(tunnels: HttpTunnels, headers: Record<string, string> = {}): Promise<number> {
  const message = request({
    host: '127.0.0.1',
    port: tunnels.port,
    servername: HOST,
    ca: tunnels.ca,
    headers: { host: HOST, connection: 'Upgrade', upgrade: 'echo', ...headers },
  })
  message.end()
  const upgraded = once(message, 'upgrade').then(() => 101)
  const status = await within('an answer', Promise.race([upgraded, answered(message).then((answer) => answer.status)]))
  message.destroy()
  return status
}

t.test('basic auth: on each request of a connection, of every version, and on upgrades', async (t) => {
  const { tunnels, seen, log } = await tunnelWith(t, { basic_auth: ['ann:correct horse', 'bob:another one'] })
  for (const [way, call] of Object.entries(waysTo(t, tunnels))) {
    const before = seen.requests
    t.equal((await call({ headers: ANN })).body, 'ok', way)
    const stranger = await call({ headers: { accept: 'application/json' } })
    t.match(stranger, { status: 401, headers: { 'www-authenticate': /^Basic realm="/ } }, `${way}, the second request`)
    const told = JSON.parse(stranger.body) as { code: string; request_id: string; advice: string }
    t.match(told, { code: 'UR_VISITOR_LOGIN', status: 401, advice: /Give those/ })
    t.equal(stranger.headers['x-request-id'], told.request_id)
    const line = log.with('request').find(({ fields }) => fields['request'] === told.request_id)
    t.match(line?.fields, { status: 401, code: 'UR_VISITOR_LOGIN', visitor: '127.0.0.1', tunnel: 'web' })
    t.equal((await call({ headers: login('ann', 'another one') })).status, 401)
    t.equal((await call({ headers: login('eve', 'correct horse') })).status, 401)
    t.equal((await call({ headers: login('bob', 'another one') })).status, 200)
    t.equal(seen.requests - before, 2, `${way}: the upstream saw two of five`)
  }
  t.equal(await upgrade(tunnels), 401)
  t.equal(await upgrade(tunnels, ANN), 101)
  t.equal(seen.upgrades, 1)
  t.equal(await metric(tunnels, 'uniroute_http_failures_total{reason="UR_VISITOR_LOGIN"}'), 10)
  t.equal(await metric(tunnels, 'uniroute_http_requests_total{status="4xx"}'), 10)
})

t.test('a WebSocket over HTTP/2 has to log in as well', async (t) => {
  const { tunnels, seen } = await tunnelWith(t, { basic_auth: 'ann:correct horse' })
  const session = tunnels.http2(HOST)
  await within('settings', once(session, 'remoteSettings'))
  const open = async (headers: Record<string, string>) => {
    const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', ...headers })
    const [head] = (await within('an answer', once(stream, 'response'))) as [Record<string, unknown>]
    stream.close()
    return head[':status']
  }
  t.equal(await open({}), 401)
  t.equal(await open(ANN), 200)
  t.equal(seen.upgrades, 1)
})

t.test('addresses: who is kept out gets nothing, whatever he sends', async (t) => {
  const { tunnels, seen } = await tunnelWith(t, { cidr_deny: '127.0.0.0/8', basic_auth: 'ann:correct horse' })
  for (const [way, call] of Object.entries(waysTo(t, tunnels))) {
    for (const headers of [ANN, { ...ANN, 'x-forwarded-for': '198.51.100.1' }]) {
      const answer = await call({ headers: { ...headers, accept: 'text/html' } })
      t.match(answer, { status: 403, headers: { 'x-uniroute-error': 'UR_VISITOR_ADDRESS' } }, way)
      t.match(answer.body, /<h1>Not from this address<\/h1>/)
    }
  }
  t.equal(await upgrade(tunnels, ANN), 403)
  t.same(seen, { requests: 0, upgrades: 0 })
})

t.test('addresses: an allow list lets in whom it names', async (t) => {
  const { tunnels } = await tunnelWith(t, { cidr_allow: ['198.51.100.0/24', '127.0.0.1'] })
  for (const [way, call] of Object.entries(waysTo(t, tunnels))) t.equal((await call()).status, 200, way)
  const other = await tunnelWith(t, { cidr_allow: '198.51.100.0/24' })
  for (const [way, call] of Object.entries(waysTo(t, other.tunnels))) t.equal((await call()).status, 403, way)
})

t.test('rates: so many requests over all connections, then 429 and when to come again', async (t) => {
  for (const [key, code] of [
    ['rate', 'UR_TUNNEL_RATE'],
    ['rate_per_visitor', 'UR_VISITOR_RATE'],
  ] as const) {
    const { tunnels, seen } = await tunnelWith(t, { [key]: '4/h' })
    const ways = Object.values(waysTo(t, tunnels))
    for (const call of ways) t.equal((await call()).status, 200)
    t.equal((await ways[0]!()).status, 200)
    for (const call of ways) {
      t.match(await call(), { status: 429, headers: { 'retry-after': '900', 'x-uniroute-error': code } })
    }
    t.equal(await upgrade(tunnels), 429)
    t.same(seen, { requests: 4, upgrades: 0 })
  }
})

t.test('the tunnel beside it has no rules, and a path of the same name its own', async (t) => {
  const { port } = await upstream(t, (_, response: ServerResponse) => response.end('ok'))
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent(
    { name: 'a', upstream: port, subdomain: 'shop', http: { options: optionsFrom({ cidr_deny: '127.0.0.1' }) } },
    { name: 'b', upstream: port, subdomain: 'shop', http: { path: '/open' } },
    { name: 'c', upstream: port, subdomain: 'other' },
  )
  t.equal((await tunnels.call(HOST, '/')).status, 403)
  t.equal((await tunnels.call(HOST, '/open')).status, 200)
  t.equal((await tunnels.call('other.localhost', '/')).status, 200)
})
