import net from 'node:net'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import type { ExchangePage, InspectorStatus } from '../../src/inspector/contract.js'
import { request as rawRequest, type Reply } from '../admin/support.js'
import { eventually, within } from '../support/hang.js'
import { HttpProduct, hostOf } from '../support/http-product.js'
import { upstream } from '../support/http-upstream.js'
import { freePort } from '../support/places.js'
import type { Agent } from '../support/product.js'
import { startEcho } from '../support/pumps.js'

interface Started {
  readonly name: string
  readonly public_url: string
}

/** The API of an agent's inspector, for ngrok's scripts. */
class Api {
  readonly url: URL

  constructor(agent: Agent) {
    const ready = agent.process.events.find(({ event }) => event === 'ready')
    this.url = new URL(String(ready?.['inspector']))
  }

  call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Reply> {
    const { hostname: host, port } = this.url
    const type = body && { 'content-type': 'application/json' }
    const options = { host, port, path, method, headers: { ...type, ...headers } }
    return within(`${method} ${path}`, rawRequest(options, body ? JSON.stringify(body) : null))
  }

  async start(definition: object): Promise<Started> {
    const { status, body, text } = await this.call('POST', '/api/tunnels', definition)
    if (status !== 201) throw new Error(`${status} ${text}`)
    return body as Started
  }

  async get<T>(path: string): Promise<T> {
    return (await this.call('GET', path)).body as T
  }
}

async function scene(t: Test) {
  const product = await HttpProduct.start(t)
  const { port } = await upstream(t, (request, response) => {
    request.resume()
    request.on('end', () => response.end(`hello from ${request.url}`))
  })
  const agent = await product.agent(t, await freePort(), 'first', ['--inspect-addr', '127.0.0.1:0'])
  return { product, agent, api: new Api(agent), port }
}

const portOf = ({ public_url: url }: Started): number => Number(new URL(url.replace('tcp:', 'http:')).port)

t.test('an http tunnel by POST: visitors, captured requests, the status, and the end by DELETE', async (t) => {
  const { product, agent, api, port } = await scene(t)
  const shop = { name: 'shop', proto: 'http', addr: `127.0.0.1:${port}`, subdomain: 'shop' }
  const told = agent.process.event('tunnel', { when: ({ name }) => name === 'shop' })
  t.match(await api.call('POST', '/api/tunnels', shop), {
    status: 201,
    body: {
      name: 'shop',
      uri: '/api/tunnels/shop',
      public_url: product.url('shop', ''),
      proto: 'https',
      config: { addr: `127.0.0.1:${port}`, inspect: true },
    },
  })
  await told
  t.equal(String((await product.call(hostOf('shop'), '/a')).body), 'hello from /a')
  await eventually('the request', async () => {
    const { exchanges } = await api.get<ExchangePage>('/api/inspect/exchanges?tunnel=shop')
    if (exchanges[0]?.state !== 'done') throw new Error('not yet')
    t.match(exchanges, [{ tunnel: 'shop', target: '/a', status: 200 }])
  })
  const { tunnels } = await api.get<InspectorStatus>('/api/inspect/status')
  t.match(tunnels, [{ name: /./ }, { name: 'shop', inspected: true, requests: { count: 1 } }])
  t.match(await api.call('GET', '/api/tunnels/shop'), { status: 200, body: { metrics: { http: { count: 1 } } } })
  t.match(await api.call('GET', '/api/endpoints/shop'), { status: 200 })

  const ended = agent.process.event('removed', { when: ({ name }) => name === 'shop' })
  t.equal((await api.call('DELETE', '/api/tunnels/shop')).status, 204)
  await ended
  for (const method of ['GET', 'DELETE']) t.equal((await api.call(method, '/api/tunnels/shop')).status, 404)
  const begun = performance.now()
  const refused = await product.call(hostOf('shop'), '/b')
  t.ok(refused.status >= 500 || refused.status === 404, String(refused.status))
  t.ok(performance.now() - begun < 5_000, 'nobody waits for it')
  t.match((await api.get<InspectorStatus>('/api/inspect/status')).tunnels, { length: 1 })

  const again = { ...shop, inspect: false }
  t.match(await api.call('POST', '/api/tunnels', again), { status: 201, body: { config: { inspect: false } } })
  t.equal(String((await product.call(hostOf('shop'), '/secret')).body), 'hello from /secret')
  const { exchanges } = await api.get<ExchangePage>('/api/inspect/exchanges')
  t.same(
    exchanges.filter(({ target }) => target === '/secret'),
    [],
    'inspect: false',
  )
  t.match((await api.get<InspectorStatus>('/api/inspect/status')).tunnels[1], { requests: { count: 0 } })
})

