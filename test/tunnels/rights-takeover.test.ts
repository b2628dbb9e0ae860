import { once } from 'node:events'
import { createServer } from 'node:net'
import t, { type Test } from 'tap'
import { RefusedError } from '../../src/core/errors.js'
import { Kind, type BindInit, type Control } from '../../src/protocol/index.js'
import { eventually } from '../support/hang.js'
import { changeRights, must, TestAgent, testServer, type TestServer } from './support.js'

// Who gets what from whom, when tokens have rights and quotas: the owner always has his own back at once, also from his
// own ghost, and nobody gets more than he may by it.

const http = (subdomain: string, bind: BindInit = {}): BindInit => ({ kind: Kind.KIND_HTTP, subdomain, ...bind })
const isLost = (message: Control): boolean => message.refused?.request === 0
const hasNotice = ({ notice }: Control): boolean => Boolean(notice)
const lost = async (agent: TestAgent): Promise<string | undefined> => (await agent.message(isLost)).refused?.code

/** What was said to an agent whose Hello was refused. */
async function refusedHello(t: Test, server: TestServer, token = 'alice'): Promise<unknown> {
  return TestAgent.connect(t, server, { token }).then(
    () => 'let in',
    (error: unknown) => error,
  )
}

/** An agent that is there no more, of which the server does not know. */
async function ghost(t: Test, server: TestServer, bind: BindInit): Promise<TestAgent> {
  const agent = await TestAgent.connect(t, server)
  await agent.bind(bind)
  agent.socket.pause()
  return agent
}

t.test('one session: a ghost gives way to its owner, and its name goes over', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_sessions: 1, max_tunnels: 1 } } })
  await ghost(t, server, http('shop'))
  const startedAt = performance.now()
  const next = await TestAgent.connect(t, server)
  t.ok((await next.bind(http('shop'))).bound)
  t.ok(performance.now() - startedAt < 1500)
  t.equal(server.agents.sessionCount, 1)
  t.match(server.rights.of('alice'), { sessions: 1, tunnels: 1 })
})

t.test('one session: one that answers stays, and the other may try again', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_sessions: 1 } } })
  const first = await TestAgent.connect(t, server)
  t.ok((await first.bind(http('shop'))).bound)
  t.match(await refusedHello(t, server), { code: 'UR_QUOTA_SESSIONS', retryable: true })
  t.ok((await TestAgent.connect(t, server, { token: 'bob' })).welcome, 'it is about one token')
  t.ok((await first.bind(http('blog'))).bound, 'and it is undisturbed')
})

t.test('one session: the same agent process comes back before its old session was missed', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_sessions: 1, max_tunnels: 1 } } })
  const before = await TestAgent.connect(t, server, { instance: 'i1' })
  await before.bind(http('shop'))
  const after = await TestAgent.connect(t, server, { instance: 'i1' })
  t.ok((await after.bind(http('shop'))).bound)
  t.equal(server.rights.of('alice').sessions, 1)
})

t.test('one session: of many agents that come at once one is let in', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_sessions: 1 } } })
  const answers = await Promise.all(Array.from({ length: 8 }, () => refusedHello(t, server)))
  t.equal(answers.filter((answer) => answer === 'let in').length, 1)
  t.equal(server.agents.sessionCount, 1)
})

t.test('one tunnel: a ghost gives its up for another name, and for a random port', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_tunnels: 1 } } })
  const dead = await ghost(t, server, http('shop'))
  const next = await TestAgent.connect(t, server)
  t.ok((await next.bind(http('blog'))).bound)
  t.equal(server.rights.of('alice').tunnels, 1)
  dead.socket.resume()
  t.equal(await lost(dead), 'UR_TAKEN_OVER', 'a ghost that wakes up is told')
})

t.test('two tunnels: of a ghost that has two, the one of the same name and kind goes', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_tunnels: 2 } } })
  const dead = await TestAgent.connect(t, server)
  await dead.bind(http('a', { name: 'web' }))
  await dead.bind(http('b', { name: 'other' }))
  dead.socket.pause()
  const next = await TestAgent.connect(t, server)
  t.ok((await next.bind(http('c', { name: 'web' }))).bound)
  const names = [...server.agents.sessions()].flatMap(({ tunnels }) => [...tunnels.values()].map(({ host }) => host))
  t.strictSame(names.sort(), ['b.tunnels.example.com', 'c.tunnels.example.com'])
})

