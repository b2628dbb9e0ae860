import { createServer } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { Kind } from '../../src/protocol/index.js'
import { eventually, within } from '../support/hang.js'
import { must, TestAgent, testServer } from './support.js'

t.test('a port that is free is bound, and the agent told the public address', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const { bound } = await agent.bind({ remotePort: server.first + 7 })
  t.match(bound, { remotePort: server.first + 7, publicUrl: `tcp://127.0.0.1:${server.first + 7}` })
  t.equal(server.table.findPort(server.first + 7)?.id, bound?.tunnelId)
})

t.test('a port outside the range, in use by another program, or held by another token is refused', async (t) => {
  const server = await testServer(t)
  const alice = await TestAgent.connect(t, server, { token: 'alice' })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  t.match((await alice.bind({ remotePort: 1 })).refused, { code: 'UR_PORT_RANGE', message: /range \d+-\d+/ })
  const foreign = createServer().listen(server.first + 1, '127.0.0.1')
  t.teardown(() => foreign.close())
  await once(foreign, 'listening')
  t.match((await alice.bind({ remotePort: server.first + 1 })).refused, {
    code: 'UR_PORT_TAKEN',
    message: /another program/,
  })
  await alice.bind({ remotePort: server.first + 2 })
  t.match((await bob.bind({ remotePort: server.first + 2 })).refused, {
    code: 'UR_PORT_TAKEN',
    message: /another token/,
  })
  t.match((await alice.bind({ remotePort: server.first + 2 })).refused, {
    code: 'UR_PORT_TAKEN',
    message: /your tunnel "t3"/,
  })
})

t.test('an explicit port goes over at once to another session of the same token', async (t) => {
  const server = await testServer(t)
  const old = await TestAgent.connect(t, server)
  const { bound } = await old.bind({ remotePort: server.first })
  const next = await TestAgent.connect(t, server)
  t.equal((await next.bind({ remotePort: server.first })).bound?.remotePort, server.first)
  const { refused } = await old.message((message) => message.refused !== undefined && message.refused !== null)
  t.match(refused, { code: 'UR_TAKEN_OVER', tunnelId: bound?.tunnelId, request: 0 })
  t.equal(server.table.findPort(server.first)?.session.instanceId, [...server.agents.sessions()][1]?.instanceId)
})

t.test('any port: the same token and name get the same one each time, others another', async (t) => {
  const server = await testServer(t)
  const first = await TestAgent.connect(t, server, { token: 'alice' })
  const port = (await first.bind({ name: 'db' })).bound?.remotePort
  const other = await TestAgent.connect(t, server, { token: 'bob' })
  t.not((await other.bind({ name: 'db' })).bound?.remotePort, port)
  first.end.session.destroy(new Error('gone'))
  await first.end.closed
  const again = await TestAgent.connect(t, server, { token: 'alice' })
  t.equal((await again.bind({ name: 'db' })).bound?.remotePort, port)
})

t.test('any port: a live session of the same token keeps its own, the second agent gets another', async (t) => {
  const server = await testServer(t)
  const first = await TestAgent.connect(t, server)
  const port = (await first.bind({ name: 'db' })).bound?.remotePort
  const second = await TestAgent.connect(t, server)
  const answer = await second.bind({ name: 'db', preferredPort: port ?? 0 })
  t.type(answer.bound?.remotePort, 'number')
  t.not(answer.bound?.remotePort, port)
})

t.test(
  'any port: a session that does not answer a ping gives its port to the same token in under a second',
  async (t) => {
    const server = await testServer(t)
    const ghost = await TestAgent.connect(t, server)
    const port = (await ghost.bind({ name: 'db' })).bound?.remotePort
    ghost.socket.pause()
    const next = await TestAgent.connect(t, server)
    const startedAt = performance.now()
    t.equal((await next.bind({ name: 'db', preferredPort: port ?? 0 })).bound?.remotePort, port)
    t.ok(performance.now() - startedAt < 1000)
  },
)

t.test('the same agent process gets its preferred port back at once, though its old session looks alive', async (t) => {
  const server = await testServer(t)
  const before = await TestAgent.connect(t, server, { instance: 'i1' })
  const port = (await before.bind({ name: 'db' })).bound?.remotePort
  const after = await TestAgent.connect(t, server, { instance: 'i1' })
  t.equal((await after.bind({ name: 'db', preferredPort: port ?? 0 })).bound?.remotePort, port)
  if (!before.socket.closed) await within('the end of the old connection', once(before.socket, 'close'))
  t.equal(server.agents.sessionCount, 1)
})

t.test('a range without a free port says so', async (t) => {
  const server = await testServer(t, { limits: { tunnelsPerSession: 1000 } })
  const agent = await TestAgent.connect(t, server)
  for (let port = server.first; port <= server.last; port++) t.ok((await agent.bind()).bound)
  t.match((await agent.bind()).refused, { code: 'UR_PORTS_EXHAUSTED' })
})

