import { once } from 'node:events'
import { constants, createServer, type ClientHttp2Session, type ServerHttp2Stream } from 'node:http2'
import t from 'tap'
import { within } from '../../support/hang.js'
import { call2, HttpTunnels } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'

const HOST = 'shop.localhost'
/** More than nghttp2 lets a connection break off: 1,000, and 33 a second. */
const VISITORS = 5
const EACH = 500

t.test('visitors who break requests off do not take those of others with them', async (t) => {
  let slow: ServerHttp2Stream | null = null
  let connections = 0
  let told = (): void => undefined
  const server = createServer()
  server.on('session', (session) => {
    connections++
    session.on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    if (headers[':path'] === '/slow') slow = stream
    told()
  })
  t.teardown(() => server.close())
  const seen = (): Promise<void> => new Promise((resolve) => (told = resolve))
  const tunnels = await HttpTunnels.start(t, { http2_reset_rate: 10_000 })
  const upstream = await listen(server)
  await tunnels.agent({ name: 'web', upstream, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })

  const first = seen()
  const answer = call2(tunnels.http2(HOST), '/slow', { method: 'POST', body: 'pay' })
  await within('the slow request', first)
  for (let i = 0; i < VISITORS; i++) await breakOff(tunnels.http2(HOST))
  slow!.respond({ ':status': 200 })
  slow!.end('paid')
  t.match(await within('its answer', answer), { status: 200, body: 'paid' })
  t.ok(connections > (VISITORS * EACH) / 1_000, `${connections} connections to the upstream`)

  async function breakOff(session: ClientHttp2Session): Promise<void> {
    for (let i = 0; i < EACH; i++) {
      const arrived = seen()
      const stream = session.request({ ':path': '/' })
      stream.on('error', () => undefined)
      await within('a request', arrived)
      stream.close(constants.NGHTTP2_CANCEL)
      await within('its end', once(stream, 'close'))
    }
    session.close()
  }
})
