import { once } from 'node:events'
import t, { type Test } from 'tap'
import { AcceptResult, type Bind } from '../../src/protocol/index.js'
import { startEcho } from '../support/pumps.js'
import { makeAgent, next, ready, tcpTunnel, TestServer, type TestSession } from './test-server.js'

async function online(t: Test) {
  const [server, echo] = await Promise.all([TestServer.start(t), startEcho(t)])
  const agent = makeAgent(t, server, { tunnels: [tcpTunnel(9, { name: 'first' })] })
  await ready(agent)
  return { server, agent, session: await server.session(), spec: tcpTunnel(echo.port, { name: 'more' }) }
}

const names = ({ binds }: TestSession): string[] => binds.map(({ name }) => name)
const unbound = ({ messages }: TestSession): number[] =>
  messages.flatMap(({ unbind }) => (unbind ? [unbind.tunnelId] : []))

t.test('a tunnel that is added serves visitors, and one that is removed closes their connections', async (t) => {
  const { server, agent, session, spec } = await online(t)
  const told = next(agent, 'tunnel')
  t.match(await agent.addTunnel(spec), { name: 'more', publicUrl: 'tcp://tunnels.test:20002', problem: null })
  t.match(await told, [{ name: 'more' }])
  t.match(agent.status().tunnels, [{ name: 'first' }, { name: 'more' }])
  const id = session.ids.get('more')!
  const { duplex } = await session.visit(id)
  duplex.write('hello')
  t.match(await once(duplex, 'data'), [Buffer.from('hello')])

  const gone = new Promise((resolve) => duplex.once('close', resolve))
  const [removed, left] = [next(agent, 'removed'), next(agent, 'closed')]
  t.equal(agent.removeTunnel('more'), true)
  t.match(await removed, [{ name: 'more' }])
  t.match(await left, [{ tunnel: 'more', error: { code: 'UR_TUNNEL_CLOSED' } }])
  await server.until('Unbind', () => unbound(session).length > 0)
  t.same(unbound(session), [id])
  await gone
  t.match((await session.visit(id)).accept, { result: AcceptResult.NO_SUCH_TUNNEL })
  t.match(agent.status().tunnels, [{ name: 'first' }])
  t.equal(agent.removeTunnel('more'), false)
})

t.test('of two that are added under one name at once, one is', async (t) => {
  const { agent, session, spec } = await online(t)
  const [one, other] = await Promise.allSettled([agent.addTunnel(spec), agent.addTunnel(spec)])
  t.equal(one.status, 'fulfilled')
  t.match(other, { status: 'rejected', reason: { code: 'UR_TUNNEL_EXISTS' } })
  t.same(names(session), ['first', 'more'])
  await t.rejects(agent.addTunnel(tcpTunnel(1, { name: 'first' })), { code: 'UR_TUNNEL_EXISTS' })
  await t.rejects(agent.addTunnel({} as never), { code: 'UR_AGENT_OPTION', message: /name/ })
})

t.test('nothing is left of one that the server refuses', async (t) => {
  const { server, agent, session, spec } = await online(t)
  const { onBind } = server
  server.onBind = ({ request }: Bind) =>
    session.control?.send({ refused: { request, code: 'UR_PORT_TAKEN', message: 'taken', retryable: true } })
  const refused = next(agent, 'refused')
  await t.rejects(agent.addTunnel(spec), { code: 'UR_PORT_TAKEN', message: 'taken' })
  t.match(await refused, [{ name: 'more' }, { code: 'UR_PORT_TAKEN' }])
  t.equal(agent.state, 'online')
  t.match(agent.status().tunnels, [{ name: 'first' }])
  server.onBind = onBind
  t.match(await agent.addTunnel(spec), { name: 'more' })
  t.same(names(session), ['first', 'more', 'more'], 'it is not asked for again by itself')
})

t.test('what was added is bound again after a return, and what was removed is not', async (t) => {
  const { server, agent, spec } = await online(t)
  await agent.addTunnel(spec)
  agent.removeTunnel('first')
  const again = next(agent, 'tunnel')
  server.cut()
  t.match(await again, [{ name: 'more', publicUrl: 'tcp://tunnels.test:20002' }])
  t.same(names(await server.session(1)), ['more'])
})

t.test('an agent whose last tunnel was removed stays, and takes others', async (t) => {
  const { server, agent, spec } = await online(t)
  agent.removeTunnel('first')
  const back = next(agent, 'online')
  server.cut()
  await back
  t.equal(agent.state, 'online')
  t.match(await agent.addTunnel(spec), { publicUrl: /^tcp:/ })
  t.same(names(await server.session(1)), ['more'])
})

t.test(
  'without a session none can be added; what was asked for when it is lost fails and is not bound later',
  async (t) => {
    const { server, agent, session, spec } = await online(t)
    const { onBind } = server
    server.onBind = () => undefined
    const adding = agent.addTunnel(spec)
    await server.until('Bind', () => session.binds.length === 2)
    server.onBind = onBind
    const back = next(agent, 'tunnel')
    server.cut()
    await t.rejects(adding, { code: 'UR_SERVER_AWAY' })
    await t.rejects(agent.addTunnel(spec), { code: 'UR_SERVER_AWAY' })
    await back
    t.same(names(await server.session(1)), ['first'])
    agent.stop(0)
    await t.rejects(agent.addTunnel(spec), { code: 'UR_AGENT_DRAINING' })
  },
)

t.test('one that is removed before its address comes gives it back', async (t) => {
  const { server, agent, session, spec } = await online(t)
  const { onBind } = server
  const late: Bind[] = []
  server.onBind = (bind) => late.push(bind)
  const adding = agent.addTunnel(spec)
  await server.until('Bind', () => late.length === 1)
  t.equal(agent.removeTunnel('more'), true)
  await t.rejects(adding, { code: 'UR_TUNNEL_CLOSED' })
  onBind(late[0]!, session)
  await server.until('Unbind', () => unbound(session).length > 0)
  t.same(unbound(session), [session.ids.get('more')])
  server.onBind = onBind
  t.match(await agent.addTunnel(spec), { name: 'more' })
})

t.test(
  'a tunnel can be removed while the session is held: visitors go at once, the server hears of it later',
  async (t) => {
    const [server, echo] = await Promise.all([TestServer.start(t), startEcho(t)])
    server.resumeTimeoutMs = 30_000
    const agent = makeAgent(t, server, { tunnels: [tcpTunnel(echo.port, { name: 'first' })] })
    await ready(agent)
    const session = await server.session()
    await session.visit(session.ids.get('first')!)
    const port = server.port
    const offline = next(agent, 'offline')
    await server.stop()
    await offline
    const left = next(agent, 'closed')
    agent.removeTunnel('first')
    t.match(await left, [{ tunnel: 'first' }])
    await server.listen()
    t.equal(server.port, port)
    await server.until('Unbind', () => unbound(session).length > 0)
    t.equal(server.sessions.length, 1)
  },
)