t.test('a tcp tunnel by POST: connections are closed by DELETE, and its port takes none', async (t) => {
  const { api } = await scene(t)
  const echo = await startEcho(t)
  const started = await api.start({ name: 'echo', proto: 'tcp', addr: echo.port })
  const visitor = net.connect(portOf(started), '127.0.0.1')
  visitor.on('error', () => undefined)
  visitor.write('hello')
  t.match(await once(visitor, 'data'), [Buffer.from('hello')])
  const closed = new Promise((resolve) => visitor.once('close', resolve))
  t.equal((await api.call('DELETE', '/api/tunnels/echo')).status, 204)
  await within('the visitor is cut off', closed)
  const late = net.connect(portOf(started), '127.0.0.1')
  t.match(await within('the refusal', once(late, 'error')), [{ code: 'ECONNREFUSED' }])
  const again = await api.start({ name: 'echo', proto: 'tcp', addr: echo.port })
  t.equal(again.public_url, started.public_url, 'a tunnel of that name gets the same port')
})

t.test(
  'a server that is killed and comes back finds the tunnels that were started, and not those stopped',
  async (t) => {
    const { product, agent, api, port } = await scene(t)
    const echo = await startEcho(t)
    await api.start({ name: 'shop', addr: `127.0.0.1:${port}`, subdomain: 'shop' })
    const tcp = await api.start({ name: 'echo', proto: 'tcp', addr: echo.port })
    await api.start({ name: 'gone', proto: 'tcp', addr: echo.port })
    t.equal((await api.call('DELETE', '/api/tunnels/gone')).status, 204)
    await product.server.process.stop('SIGKILL')
    await agent.process.event('offline')
    t.match(await api.call('POST', '/api/tunnels', { name: 'x', addr: 1 }), {
      status: 503,
      body: {
        error_code: 104,
        details: { err: 'a successful ngrok tunnel session has not yet been established' },
      },
    })
    await product.server.launch()
    for (const name of ['shop', 'echo']) {
      await eventually(`${name} is bound again`, () => {
        const told = agent.process.events.filter((each) => each.event === 'tunnel' && each['name'] === name)
        return told.length === 2 ? Promise.resolve() : Promise.reject(new Error('not yet'))
      })
    }
    t.equal(String((await product.call(hostOf('shop'), '/back')).body), 'hello from /back')
    t.match(await api.get('/api/tunnels/echo'), { public_url: tcp.public_url })
    t.equal((await api.call('GET', '/api/tunnels/gone')).status, 404)
  },
)