t.test('host names: taken by another token, taken over by the same, reserved, invalid, wildcard', async (t) => {
  const server = await testServer(t)
  const alice = await TestAgent.connect(t, server, { token: 'alice' })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  const kind = Kind.KIND_TLS
  t.match((await alice.bind({ kind, domain: 'DB.example.org.' })).bound, {
    publicUrl: 'tls://db.example.org',
    remotePort: 0,
  })
  t.match((await bob.bind({ kind, domain: 'db.example.org' })).refused, { code: 'UR_NAME_TAKEN' })
  const second = await TestAgent.connect(t, server, { token: 'alice' })
  t.ok((await second.bind({ kind, domain: 'db.example.org' })).bound)
  t.match((await alice.message((message) => Boolean(message.refused))).refused, { code: 'UR_TAKEN_OVER' })
  t.match((await bob.bind({ kind, domain: 'tunnels.example.com' })).refused, { code: 'UR_NAME_RESERVED' })
  t.match((await bob.bind({ kind, domain: '*.tunnels.example.com' })).refused, { code: 'UR_NAME_RESERVED' })
  t.match((await bob.bind({ kind, domain: 'a..b' })).refused, { code: 'UR_NAME_INVALID' })
  t.match((await bob.bind({ kind, subdomain: 'a.b' })).refused, {
    code: 'UR_NAME_INVALID',
    message: /more than one label/,
  })
  t.match((await bob.bind({ kind, subdomain: 'a_b' })).refused, { code: 'UR_NAME_INVALID', message: /underscore/ })
  t.match((await bob.bind({ kind, subdomain: 'shop' })).bound, { publicUrl: 'tls://shop.tunnels.example.com' })
  t.match((await bob.bind({ kind, domain: '*.bob.example' })).bound, { publicUrl: 'tls://*.bob.example' })
  t.match((await bob.bind({ kind, name: 'x' })).bound, {
    publicUrl: /^tls:\/\/\w+-\w+-[0-9a-f]{4}\.tunnels\.example\.com$/,
  })
})

t.test('a name that is longer in the answer than a message may be is refused, and the server lives on', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const { refused } = await agent.bind({ kind: Kind.KIND_TLS, domain: '\u0001'.repeat(30_000) })
  t.match(refused, { code: 'UR_NAME_INVALID', message: / is not a host name/ })
  t.ok((await agent.bind({ remotePort: server.first })).bound)
})

t.test('unbind and the end of a session free the address', async (t) => {
  const server = await testServer(t)
  const alice = await TestAgent.connect(t, server, { token: 'alice' })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  const { bound } = await alice.bind({ remotePort: server.first })
  alice.send({ unbind: { tunnelId: bound?.tunnelId ?? 0 } })
  await alice.bind({ remotePort: server.first + 1 }) // answered after the Unbind was read
  t.ok((await bob.bind({ remotePort: server.first })).bound)
  bob.end.session.close()
  await eventually('the end of the session', () => must(server.agents.sessionCount === 1))
  t.ok((await alice.bind({ remotePort: server.first })).bound)
})

t.test('nobody waits for an http tunnel that its agent gave back, and its name is free', async (t) => {
  const server = await testServer(t)
  const alice = await TestAgent.connect(t, server, { token: 'alice' })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  const ask = { kind: Kind.KIND_HTTP, subdomain: 'shop', holdMs: 60_000 }
  const { bound } = await alice.bind(ask)
  t.match((await bob.bind(ask)).refused, { code: 'UR_NAME_TAKEN' })
  alice.send({ unbind: { tunnelId: bound?.tunnelId ?? 0 } })
  await alice.bind({ remotePort: server.first }) // answered after the Unbind was read
  t.ok((await bob.bind(ask)).bound)
})

t.test('what makes no sense, and more tunnels than allowed', async (t) => {
  const server = await testServer(t, { limits: { tunnelsPerSession: 1 } })
  const agent = await TestAgent.connect(t, server)
  t.match((await agent.bind({ name: '' })).refused, { code: 'UR_BIND_INVALID' })
  t.match((await agent.bind({ name: 'a\u001b[2J' })).refused, { code: 'UR_BIND_INVALID' })
  t.match((await agent.bind({ kind: Kind.KIND_UDP })).refused, { code: 'UR_KIND_UNSUPPORTED' })
  t.ok((await agent.bind()).bound)
  t.match((await agent.bind()).refused, { code: 'UR_TUNNEL_LIMIT' })
})

t.test(
  'rules: the tunnel has those that its agent asked for; unknown ones, nonsense and other kinds are refused',
  async (t) => {
    const server = await testServer(t)
    const agent = await TestAgent.connect(t, server)
    const http = { kind: Kind.KIND_HTTP, subdomain: 'shop' }
    const first = await agent.bind({ ...http, httpOptions: { rules: { required: ['max_body'], maxBody: 10 } } })
    t.ok(first.bound)
    const [tunnel] = [...[...server.agents.sessions()][0]!.tunnels.values()]
    t.match(tunnel?.http?.options, { hostHeader: null, rules: { maxBody: 10, rate: null } })

    // Nobody loses a name to a tunnel that is not served.
    const other = await TestAgent.connect(t, server)
    const unknown = { rules: { required: ['geo_allow'] } }
    t.match((await other.bind({ ...http, httpOptions: unknown })).refused, {
      code: 'UR_RULE_UNKNOWN',
      retryable: false,
      message: /"geo_allow".*Update the server/,
    })
    const evil = { requestHeaders: { add: [{ name: 'X-A', value: 'a\r\nX-Evil: 1' }] } }
    t.match((await other.bind({ ...http, httpOptions: evil })).refused, { code: 'UR_BIND_INVALID' })
    t.equal(tunnel?.bound, true)
    const onTls = await agent.bind({ kind: Kind.KIND_TLS, subdomain: 'db', httpOptions: { hostHeader: 'a' } })
    t.match(onTls.refused, { code: 'UR_BIND_INVALID', message: /kind http/ })
  },
)

t.test('a port that is unbound can be bound again by the very next message', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const { bound } = await agent.bind({ remotePort: server.first })
  agent.send({ unbind: { tunnelId: bound?.tunnelId ?? 0 } })
  t.equal((await agent.bind({ remotePort: server.first })).bound?.remotePort, server.first)
})
