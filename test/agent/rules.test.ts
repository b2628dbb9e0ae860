import t from 'tap'
import { isPassword } from '../../src/access/visitor-rules/password.js'
import { Agent, type TunnelSpec } from '../../src/agent/index.js'
import { httpKeysFrom, httpOptionsOf, readUpstream, type Override } from '../../src/config/index.js'
import { Secret } from '../../src/core/secret.js'
import { CAPABILITIES, decodeHttpOptions } from '../../src/protocol/index.js'
import { makeAgent, next, ready, tcpTunnel, TestServer } from './test-server.js'

function httpTunnel(name: string, keys: Record<string, unknown>): TunnelSpec {
  const flags = Object.entries(keys).map(([key, value]): Override => ({ path: [key], value, origin: key }))
  const upstream = readUpstream('3000')
  return { name, kind: 'http', upstream, http: { options: httpOptionsOf(httpKeysFrom(flags), upstream) } }
}

t.test('what a tunnel asks for is in each of its Binds, with one hash for all sessions', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server, {
    tunnels: [
      httpTunnel('shop', { basic_auth: 'ann:correct horse', host_header: 'rewrite', cidr_deny: '10.0.0.0/8' }),
      httpTunnel('open', {}),
    ],
  })
  await ready(agent)
  const [shop, open] = (await server.session()).binds
  t.equal(open?.httpOptions, null, 'who asks for nothing says nothing, and any server will do')
  const { hostHeader, rules } = decodeHttpOptions(shop?.httpOptions)
  t.equal(hostHeader, 'localhost:3000')
  t.match(rules.cidrDeny, [{ address: '10.0.0.0', prefix: 8 }])
  t.ok(await isPassword('correct horse', rules.basicAuth[0]!))

  server.cut()
  await server.session(1)
  await server.until('both binds again', () => server.sessions[1]?.binds.length === 2)
  t.same(server.sessions[1]?.binds[0]?.httpOptions, shop?.httpOptions)
})

t.test('a server that does not know rules is asked for no tunnel that has some', async (t) => {
  const server = await TestServer.start(t)
  server.capabilities = CAPABILITIES.filter((each) => each !== 'http-options')
  const agent = makeAgent(t, server, {
    tunnels: [httpTunnel('shop', { request_header_remove: 'Authorization' }), tcpTunnel(9)],
  })
  const refused = next(agent, 'refused')
  await ready(agent)
  const [tunnel, error] = await refused
  t.equal(tunnel.name, 'shop')
  t.match(error, { code: 'UR_RULE_UNKNOWN', exitCode: 3, message: /version 9\.9\.9.*"shop".*update the server/ })
  t.same(
    (await server.session()).binds.map(({ name }) => name),
    ['tcp-9'],
  )
})

t.test(
  'an agent with no other tunnel ends; one that had its tunnel waits for a server that knows its rules',
  async (t) => {
    const server = await TestServer.start(t)
    server.capabilities = []
    const tunnels = [httpTunnel('shop', { rate: '1/s' })]
    const first = makeAgent(t, server, { tunnels })
    first.start()
    t.match(await next(first, 'close'), [{ code: 'UR_RULE_UNKNOWN' }])

    server.capabilities = CAPABILITIES
    const second = makeAgent(t, server, { tunnels })
    await ready(second)
    server.capabilities = []
    server.cut()
    t.match(await next(second, 'refused'), [{ state: undefined }, { code: 'UR_RULE_UNKNOWN' }])
    t.equal(second.state, 'online')
    server.capabilities = CAPABILITIES
    server.cut()
    const [tunnel] = await next(second, 'tunnel')
    t.equal(tunnel.problem, null)
  },
)

t.test('an agent that is stopped while it hashes passwords does not connect', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server, { tunnels: [httpTunnel('shop', { basic_auth: 'ann:correct horse' })] })
  const closed = next(agent, 'close')
  agent.start()
  agent.stop(0)
  t.same(await closed, [null])
  const other = makeAgent(t, server)
  await ready(other)
  t.equal(server.connections, 1)
})

t.test('options that no server would take are told by the constructor', async (t) => {
  const good = httpTunnel('shop', { basic_auth: 'ann:correct horse' })
  const options = good.http!.options!
  const { rules } = options
  const wrong: Record<string, unknown> = {
    'a value that ends the line': { ...options, requestHeaders: { add: ['X-A', 'b\r\nX-Evil: 1'], remove: [] } },
    'a value with NUL': { ...options, responseHeaders: { add: ['X-A', 'b\0'], remove: [] } },
    'a field of the framing': { ...options, requestHeaders: { add: ['Transfer-Encoding', 'chunked'], remove: [] } },
    'a host that ends the line': { ...options, hostHeader: 'a\r\nb' },
    'a password that anything may print': {
      ...options,
      rules: { ...rules, basicAuth: [{ user: 'a', password: 'b' }] },
    },
    'a user twice': { ...options, rules: { ...rules, basicAuth: [rules.basicAuth[0], rules.basicAuth[0]] } },
    'no options at all': {},
    nothing: null,
  }
  const server = { host: 'localhost', port: 1 }
  const withOptions = (options: unknown, kind = 'http') =>
    new Agent({ server, token: new Secret('x'), tunnels: [{ ...good, kind, http: { options } } as never] })
  for (const [what, options] of Object.entries(wrong)) {
    t.throws(() => withOptions(options), { code: 'UR_AGENT_OPTION', message: /tunnels\[0\]\.http\.options/ }, what)
  }
  t.throws(() => withOptions(options, 'tcp'), { code: 'UR_AGENT_OPTION', message: /kind 'http'/ })
  t.doesNotThrow(() => withOptions(options))
})
