import type { ServerResponse } from 'node:http'
import t from 'tap'
import { eventually, within } from '../../support/hang.js'
import { HttpTunnels, upstream } from '../../support/http-tunnel.js'
import { must } from '../../tunnels/support.js'

const HOST = 'shop.localhost'

/** Gives the token of all agents these rights; the server learns of it by itself. */
async function narrow(tunnels: HttpTunnels, rights: Readonly<Record<string, unknown>>): Promise<void> {
  const [{ id = '' } = {}] = await tunnels.daemon.store.tokens.list()
  await tunnels.daemon.store.tokens.update(id, () => rights)
}

t.test('more requests a second than the token may have: 429 and when to come back', async (t) => {
  let served = 0
  const { port } = await upstream(t, (_: unknown, response: ServerResponse) => {
    served++
    response.end('ok')
  })
  const tunnels = await HttpTunnels.start(t)
  const pool = { subdomain: 'shop', http: { pool: 'round-robin' } } as const
  await tunnels.agent({ name: 'a', upstream: port, ...pool })
  await tunnels.agent({ name: 'b', upstream: port, ...pool })
  t.match(await tunnels.call(HOST, '/'), { status: 200 })
  await narrow(tunnels, { requests_per_second: 0.05 })
  const refused = await eventually('a refusal', async () => {
    const answer = await tunnels.call(HOST, '/')
    await must(answer.status !== 200)
    return answer
  })
  t.match(refused, { status: 429, headers: { 'retry-after': '20' }, body: /UR_QUOTA_REQUESTS/ })
  const before = served
  t.match(await tunnels.call(HOST, '/', { method: 'POST', body: 'x' }), { status: 429 })
  t.equal(served, before, 'no agent got it')
  await narrow(tunnels, {})
  await eventually('an answer', async () => must((await tunnels.call(HOST, '/')).status === 200))
})

t.test('more requests at once than the token may have: 429', async (t) => {
  const waiting: ServerResponse[] = []
  const { port } = await upstream(t, (_: unknown, response: ServerResponse) => void waiting.push(response))
  const tunnels = await HttpTunnels.start(t)
  await narrow(tunnels, { max_streams: 2 })
  await tunnels.agent({ name: 'a', upstream: port, subdomain: 'shop' })
  const calls = [tunnels.call(HOST, '/1'), tunnels.call(HOST, '/2')]
  await eventually('both', () => must(waiting.length === 2))
  const refused = await tunnels.call(HOST, '/3')
  t.match(refused, { status: 429, headers: { 'retry-after': '1' }, body: /UR_QUOTA_STREAMS/ })
  t.match(await tunnels.call(HOST, '/4', { method: 'POST', body: 'x' }), { status: 429 })
  for (const response of waiting.splice(0)) response.end('ok')
  t.match(await within('both', Promise.all(calls)), [{ status: 200 }, { status: 200 }])
  const third = tunnels.call(HOST, '/3')
  await eventually('the third', () => must(waiting.length === 1))
  waiting[0]?.end('ok')
  t.match(await third, { status: 200 })
})

t.test('more bytes a day than the token may have: what runs is cut off, and then 429 until the next day', async (t) => {
  const { port } = await upstream(t, (request, response: ServerResponse) => {
    if (request.url === '/small') return response.end('ok')
    response.writeHead(200)
    const chunk = Buffer.alloc(16 * 1024)
    const more = () => setTimeout(() => response.destroyed || (response.write(chunk), more()), 2)
    return more()
  })
  const tunnels = await HttpTunnels.start(t)
  await narrow(tunnels, { bytes_per_day: 200_000 })
  await tunnels.agent({ name: 'a', upstream: port, subdomain: 'shop' })
  await t.rejects(within('the end of it', tunnels.call(HOST, '/endless')), 'no visitor takes it for whole')
  const refused = await tunnels.call(HOST, '/small')
  t.match(refused, { status: 429, body: /UR_QUOTA_BYTES/ })
  const wait = Number(refused.headers['retry-after'])
  t.ok(wait > 0 && wait <= 86_400, `${wait} s`)
})
