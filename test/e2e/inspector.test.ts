import { once } from 'node:events'
import t from 'tap'
import { WebSocket, WebSocketServer, type ClientOptions, type RawData } from 'ws'
import type { ExchangePage, ExchangeSummary, InspectorStatus } from '../../src/inspector/contract.js'
import { eventually, within } from '../support/hang.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import type { Agent } from '../support/product.js'

const FLAGS = ['--inspect-addr', '127.0.0.1:0']
const HOST = hostOf('shop')

function urlOf(agent: Agent): string {
  return String(agent.process.events.find(({ event }) => event === 'ready')?.['inspector'])
}

async function got<T>(agent: Agent, path: string): Promise<T> {
  return (await (await fetch(`${urlOf(agent)}/api/inspect/${path}`)).json()) as T
}

/** The newest exchanges as the API has them, once there are such. */
async function exchanges(agent: Agent, are: (found: ExchangePage['exchanges']) => boolean) {
  let found: ExchangePage['exchanges'] = []
  await eventually('the exchanges', async () => {
    found = (await got<ExchangePage>(agent, 'exchanges')).exchanges
    if (!are(found)) throw new Error(JSON.stringify(found))
  })
  return found
}

const allDone = (count: number) => (found: readonly ExchangeSummary[]) =>
  found.length === count && found.every(({ state }) => state === 'done')

t.test('requests through a tunnel are shown with their answers, without their secrets', async (t) => {
  const product = await HttpProduct.start(t)
  const secret = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'
  const { port } = await upstream(t, (request, response) => {
    request.resume()
    request.on('end', () => {
      response.setHeader('Set-Cookie', `sid=${secret}`)
      response.end(`{"path":"${request.url}","key":"${secret}"}`)
    })
  })
  const agent = await product.agent(t, port, 'shop', FLAGS)
  t.match(urlOf(agent), /^http:\/\/127\.0\.0\.1:\d+$/)
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  const answer = await product.call(HOST, `/a?token=${secret}`, {
    method: 'POST',
    headers,
    body: '{"password":"hunter2","n":1}',
  })
  t.match(answer.body, secret, 'visitors get what the upstream says')
  await product.call(HOST, '/b')
  const [b, a] = await exchanges(agent, allDone(2))
  t.match(a, {
    method: 'POST',
    target: '/a?token=[redacted]',
    host: HOST,
    status: 200,
    visitor: '127.0.0.1',
    tunnel: `http-${port}`,
    requestBytes: 28,
    requestId: answer.headers['x-request-id'],
  })
  t.match(b, { method: 'GET', target: '/b', status: 200 })
  const detail = JSON.stringify(await got(agent, `exchanges/${a!.id}`))
  t.match(detail, /Bearer \[redacted\]/)
  t.notMatch(detail, secret)
  const body = await (await fetch(`${urlOf(agent)}/api/inspect/exchanges/${a!.id}/request/body`)).text()
  t.equal(body, '{"password":"[redacted]","n":1}')
  const status = await got<InspectorStatus>(agent, 'status')
  t.match(status, { state: 'online', capture: { exchanges: 2, missedBytes: 0, canReveal: false } })
  t.match(status.tunnels, [{ name: `http-${port}`, inspected: true, requests: { count: 2, open: 0 } }])
})

t.test('a WebSocket, a large body and a lost upstream are shown too, and the agent ends at once', async (t) => {
  const product = await HttpProduct.start(t)
  const large = Buffer.alloc(20_000_000, 'large ')
  const { port, server } = await upstream(t, (request, response) => {
    if (request.url === '/cut') return request.socket.destroy()
    response.setHeader('Content-Length', large.length)
    response.end(large)
  })
  const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } })
  sockets.on('connection', (socket) => socket.on('message', (data: RawData) => socket.send(data, { binary: false })))
  const agent = await product.agent(t, port, 'shop', FLAGS)
  const options: ClientOptions & { servername: string } = { ca: product.ca, servername: HOST, headers: { host: HOST } }
  const client = new WebSocket(`wss://127.0.0.1:${product.port}/ws`, options)
  t.teardown(() => client.terminate())
  await within('the WebSocket', once(client, 'open'))
  for (let i = 0; i < 3; i++) {
    client.send(`hello ${i}, hello, hello`)
    await within('an echo', once(client, 'message'))
  }
  client.close(4000)
  await within('its end', once(client, 'close'))
  t.equal((await product.call(HOST, '/large')).body.length, large.length)
  t.equal((await product.call(HOST, '/cut', { method: 'POST' })).status, 502)
  const [cut, bulk, socket] = await exchanges(
    agent,
    (found) => found.length === 3 && found.every(({ state }) => state !== 'open'),
  )
  t.match(cut, { method: 'POST', target: '/cut', state: 'cut', status: null, problem: /cut|closed/ })
  t.match(bulk, { target: '/large', state: 'done', status: 200, responseBytes: large.length })
  t.match(socket, { target: '/ws', kind: 'websocket', state: 'done', status: 101 })
  const timeline = JSON.stringify(await got(agent, `exchanges/${socket!.id}/messages`))
  for (const text of ['hello 0, hello, hello', 'hello 2, hello, hello', '4000']) t.match(timeline, text)
  const begun = performance.now()
  agent.process.kill('SIGINT')
  t.equal((await within('its end', agent.process.exit)).code, 0)
  t.ok(performance.now() - begun < 5_000)
})

t.test('nothing is kept, and nothing served, without it', async (t) => {
  const product = await HttpProduct.start(t)
  const { port } = await upstream(t, (_, response) => response.end('hi'))
  for (const flags of [['--no-inspect'], ['--inspect=false']]) {
    const agent = await product.agent(t, port, `off-${flags.length}${flags[0]!.length}`, flags)
    t.notOk('inspector' in agent.process.events.find(({ event }) => event === 'ready')!)
  }
})