t.test('one tunnel: another agent may take the very address over, but no second one', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_tunnels: 1 } } })
  const first = await TestAgent.connect(t, server)
  const second = await TestAgent.connect(t, server)
  for (const bind of [http('shop'), { kind: Kind.KIND_TLS, domain: 'db.example.org' }, { remotePort: server.first }]) {
    const { bound } = await first.bind(bind)
    t.ok(bound)
    t.match((await second.bind(http('other'))).refused, { code: 'UR_QUOTA_TUNNELS', message: /1 tunnels at once/ })
    t.match((await second.bind({ remotePort: server.first + 1 })).refused, { code: 'UR_QUOTA_TUNNELS' })
    const taken = (await second.bind(bind)).bound
    t.ok(taken, 'it makes no more of them')
    t.match((await first.message(isLost)).refused, { code: 'UR_TAKEN_OVER', tunnelId: bound?.tunnelId })
    second.send({ unbind: { tunnelId: taken?.tunnelId ?? 0 } })
    t.match((await second.bind({ name: '' })).refused, { code: 'UR_BIND_INVALID' }, 'the Unbind was read')
  }
  t.equal(server.rights.of('alice').tunnels, 0)
})

t.test('two tunnels: of binds that come at once as many succeed as may', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_tunnels: 3 } } })
  const agents = [await TestAgent.connect(t, server), await TestAgent.connect(t, server)]
  const binds = agents.flatMap((agent) => Array.from({ length: 4 }, () => agent.bind()))
  const answers = await Promise.all(binds)
  t.equal(answers.filter(({ bound }) => bound).length, 3)
  t.equal(server.rights.of('alice').tunnels, 3)
})

t.test('a pool: each agent counts', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_tunnels: 2 } } })
  const pooled = http('shop', { http: { balance: 1 } })
  const agents = await Promise.all([1, 2, 3].map(() => TestAgent.connect(t, server)))
  t.ok((await agents[0]!.bind(pooled)).bound)
  t.ok((await agents[1]!.bind(pooled)).bound)
  t.match((await agents[2]!.bind(pooled)).refused, { code: 'UR_QUOTA_TUNNELS' })
})

t.test('what a bind that fails had counted is given back', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_tunnels: 1 } } })
  const agent = await TestAgent.connect(t, server)
  const foreign = createServer().listen(server.first, '127.0.0.1')
  t.teardown(() => foreign.close())
  await once(foreign, 'listening')
  for (let i = 0; i < 3; i++) {
    t.match((await agent.bind({ remotePort: server.first })).refused, { code: 'UR_PORT_TAKEN' })
  }
  t.ok((await agent.bind({ remotePort: server.first + 1 })).bound)
})

t.test('an agent that dies in the middle of a Bind leaves nothing behind', async (t) => {
  const server = await testServer(t, { rights: { alice: { max_tunnels: 1, max_sessions: 1 } } })
  const agent = await TestAgent.connect(t, server)
  agent.send({ bind: { kind: Kind.KIND_TCP, name: 'db', remotePort: server.first, request: 1 } })
  agent.send({ bind: { kind: Kind.KIND_HTTP, name: 'web', subdomain: 'shop', request: 2 } })
  await eventually('the bind', () => must(server.table.findPort(server.first) !== undefined))
  const [session] = [...server.agents.sessions()]
  session?.wire.destroy(new RefusedError('UR_TAKEN_OVER', 'the agent is dead'))
  await eventually('the end of it', () => must(server.rights.of('alice').tunnels === 0))
  t.match(server.rights.of('alice'), { sessions: 0, tunnels: 0, streams: 0 })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  t.ok((await bob.bind({ remotePort: server.first })).bound, 'its address is free for others')
  t.ok((await (await TestAgent.connect(t, server)).bind({ remotePort: server.first + 1 })).bound)
})

t.test('another token gets nothing from a ghost, until its rights are gone', async (t) => {
  const server = await testServer(t)
  await ghost(t, server, { remotePort: server.first })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  t.match((await bob.bind({ remotePort: server.first })).refused, { code: 'UR_PORT_TAKEN', message: /another token/ })
  await changeRights(server, 'alice', { kinds: ['http'] })
  t.ok((await bob.bind({ remotePort: server.first })).bound)
})

