import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { request } from 'node:https'
import t, { type Test } from 'tap'
import type { Agent } from '../../../../src/agent/index.js'
import { eventually, within } from '../../../support/hang.js'
import { keptAlive, login, metric, optionsFrom } from '../../../support/http-rules.js'
import { answered, call2, HttpTunnels, upstream } from '../../../support/http-tunnel.js'

const HOST = 'shop.localhost'

async function says(t: Test, word: string, status = 200) {
  let asked = 0
  const { port } = await upstream(t, (_, response: ServerResponse) => {
    asked++
    response.writeHead(status)
    response.end(word)
  })
  return { port, asked: () => asked }
}

async function stopped(agent: Agent): Promise<void> {
  const closed = once(agent, 'close')
  agent.stop(0)
  await within('the end of the agent', closed)
}

/** Until the server has noticed how many agents it has. */
async function sessions(tunnels: HttpTunnels, count: number): Promise<void> {
  await eventually('the server notices', async () => assert.equal(await metric(tunnels, 'uniroute_sessions'), count))
}

t.test('each agent of a pool has its own rules, for the requests that it gets', async (t) => {
  const [a, b] = [await says(t, 'a'), await says(t, 'b')]
  const tunnels = await HttpTunnels.start(t)
  const pool = (keys: Record<string, unknown>) =>
    ({
      pool: 'round-robin',
      options: optionsFrom({ ...keys, response_header_add: `X-Rules: ${Object.keys(keys).join()}` }),
    }) as const
  await tunnels.agent({
    name: 'a',
    upstream: a.port,
    subdomain: 'shop',
    http: pool({ basic_auth: 'ann:correct horse' }),
  })
  await tunnels.agent({ name: 'b', upstream: b.port, subdomain: 'shop', http: pool({ max_body: '10B' }) })
  const session = tunnels.http2(HOST)
  for (let i = 0; i < 6; i++) {
    const { status, body, headers } = await call2(session, '/')
    t.ok(status === 401 || body === 'b')
    if (status === 200) t.equal(headers['x-rules'], 'max_body')
  }
  t.equal(a.asked(), 0)
  t.equal(b.asked(), 3)
  const bodies = new Set<string>()
  for (let i = 0; i < 4; i++) bodies.add((await call2(session, '/', { headers: login('ann', 'correct horse') })).body)
  t.same([...bodies].sort(), ['a', 'b'])
})

t.test('agents with the same rules count together, and one that comes back finds its counts', async (t) => {
  const { port, asked } = await says(t, 'ok')
  const tunnels = await HttpTunnels.start(t)
  const http = { pool: 'round-robin', options: optionsFrom({ rate: '4/h' }) } as const
  const first = await tunnels.agent({ name: 'a', upstream: port, subdomain: 'shop', http })
  const second = await tunnels.agent({ name: 'b', upstream: port, subdomain: 'shop', http })
  const session = tunnels.http2(HOST)
  for (let i = 0; i < 4; i++) t.equal((await call2(session, '/')).status, 200)
  t.equal((await call2(session, '/')).status, 429)
  await stopped(first)
  await stopped(second)
  await sessions(tunnels, 0)
  await tunnels.agent({ name: 'a', upstream: port, subdomain: 'shop', http })
  t.equal((await call2(session, '/')).status, 429)
  t.equal(asked(), 4)
})

t.test('other rules count anew: the agent was restarted with them', async (t) => {
  const { port } = await says(t, 'ok')
  const tunnels = await HttpTunnels.start(t)
  const tunnel = (rate: string) => ({
    name: 'a',
    upstream: port,
    subdomain: 'shop',
    http: { options: optionsFrom({ rate }) },
  })
  const first = await tunnels.agent(tunnel('1/h'))
  first.on('close', () => undefined)
  t.equal((await tunnels.call(HOST, '/')).status, 200)
  t.equal((await tunnels.call(HOST, '/')).status, 429)
  await tunnels.agent(tunnel('2/h'))
  t.equal((await tunnels.call(HOST, '/')).status, 200)
  t.equal((await tunnels.call(HOST, '/')).status, 200)
  t.equal((await tunnels.call(HOST, '/')).status, 429)
})

