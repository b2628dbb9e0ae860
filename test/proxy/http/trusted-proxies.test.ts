import { request as plainRequest } from 'node:http'
import t, { type Test } from 'tap'
import type { ConnectionInfo } from '../../../src/agent/index.js'
import { serverConfigFrom } from '../../../src/config/index.js'
import { within } from '../../support/hang.js'
import { keptAlive, optionsFrom } from '../../support/http-rules.js'
import { answered, call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'
import { RecordedLog } from '../../support/log.js'

const HOST = 'shop.localhost'
const VISITOR = '203.0.113.9'
const CHAIN = { 'x-forwarded-for': `6.6.6.6, ${VISITOR}, 10.1.2.3` }

async function behind(t: Test, trusted: string[], keys: Record<string, unknown> = {}) {
  const { port } = await upstream(t, (request, response) => response.end(JSON.stringify(request.headers)))
  const log = new RecordedLog()
  const settings = { 'listen.trusted_proxies': trusted, access_log: 'on' }
  const tunnels = await HttpTunnels.start(t, {}, { log, settings })
  const agent = await tunnels.agent({
    name: 'web',
    upstream: port,
    subdomain: 'shop',
    http: { options: optionsFrom(keys) },
  })
  return { tunnels, log, agent }
}

const headersOf = (body: string) => JSON.parse(body) as Record<string, string>

t.test('behind trusted proxies the visitor is whom they name: for rules, log, agent and upstream', async (t) => {
  const { tunnels, log, agent } = await behind(t, ['127.0.0.1', '10.0.0.0/8'], { cidr_deny: '203.0.113.0/24' })
  const visitors: string[] = []
  agent.on('opened', ({ visitor }: ConnectionInfo) => visitors.push(visitor))
  const session = tunnels.http2(HOST)
  const kept = keptAlive(t, tunnels, HOST)
  const calls = [
    (headers: Record<string, string>) => call2(session, '/', { headers }),
    (headers: Record<string, string>) => kept('/', { headers }),
  ]
  for (const call of calls) {
    t.equal((await call(CHAIN)).status, 403, 'kept out by his own address')
    const good = await call({ 'x-forwarded-for': `${VISITOR}, 198.51.100.7` })
    t.equal(good.status, 200, 'what stands left of him, he may have written')
    t.match(headersOf(good.body), {
      'x-forwarded-for': `${VISITOR}, 198.51.100.7, 127.0.0.1`,
      forwarded: /for=127\.0\.0\.1;/,
      'x-real-ip': undefined,
    })
    t.equal((await call({})).status, 200, 'the proxy itself')
  }
  t.same(
    log.with('request').map(({ fields }) => fields['visitor']),
    [VISITOR, '198.51.100.7', '127.0.0.1', VISITOR, '198.51.100.7', '127.0.0.1'],
  )
  t.equal(visitors[0], '198.51.100.7:0')
})

t.test('nobody else is believed', async (t) => {
  const { tunnels, log } = await behind(t, ['10.0.0.0/8'], { cidr_deny: '203.0.113.0/24' })
  const headers = { ...CHAIN, 'x-request-id': 'mine', 'x-forwarded-proto': 'ftp' }
  const answer = await tunnels.call(HOST, '/', { headers })
  t.equal(answer.status, 200)
  t.match(headersOf(answer.body), { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https' })
  t.match(answer.headers['x-request-id'], /^[0-9a-f]{32}$/)
  t.equal(log.with('request')[0]?.fields['visitor'], '127.0.0.1')
})

t.test('rates are those of the visitors, not of the proxy', async (t) => {
  const { tunnels } = await behind(t, ['127.0.0.1'], { rate_per_visitor: '1/h' })
  const from = async (address: string) =>
    (await tunnels.call(HOST, '/', { headers: { 'x-forwarded-for': address } })).status
  t.equal(await from('198.51.100.1'), 200)
  t.equal(await from('198.51.100.1'), 429)
  t.equal(await from('198.51.100.2'), 200)
})

t.test('a proxy that ends TLS: what it says of scheme and request id counts', async (t) => {
  const { tunnels, log, agent } = await behind(t, ['127.0.0.1'])
  const ids: string[] = []
  agent.on('opened', ({ id }: ConnectionInfo) => ids.push(id))
  const plain = (headers: Record<string, string>) => {
    const message = plainRequest({
      host: '127.0.0.1',
      port: tunnels.plainPort,
      headers: { host: HOST, ...headers },
      agent: false,
    })
    message.end()
    return within('an answer', answered(message))
  }
  t.equal((await plain({})).status, 308)
  t.equal((await plain({ 'x-forwarded-proto': 'http' })).status, 308)
  const answer = await plain({ 'x-forwarded-proto': 'https', 'x-request-id': 'f3a-of-the-proxy' })
  t.match(answer, { status: 200, headers: { 'x-request-id': 'f3a-of-the-proxy' } })
  t.match(headersOf(answer.body), { 'x-forwarded-proto': 'https', traceparent: /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/ })
  t.equal(log.with('request').at(-1)?.fields['request'], 'f3a-of-the-proxy')
  t.same(ids, ['f3a-of-the-proxy'])
})

t.test('networks that are read again count at once', async (t) => {
  const { tunnels } = await behind(t, [], { cidr_deny: '203.0.113.0/24' })
  const kept = keptAlive(t, tunnels, HOST)
  const call = async () => (await kept('/', { headers: CHAIN })).status
  t.equal(await call(), 200)
  const { config } = tunnels.daemon
  const trusted_proxies = [
    { address: '127.0.0.1', prefix: 32 },
    { address: '10.0.0.0', prefix: 8 },
  ]
  await tunnels.daemon.reload({ ...config, listen: { ...config.listen, trusted_proxies } })
  t.equal(await call(), 403)
})

t.test('the key', async (t) => {
  const parsed = serverConfigFrom({ certs: { mode: 'dev' }, listen: { trusted_proxies: '10.0.0.0/8' } }, 'the test')
  t.same(parsed.listen.trusted_proxies, [{ address: '10.0.0.0', prefix: 8 }])
  t.throws(() => serverConfigFrom({ certs: { mode: 'dev' }, listen: { trusted_proxies: 'all' } }, 'the test'), {
    code: 'UR_CONFIG_VALUE',
  })
})
