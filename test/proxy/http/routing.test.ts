import type { ServerResponse } from 'node:http'
import t from 'tap'
import { call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'

const says = (word: string) => (_: unknown, response: ServerResponse) => response.end(word)

t.test('two tunnels under one certificate: a connection for one never reaches the other', async (t) => {
  const [a, b] = [await upstream(t, says('a')), await upstream(t, says('b'))]
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'a', upstream: a.port, subdomain: 'a' }, { name: 'b', upstream: b.port, subdomain: 'b' })
  t.equal((await tunnels.call('a.localhost', '/')).body, 'a')
  t.equal((await tunnels.call('b.localhost', '/')).body, 'b')
  const session = tunnels.http2('a.localhost')
  t.equal((await call2(session, '/')).body, 'a')
  const other = await call2(session, '/', { headers: { ':authority': 'b.localhost' } })
  t.equal(other.status, 421)
  t.equal(other.headers['x-uniroute-error'], 'UR_HTTP_MISDIRECTED')
  t.equal((await call2(session, '/', { headers: { ':authority': 'A.localhost.:443' } })).body, 'a')
  t.equal((await tunnels.call('a.localhost', '/', { host: 'b.localhost' })).status, 421)
  t.equal((await tunnels.call('a.localhost', '/', { host: 'nobody.localhost' })).status, 421)
})

t.test('paths: the longest prefix of whole segments; what no tunnel serves is 404, without a stream', async (t) => {
  const [api, v2] = [await upstream(t, says('api')), await upstream(t, says('v2'))]
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent(
    { name: 'api', upstream: api.port, subdomain: 'shop', http: { path: '/api' } },
    { name: 'v2', upstream: v2.port, subdomain: 'shop', http: { path: '/api/v2/' } },
  )
  const of = async (path: string) => (await tunnels.call('shop.localhost', path)).body
  t.equal(await of('/api'), 'api')
  t.equal(await of('/api?x'), 'api')
  t.equal(await of('/api/v2'), 'v2')
  t.equal(await of('/api/v2/x'), 'v2')
  t.equal(await of('/api/v22'), 'api')
  const answer = await tunnels.call('shop.localhost', '/apis', { headers: { accept: 'application/json' } })
  t.equal(answer.status, 404)
  t.match(JSON.parse(answer.body), { code: 'UR_HTTP_NO_TUNNEL', request_id: /^[0-9a-f]{32}$/ })
})

t.test('a wildcard serves every name below it but those that have a tunnel of their own', async (t) => {
  const [any, one] = [await upstream(t, says('any')), await upstream(t, says('one'))]
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent(
    { name: 'any', upstream: any.port, domain: '*.app.localhost' },
    { name: 'one', upstream: one.port, domain: 'one.app.localhost' },
  )
  const insecure = async (host: string) => {
    const session = tunnels.http2(host, { createConnection: () => tunnels.tls(host, ['h2'], false) })
    return (await call2(session, '/')).body
  }
  t.equal(await insecure('two.app.localhost'), 'any')
  t.equal(await insecure('one.app.localhost'), 'one')
})

t.test('a random name that people can say, and the same one after a reconnect', async (t) => {
  const { port } = await upstream(t, says('here'))
  const tunnels = await HttpTunnels.start(t)
  const agent = await tunnels.agent({ name: 'web', upstream: port })
  const url = agent.status().tunnels[0]?.publicUrl ?? ''
  t.match(url, /^https:\/\/[a-z]+-[a-z]+-[0-9a-f]{4}\.localhost:\d+$/)
  t.equal((await tunnels.call(new URL(url).hostname, '/')).body, 'here')
})