t.test('while nobody is there, only those may wait whom the rules would let in', async (t) => {
  const { port } = await says(t, 'ok')
  const tunnels = await HttpTunnels.start(t)
  const options = optionsFrom({ basic_auth: 'ann:correct horse', rate: '2/h' })
  const tunnel = { name: 'a', upstream: port, subdomain: 'shop', holdMs: 60_000, http: { options } }
  const headers = login('ann', 'correct horse')
  const first = await tunnels.agent(tunnel)
  t.equal((await tunnels.call(HOST, '/', { headers })).status, 200)
  await stopped(first)
  await sessions(tunnels, 0)
  const waiting = tunnels.call(HOST, '/', { headers })
  await eventually('it waits', async () => assert.equal(await metric(tunnels, 'uniroute_http_requests_held'), 1))
  t.equal((await tunnels.call(HOST, '/')).status, 401)
  await tunnels.agent(tunnel)
  t.equal((await waiting).status, 200, 'and is counted once, though it was looked at twice')
})

t.test('a circuit breaker: an upstream that fails gets a rest, others of the pool go on', async (t) => {
  const [bad, good] = [await says(t, 'bad', 500), await says(t, 'good')]
  const tunnels = await HttpTunnels.start(t)
  const http = { pool: 'round-robin', options: optionsFrom({ circuit_breaker: 0.5 }) } as const
  await tunnels.agent({ name: 'bad', upstream: bad.port, subdomain: 'shop', http })
  const session = tunnels.http2(HOST)
  for (let i = 0; i < 10; i++) t.equal((await call2(session, '/')).status, 500)
  const kept = keptAlive(t, tunnels, HOST)
  for (const answer of [await call2(session, '/'), await kept('/'), await kept('/')]) {
    t.match(answer, { status: 503, headers: { 'retry-after': /^(9|10)$/, 'x-uniroute-error': 'UR_CIRCUIT_OPEN' } })
  }
  t.equal(bad.asked(), 10)
  await tunnels.agent({ name: 'good', upstream: good.port, subdomain: 'shop', http })
  for (let i = 0; i < 4; i++) t.equal((await call2(session, '/')).body, 'good')
  t.equal(bad.asked(), 10)
})

t.test('a visitor who leaves, or asks for what the upstream cannot, does not trip the breaker', async (t) => {
  const waiting: ServerResponse[] = []
  const { port } = await upstream(t, (request, response) => {
    if (request.url === '/never') waiting.push(response)
    else response.end('ok')
  })
  const tunnels = await HttpTunnels.start(t)
  const options = optionsFrom({ circuit_breaker: 0.1 })
  await tunnels.agent({ name: 'a', upstream: port, subdomain: 'shop', http: { options } })
  const session = tunnels.http2(HOST)
  for (let i = 0; i < 12; i++) {
    const stream = session.request({ ':path': '/never' })
    await eventually('the request arrives', async () => assert.equal(waiting.length, i + 1))
    stream.close()
    await within('its end', once(stream, 'close'))
  }
  for (let i = 0; i < 12; i++) t.equal((await call2(session, '/')).status, 200)
})

t.test('a body that comes while its request waits for an agent is not lost', async (t) => {
  const { port } = await upstream(t, (request, response) => request.pipe(response))
  const tunnels = await HttpTunnels.start(t)
  const tunnel = { name: 'a', upstream: port, subdomain: 'shop', holdMs: 60_000 }
  const agent = await tunnels.agent(tunnel)
  agent.stop(0)
  await within('the end of the agent', once(agent, 'close'))

  const options = { host: '127.0.0.1', port: tunnels.port, servername: HOST, ca: tunnels.ca, method: 'POST' }
  const message = request({ ...options, headers: { host: HOST, 'transfer-encoding': 'chunked' } })
  message.flushHeaders()
  const stream = tunnels.http2(HOST).request({ ':method': 'POST', ':path': '/' })
  await eventually('both wait', async () => assert.equal(await metric(tunnels, 'uniroute_http_requests_held'), 2))
  message.write('one ')
  stream.write('one ')
  await metric(tunnels, 'uniroute_http_requests_held')
  message.end('two')
  stream.end('two')
  const answer = answered(message)
  await tunnels.agent(tunnel)
  t.equal((await within('the answer', answer)).body, 'one two')
  let body = ''
  stream.on('data', (chunk: Buffer) => (body += chunk.toString()))
  await within('the end', once(stream, 'end'))
  t.equal(body, 'one two')
})

t.test('an empty body that comes while its request waits for the upstream is whole', async (t) => {
  const { port, server } = await upstream(t, (request, response) => request.pipe(response))
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'a', upstream: port, subdomain: 'shop', holdMs: 60_000 })
  t.equal((await tunnels.call(HOST, '/', { method: 'POST', body: 'up' })).body, 'up')
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  const empty = call2(tunnels.http2(HOST), '/', { method: 'POST', body: '' })
  await eventually('it waits', async () => assert.equal(await metric(tunnels, 'uniroute_http_requests_held'), 1))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.match(await empty, { status: 200, body: '' })
})