t.test('stale rights: an owner whose name is no longer his does not get it back from his ghost', async (t) => {
  const server = await testServer(t)
  const dead = await ghost(t, server, { kind: Kind.KIND_TLS, domain: 'db.example.org' })
  const next = await TestAgent.connect(t, server)
  // The news is known, and not yet enforced.
  await changeRights(server, 'alice', { names: ['shop'] }, false)
  t.match((await next.bind({ kind: Kind.KIND_TLS, domain: 'db.example.org' })).refused, { code: 'UR_RIGHTS_NAME' })
  server.agents.rightsChanged('alice')
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  t.ok((await bob.bind({ kind: Kind.KIND_TLS, domain: 'db.example.org' })).bound)
  dead.socket.resume()
  t.equal(await lost(dead), 'UR_RIGHTS_NAME')
})

t.test('stale rights: narrowed while a port is opened', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const answer = agent.bind({ remotePort: server.first })
  await eventually('the bind', () => must(server.table.findPort(server.first) !== undefined))
  await changeRights(server, 'alice', { kinds: ['http'] })
  const { bound, refused } = await answer
  // Bound and lost, or not bound: which came first is chance, that it is not there in the end is not.
  t.equal(bound ? await lost(agent) : refused?.code, 'UR_RIGHTS_KIND')
  t.equal(server.table.findPort(server.first), undefined)
  t.equal(server.rights.of('alice').tunnels, 0)
})

t.test('stale rights: fewer tunnels, the oldest stay; fewer sessions, the oldest that answers stays', async (t) => {
  const server = await testServer(t)
  const first = await TestAgent.connect(t, server)
  const second = await TestAgent.connect(t, server)
  const a = (await first.bind(http('a'))).bound
  const b = (await second.bind(http('b'))).bound
  const c = (await first.bind(http('c'))).bound
  await changeRights(server, 'alice', { max_tunnels: 2 })
  t.match((await first.message(isLost)).refused, { code: 'UR_QUOTA_TUNNELS', tunnelId: c?.tunnelId })
  t.match((await first.message(hasNotice)).notice, { code: 'UR_RIGHTS_CHANGED' })
  const left = [...server.agents.sessions()].flatMap(({ tunnels }) => [...tunnels.keys()])
  t.strictSame(left.sort(), [a!.tunnelId, b!.tunnelId].sort())

  await changeRights(server, 'alice', { max_sessions: 1 })
  const { refused } = await second.message(isLost)
  t.match(refused, { code: 'UR_QUOTA_SESSIONS', tunnelId: 0, retryable: true })
  await eventually('the end of it', () => must(server.agents.sessionCount === 1))
  t.ok((await first.bind(http('d'))).bound, 'the other goes on')
})

t.test('stale rights: an agent that is away learns of it when it is back', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const { bound } = await agent.bind(http('shop'))
  await agent.bind(http('blog'))
  for (const { socket } of agent.end.session.carriers) socket!.resetAndDestroy()
  const [session] = [...server.agents.sessions()]
  await eventually('the hold', () => must(session?.wire.held === true && agent.end.session.held))
  await changeRights(server, 'alice', { names: ['blog'] })
  t.strictSame(
    [...(session?.tunnels.values() ?? [])].map(({ host }) => host),
    ['blog.tunnels.example.com'],
  )
  await agent.comeBack(t, server)
  t.match((await agent.message(isLost)).refused, { code: 'UR_RIGHTS_NAME', tunnelId: bound?.tunnelId })
})

t.test('stale rights: a login that knows more than the server counts for the sessions that are there', async (t) => {
  const server = await testServer(t)
  const first = await TestAgent.connect(t, server)
  await first.bind(http('shop'))
  await server.rights.login({ id: 'alice', rights: { max_sessions: 1 }, accountDisabledAt: null, rightsChange: 7 })
  t.match(await refusedHello(t, server), { code: 'UR_QUOTA_SESSIONS' })
  // What is older does not undo it.
  await server.rights.change({ id: 'alice', rights: null, accountDisabledAt: null, rightsChange: 6 })
  t.match(await refusedHello(t, server), { code: 'UR_QUOTA_SESSIONS' })
  t.equal(server.rights.of('alice').takeChanged(), true)
})

t.test('a disabled account binds nothing more, and opens no session', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  const disabled = { id: 'alice', rights: null, accountDisabledAt: new Date(), rightsChange: 1 }
  await server.rights.change(disabled)
  t.match((await agent.bind(http('shop'))).refused, { code: 'UR_ACCOUNT_DISABLED' })
  t.match(await refusedHello(t, server), { code: 'UR_ACCOUNT_DISABLED', retryable: false })
  await server.rights.change({ ...disabled, accountDisabledAt: null, rightsChange: 2 })
  t.ok((await agent.bind(http('shop'))).bound)
})
