import { connect } from 'node:net'
import { request } from 'node:http'
import t from 'tap'
import { within } from '../support/hang.js'
import { answered, everything, HttpTunnels, upstream, type Call } from '../support/http-tunnel.js'

t.test('plain HTTP is sent to https, served, or both, as the tunnel wants it; other names are 404', async (t) => {
  const { port } = await upstream(t, (request, response) => response.end(String(request.headers['x-forwarded-proto'])))
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent(
    { name: 'a', upstream: port, subdomain: 'a' },
    { name: 'b', upstream: port, subdomain: 'b', http: { scheme: 'both' } },
    { name: 'c', upstream: port, subdomain: 'c', http: { scheme: 'http' } },
  )
  const plain = (host: string, path: string, { method }: Call = {}) => {
    const message = request({
      host: '127.0.0.1',
      port: tunnels.plainPort,
      path,
      method,
      headers: { host },
      agent: false,
    })
    message.end()
    return within('an answer', answered(message))
  }
  const moved = await plain('a.localhost:8080', '/x?y', { method: 'POST' })
  t.equal(moved.status, 308)
  t.equal(moved.headers['location'], `https://a.localhost:${tunnels.port}/x?y`)
  t.equal((await plain('b.localhost', '/')).body, 'http')
  t.equal((await tunnels.call('b.localhost', '/')).body, 'https')
  t.equal((await plain('c.localhost', '/')).body, 'http')
  t.equal((await tunnels.call('c.localhost', '/')).status, 404)
  const unknown = await plain('nobody.localhost', '/')
  t.match(unknown, { status: 404, headers: { 'x-uniroute-error': 'UR_HTTP_NO_TUNNEL' } })
})

t.test('what is no HTTP is answered 400', async (t) => {
  const tunnels = await HttpTunnels.start(t)
  const socket = connect(tunnels.plainPort, '127.0.0.1')
  socket.write('hello\r\n\r\n')
  t.match(await within('the answer', everything(socket)), /^HTTP\/1\.1 400 /)
})
