import { createServer } from 'node:http2'
import t from 'tap'
import { within } from '../../support/hang.js'
import { call2, HttpTunnels } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'

const HOST = 'shop.localhost'
const MANY = 500

t.test('an endless stream of interim answers by HTTP/2 ends its request, as by HTTP/1.1', async (t) => {
  const server = createServer()
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    const count = headers[':path'] === '/many' ? MANY : 3
    for (let i = 0; i < count; i++) stream.additionalHeaders({ ':status': 103, link: `</${i}.css>; rel=preload` })
    stream.respond({ ':status': 200 })
    stream.end('ok')
  })
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  const upstream = await listen(server)
  await tunnels.agent({ name: 'web', upstream, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  const session = tunnels.http2(HOST)
  t.match(await within('an answer', call2(session, '/few')), { status: 200, body: 'ok' })
  t.match(await within('a refusal', call2(session, '/many')), { status: 502, body: /UR_UPSTREAM_INVALID/ })
  t.match(await within('another answer', call2(session, '/few')), { status: 200, body: 'ok' })
})
