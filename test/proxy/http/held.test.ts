import { once } from 'node:events'
import t, { type Test } from 'tap'
import { eventually, within } from '../../support/hang.js'
import { call2, HttpTunnels, upstream, type Answer } from '../../support/http-tunnel.js'

const HOST = 'shop.localhost'
const KIB = 1024

/** A tunnel whose agent is away, and who waits for it. */
async function away(t: Test, limits: Readonly<Record<string, unknown>>) {
  const { port } = await upstream(t, (request, response) => {
    request.resume()
    request.on('end', () => response.end('at last'))
  })
  const tunnels = await HttpTunnels.start(t, limits)
  const tunnel = { name: 'web', upstream: port, subdomain: 'shop', holdMs: 60_000 }
  const agent = await tunnels.agent(tunnel)
  agent.stop(0)
  await within('the end of the agent', once(agent, 'close'))
  const waiting = async (count: number) => {
    const page = await (await fetch(`http://${tunnels.daemon.addresses.metrics}/metrics`)).text()
    const inFlight = Number(/^uniroute_http_requests_in_flight (\d+)$/m.exec(page)?.[1])
    if (inFlight !== count) throw new Error(`${inFlight} requests wait`)
  }
  return { tunnels, wait: (count: number) => eventually('requests to wait', () => waiting(count)), tunnel }
}

function isTurnedAway(t: Test, { status, headers, body }: Answer, why: string): void {
  t.equal(status, 503, why)
  t.match(body, /UR_HELD_LIMIT/, why)
  t.match(headers['retry-after'], /^\d+$/, why)
}

t.test('no more requests wait for an agent than may', async (t) => {
  const { tunnels, wait, tunnel } = await away(t, { held_requests: 2 })
  const session = tunnels.http2(HOST)
  const held = [tunnels.call(HOST, '/'), call2(session, '/')]
  await wait(2)
  isTurnedAway(t, await tunnels.call(HOST, '/'), 'by HTTP/1.1')
  isTurnedAway(t, await call2(session, '/'), 'by HTTP/2')
  await tunnels.agent(tunnel)
  for (const { status, body } of await Promise.all(held)) t.same({ status, body }, { status: 200, body: 'at last' })
})

t.test('nor more bytes: of a body as many as may come before somebody takes it', async (t) => {
  const { tunnels, wait, tunnel } = await away(t, { held_request_bytes: '1280KiB' })
  const session = tunnels.http2(HOST)
  const post = (bytes: number) => ({
    method: 'POST',
    body: Buffer.alloc(bytes),
    headers: { 'content-length': String(bytes) },
  })
  // A window of HTTP/2, and 64 KiB of HTTP/1.1.
  const held = [call2(session, '/', post(2000 * KIB)), tunnels.call(HOST, '/', post(900 * KIB))]
  await wait(2)
  isTurnedAway(t, await call2(session, '/', post(300 * KIB)), 'a third')
  held.push(call2(session, '/', post(100 * KIB)))
  await wait(3)
  await tunnels.agent(tunnel)
  for (const { status } of await Promise.all(held)) t.equal(status, 200)
})
