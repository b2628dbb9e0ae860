import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2'
import t from 'tap'
import { everyKindOfCall, GrpcClient, GrpcEcho } from '../../support/grpc-echo.js'
import { call2, HttpTunnels } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'

const HOST = 'shop.localhost'

t.test('gRPC: all four kinds of call, status and metadata, deadlines, cancellations', async (t) => {
  const [echo, tunnels] = await Promise.all([GrpcEcho.start(t), HttpTunnels.start(t)])
  await tunnels.agent({ name: 'api', upstream: echo.port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  await everyKindOfCall(t, echo, new GrpcClient(tunnels, HOST))
})

t.test('an upstream of HTTP/2: bodies, trailers, and one that does not take WebSockets', async (t) => {
  const server = createHttp2()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    let bytes = 0
    stream.on('data', (chunk: Buffer) => (bytes += chunk.length))
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'x-path': headers[':path'] }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-bytes': String(bytes) }))
      stream.end('done')
    })
  })
  const port = await listen(server)
  t.teardown(() => server.close())
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'api', upstream: port, subdomain: 'shop', http: { upstreamProtocol: 'http2' } })
  const session = tunnels.http2(HOST)
  const answer = await call2(session, '/a', { method: 'POST', body: Buffer.alloc(1_000_000) })
  t.match(answer, { status: 200, body: 'done', headers: { 'x-path': '/a' }, trailers: { 'x-bytes': '1000000' } })
  const both = await Promise.all(Array.from({ length: 50 }, (_, i) => tunnels.call(HOST, `/${i}`)))
  t.same(
    both.map(({ headers }) => headers['x-path']),
    both.map((_, i) => `/${i}`),
  )
  const wanted = await tunnels.call(HOST, '/', { headers: { connection: 'Upgrade', upgrade: 'websocket' } })
  t.equal(wanted.status, 501)
})