t.test(
  'two POSTs with one name at once: one gets the tunnel; and what else goes wrong, in the shape of ngrok',
  async (t) => {
    const { api } = await scene(t)
    const post = (body: object, headers?: Record<string, string>) => api.call('POST', '/api/tunnels', body, headers)
    const ssh = { name: 'ssh', proto: 'tcp', addr: 22 }
    const both = await Promise.all([post(ssh), post(ssh)])
    t.same(both.map(({ status }) => status).sort(), [201, 400])
    t.match(
      both.find(({ status }) => status === 400),
      { body: { error_code: 102, msg: 'invalid tunnel configuration', details: { err: /UR_TUNNEL_EXISTS/ } } },
    )
    const invalid: readonly (readonly [object, RegExp])[] = [
      [{ proto: 'http' }, /addr/],
      [{ addr: 1, proto: 'ftp' }, /^proto: /],
      [{ addr: 'file:///etc' }, /^addr: /],
      [{ addr: 1, oauth: { provider: 'google' } }, /oauth/],
      [{ addr: 1, basic_auth: ['nocolon'] }, /^basic_auth: /],
      [{ addr: 1, auth: 'nocolon' }, /^auth/],
      [{ addr: 1, proto: 'tcp', host_header: 'rewrite' }, /^host_header: is for tunnels of kind http/],
      [{ addr: 1, proto: 'tls', hostname: 'a.example', crt: '/none.pem' }, /key/],
      [{ addr: 1, proto: 'tls', hostname: 'a.example', crt: '/none.pem', key: '/none.key' }, /UR_CERT_UNREADABLE/],
    ]
    for (const [body, err] of invalid) {
      t.match(await post({ name: 'wrong', ...body }), { status: 400, body: { error_code: 102, details: { err } } })
    }
    const taken = portOf((await api.start({ name: 'one', proto: 'tcp', addr: 1 })) satisfies Started)
    t.match(await post({ name: 'two', proto: 'tcp', addr: 1, remote_addr: `localhost:${taken}` }), {
      status: 502,
      body: { error_code: 103, msg: 'failed to start tunnel', details: { err: /UR_PORT_TAKEN/ } },
    })
    const { body } = await api.call('GET', '/api/tunnels')
    t.same(
      (body as { tunnels: Started[] }).tunnels.map(({ name }) => name).filter((name) => /wrong|two/.test(name)),
      [],
      'nothing is left of those that failed',
    )
    t.equal((await post(ssh, { host: 'evil.example' })).status, 421)
    t.equal((await post(ssh, { origin: 'http://evil.example' })).status, 403)
    t.equal((await post(ssh, { 'content-type': 'text/plain' })).status, 415)
    t.equal((await api.call('DELETE', '/api/tunnels/ssh', undefined, { origin: 'http://evil.example' })).status, 403)
    t.equal((await api.call('GET', '/api/tunnels/ssh')).status, 200)
  },
)

t.test('the same by our own API, with the keys of uniroute.yml', async (t) => {
  const { product, api, port } = await scene(t)
  const at = '/api/inspect/tunnels'
  const shop = { name: 'shop', kind: 'http', upstream: `127.0.0.1:${port}`, subdomain: 'shop', path: '/api' }
  t.match(await api.call('POST', at, { ...shop, pahts: 1 }), {
    status: 422,
    body: { code: 'UR_CONFIG_UNKNOWN_KEY', detail: /pahts.*path/ },
  })
  t.match(await api.call('POST', at, { name: 'shop' }), { status: 422, body: { code: 'UR_INSPECT_FIELD' } })
  t.match(await api.call('POST', at, shop), {
    status: 201,
    body: { name: 'shop', kind: 'http', publicUrl: product.url('shop', '/api'), inspected: true },
  })
  t.match(await api.call('POST', at, shop), { status: 409, body: { code: 'UR_TUNNEL_EXISTS' } })
  t.match(await api.call('POST', at, { name: 'p', kind: 'tcp', upstream: 1, remote_port: 1 }), {
    status: 409,
    body: { code: 'UR_PORT_RANGE' },
  })
  t.equal(String((await product.call(hostOf('shop'), '/api/x')).body), 'hello from /api/x')
  t.equal((await api.call('DELETE', `${at}/shop`)).status, 204)
  t.match(await api.call('DELETE', `${at}/shop`), { status: 404, body: { code: 'UR_INSPECT_NOT_FOUND' } })
})
