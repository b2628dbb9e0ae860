import { once } from 'node:events'
import net from 'node:net'
import t from 'tap'
import { Agent, type AgentOptions } from '../../src/agent/index.js'
import { RefusedError, type UniRouteError } from '../../src/core/errors.js'
import { CAPABILITIES } from '../../src/protocol/index.js'
import { eventually } from '../support/hang.js'
import { freePort, listen } from '../support/places.js'
import { startEcho } from '../support/pumps.js'
import { makeAgent, next, ready, tcpTunnel, TestServer } from './test-server.js'

t.test('says hello, binds its tunnels and tells when it is ready', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server, {
    tunnels: [tcpTunnel(5432), tcpTunnel(6379, { remotePort: 21000, proxyProtocol: 2 })],
  })
  const online = next(agent, 'online')
  const isReady = next(agent, 'ready')
  agent.start()
  t.equal(agent.state, 'connecting')
  t.match(await online, [{ id: 's0', node: 'node-1', serverVersion: '9.9.9' }])
  const [tunnels] = await isReady
  t.match(tunnels, [
    { name: 'tcp-5432', kind: 'tcp', upstream: '127.0.0.1:5432', publicUrl: 'tcp://tunnels.test:20001' },
    { name: 'tcp-6379', publicUrl: 'tcp://tunnels.test:21000' },
  ])
  const session = await server.session()
  t.match(session.hello, { protocol: 1, token: 'unr_test', maxCarriers: 8, capabilities: CAPABILITIES })
  t.match(session.binds, [
    { name: 'tcp-5432', remotePort: 0 },
    { name: 'tcp-6379', remotePort: 21000, proxyProtocol: 2 },
  ])
  t.match(agent.status(), { state: 'online', carriers: [{ number: 1 }], held: 0, server: `localhost:${server.port}` })
})

t.test('a session that the server does not hold comes back with the same instance and the same port', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server)
  await ready(agent)
  const offline = next(agent, 'offline')
  const again = next(agent, 'tunnel')
  server.cut()
  const [error, retryInMs] = await offline
  t.equal(error.code, 'UR_SERVER_LOST')
  t.ok(retryInMs !== null && retryInMs <= 200)
  t.match(await again, [{ publicUrl: 'tcp://tunnels.test:20001', problem: null }])
  const [first, second] = server.sessions
  t.equal(first?.hello.instanceId, second?.hello.instanceId)
  t.match(second?.binds, [{ preferredPort: 20001 }])
})

t.test(
  'a session without a connection is held, and resumed: its visitors and its tunnels notice nothing',
  async (t) => {
    const [server, echo] = await Promise.all([TestServer.start(t), startEcho(t)])
    server.resumeTimeoutMs = 30_000
    const returns: boolean[] = []
    server.onAttach = (attach) => returns.push(attach.returns)
    const agent = makeAgent(t, server, { tunnels: [tcpTunnel(echo.port)] })
    await ready(agent)
    const session = await server.session()
    const { duplex } = await session.visit(1)
    const [offline, online] = [next(agent, 'offline'), next(agent, 'online')]
    server.cut()
    t.match(await offline, [{ code: 'UR_SERVER_LOST' }])
    t.equal(agent.state, 'reconnecting')
    duplex.write('still here')
    t.match(await once(duplex, 'data'), [Buffer.from('still here')])
    t.match(await online, [{ id: 's0' }])
    t.equal(agent.state, 'online')
    t.same(returns, [true])
    t.equal(server.sessions.length, 1)
    t.equal(session.binds.length, 1)
  },
)

t.test('a server that does not have the session any more is told Hello at once', async (t) => {
  const server = await TestServer.start(t)
  server.resumeTimeoutMs = 30_000
  const agent = makeAgent(t, server)
  await ready(agent)
  const offline: string[] = []
  agent.on('offline', ({ message }) => offline.push(message))
  server.sessions[0]!.id = 'forgotten'
  const again = next(agent, 'tunnel')
  server.cut()
  t.match(await again, [{ publicUrl: 'tcp://tunnels.test:20001', problem: null }])
  t.match(server.sessions[1]?.binds, [{ preferredPort: 20001 }])
  t.match(offline, [/was lost/, /does not have the session any more: There is no such session/])
  t.equal(server.connections, 3, 'the first, the one that was refused, the new one')
})

t.test(
  'while a session is held, the reasons of failed tries are told, and draining waits for its return',
  async (t) => {
    const [server, echo] = await Promise.all([TestServer.start(t), startEcho(t)])
    server.resumeTimeoutMs = 30_000
    const agent = makeAgent(t, server, { tunnels: [tcpTunnel(echo.port)] })
    await ready(agent)
    const { duplex } = await (await server.session()).visit(1)
    await server.stop()
    t.match(await next(agent, 'offline'), [{ code: 'UR_SERVER_LOST' }])
    t.match(await next(agent, 'offline'), [{ code: 'UR_SERVER_UNREACHABLE' }])
    agent.stop(20_000)
    await server.listen()
    duplex.write('last words')
    t.match(await once(duplex, 'data'), [Buffer.from('last words')])
    const closed = next(agent, 'close')
    duplex.end()
    t.same(await closed, [null])
    t.equal(server.sessions.length, 1)
  },
)

t.test('a server that is away for a while is found again within 2 s of its return', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server)
  await ready(agent)
  await server.stop()
  for (let failures = 0; failures < 4; failures++) {
    const [error] = await next(agent, 'offline')
    if (failures > 0) t.equal(error.code, 'UR_SERVER_UNREACHABLE')
  }
  await server.listen()
  const start = performance.now()
  await next(agent, 'tunnel')
  t.ok(performance.now() - start < 2000)
})

t.test('without reconnecting the first failure is the end, with exit code 4', async (t) => {
  const server = await TestServer.start(t)
  const port = await freePort()
  const unreachable = makeAgent(t, server, { server: { host: '127.0.0.1', port }, reconnect: false })
  unreachable.start()
  t.match(await next(unreachable, 'close'), [{ code: 'UR_SERVER_UNREACHABLE', exitCode: 4, message: /ECONNREFUSED/ }])

  const lost = makeAgent(t, server, { reconnect: false })
  await ready(lost)
  server.cut()
  t.match(await next(lost, 'close'), [{ code: 'UR_SERVER_LOST', exitCode: 4 }])
})

t.test('a refused Hello ends the agent with the code of the server', async (t) => {
  const server = await TestServer.start(t)
  server.onHello = () => {
    throw new RefusedError('UR_TOKEN_INVALID', 'The token is not known.')
  }
  const agent = makeAgent(t, server)
  agent.start()
  t.match(await next(agent, 'close'), [{ code: 'UR_TOKEN_INVALID', exitCode: 3, message: 'The token is not known.' }])
  t.equal(agent.state, 'closed')
})

t.test('a refusal that may pass is tried again', async (t) => {
  const server = await TestServer.start(t)
  server.onHello = () => {
    if (server.sessions.length === 0 && server.connections < 3) {
      throw Object.assign(new RefusedError('UR_SERVER_DRAINING', 'Try again.'), { retryable: true })
    }
  }
  const agent = makeAgent(t, server)
  await ready(agent)
  t.equal(server.connections, 3)
})

t.test('one tunnel that is refused does not hinder the other', async (t) => {
  const server = await TestServer.start(t)
  server.onBind = (bind, session) => {
    if (bind.remotePort === 0) return server.bound(bind, session)
    session.control?.send({
      refused: { request: bind.request, code: 'UR_PORT_TAKEN', message: 'Port 21000 is taken.' },
    })
  }
  const agent = makeAgent(t, server, { tunnels: [tcpTunnel(1, { remotePort: 21000 }), tcpTunnel(2)] })
  const refused = next(agent, 'refused')
  const isReady = next(agent, 'ready')
  agent.start()
  t.match(await refused, [{ name: 'tcp-1', publicUrl: null }, { code: 'UR_PORT_TAKEN' }])
  t.match(await isReady, [[{ name: 'tcp-2' }]])
  t.match(agent.status().tunnels, [{ problem: { code: 'UR_PORT_TAKEN' } }, { problem: null }])
})

t.test('when no tunnel is left the agent ends with the last refusal', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server)
  await ready(agent)
  const session = await server.session()
  const tunnelId = session.ids.get('tcp-9')!
  session.control?.send({ refused: { tunnelId, code: 'UR_TAKEN_OVER', message: 'Another agent has it.' } })
  t.match(await next(agent, 'close'), [{ code: 'UR_TAKEN_OVER', exitCode: 3 }])
})

t.test(
  'an agent that has no tunnel left tells the server that it leaves, which holds nothing for it then',
  async (t) => {
    const server = await TestServer.start(t)
    server.resumeTimeoutMs = 600_000
    server.onBind = ({ request }, session) =>
      session.control?.send({ refused: { request, code: 'UR_NAME_TAKEN', message: 'It is not free.' } })
    const agent = makeAgent(t, server)
    agent.start()
    t.match(await next(agent, 'close'), [{ code: 'UR_NAME_TAKEN', exitCode: 3 }])
    await server.until('the end of the session', () => server.sessions[0]?.closed === true)
  },
)

t.test('a port that was lost to someone else is asked for until it is free', async (t) => {
  const server = await TestServer.start(t)
  let refusals = 0
  const agent = makeAgent(t, server, { tunnels: [tcpTunnel(1, { remotePort: 21000 })] })
  await ready(agent)
  server.onBind = (bind, session) => {
    if (refusals++ > 1) return server.bound(bind, session)
    session.control?.send({
      refused: { request: bind.request, code: 'UR_PORT_TAKEN', message: 'Port 21000 is taken.' },
    })
  }
  const back = next(agent, 'tunnel')
  server.cut()
  t.match(await back, [{ problem: null, publicUrl: 'tcp://tunnels.test:21000' }])
  t.equal(refusals, 3)
})

t.test('a session that the server ends for good ends the agent', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server)
  await ready(agent)
  const session = await server.session()
  session.control?.send({ refused: { code: 'UR_TOKEN_REVOKED', message: 'The token was revoked.' } })
  t.match(await next(agent, 'close'), [{ code: 'UR_TOKEN_REVOKED', exitCode: 3 }])
})

t.test('when the server drains, a new session is opened and visitors keep the old one', async (t) => {
  const [server, echo] = await Promise.all([TestServer.start(t), startEcho(t)])
  const agent = makeAgent(t, server, { tunnels: [tcpTunnel(echo.port)] })
  await ready(agent)
  const old = await server.session()
  const { duplex } = await old.visit(1)
  const again = next(agent, 'online')
  old.control?.send({ drain: { graceMs: 5000, reason: 'restart' } })
  t.match(await next(agent, 'offline'), [{ message: /restart/ }])
  await again
  await server.session(1)
  duplex.write('still here')
  t.match(await once(duplex, 'data'), [Buffer.from('still here')])
  old.wire.close()
  await server.until('the old session to end', () => old.closed)
  t.equal(agent.state, 'online')
})

t.test('stop lets visitors finish, takes no new ones, and then closes', async (t) => {
  const [server, echo] = await Promise.all([TestServer.start(t), startEcho(t)])
  const agent = makeAgent(t, server, { tunnels: [tcpTunnel(echo.port)] })
  await ready(agent)
  const session = await server.session()
  const { duplex } = await session.visit(1)
  agent.stop(20_000)
  t.equal(agent.state, 'draining')
  await server.until('Drain', () => session.messages.some((message) => message.drain?.graceMs === 20_000))
  t.match((await session.visit(1)).accept, { result: 6, detail: /stopping/ })
  duplex.write('last words')
  t.match(await once(duplex, 'data'), [Buffer.from('last words')])
  const closed = next(agent, 'close')
  duplex.end()
  t.same(await closed, [null])
  await server.until('the session to end', () => session.closed)
})

t.test('stop cuts visitors off after the grace', async (t) => {
  const [server, echo] = await Promise.all([TestServer.start(t), startEcho(t)])
  const agent = makeAgent(t, server, { tunnels: [tcpTunnel(echo.port)] })
  await ready(agent)
  const { duplex } = await (await server.session()).visit(1)
  const gone = new Promise((resolve) => duplex.once('close', resolve))
  agent.stop(50)
  t.same(await next(agent, 'close'), [null])
  await gone
})

t.test('options that make no sense are refused at once, by name, in plain JavaScript too', async (t) => {
  const server = { host: 'localhost', port: 443 }
  const tunnels = [tcpTunnel(1)]
  const cases: [unknown, RegExp][] = [
    [undefined, /server and tunnels/],
    [{}, /option server is missing/],
    [{ server: null, tunnels }, /server\.host/],
    [{ server: { port: 443 }, tunnels }, /server\.host/],
    [{ server: { host: 'localhost' }, tunnels }, /server\.port/],
    [{ server: { host: 'localhost', port: 65_536 }, tunnels }, /server\.port/],
    [{ server }, /option tunnels is missing/],
    [{ server, tunnels: [] }, /at least one tunnel/],
    [{ server, tunnels: [null] }, /tunnels\[0\]\.name/],
    [{ server, tunnels: [tcpTunnel(1, { name: '' })] }, /tunnels\[0\]\.name/],
    [{ server, tunnels: [tcpTunnel(1), tcpTunnel(1)] }, /tunnels\[1\]\.name/],
    [{ server, tunnels: [{ name: 'a', kind: 'udp' }] }, /tunnels\[0\]\.kind/],
    [{ server, tunnels: [{ name: 'a', kind: 'tcp', upstream: 8080 }] }, /tunnels\[0\]\.upstream.*readUpstream/],
    [{ server, tunnels, connections: 9 }, /connections.*1 to 8/],
    [{ server, tunnels, token: 'unr_hunter2' }, /token is not a Secret/],
  ]
  for (const [options, message] of cases) {
    const make = () => new Agent(options as AgentOptions)
    t.throws(make, { name: 'ConfigError', code: 'UR_AGENT_OPTION', message, exitCode: 2 }, String(message))
    t.throws(make, { message: /^(?!.*hunter2)/ })
  }
})

t.test('a server that breaks the protocol in the packet of its Welcome is tried again', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server)
  await ready(agent)
  const again = next(agent, 'tunnel')
  for (const behind of [Buffer.alloc(64, 0x41), Buffer.from('000300000000000000000002', 'hex')]) {
    server.behindWelcome = behind
    server.cut()
    for (;;) {
      const [error] = await next(agent, 'offline')
      if (error.message.includes('in the same moment')) break
    }
  }
  server.behindWelcome = null
  t.match(await again, [{ publicUrl: 'tcp://tunnels.test:20001' }])
})

t.test('a server that drains every session is not stormed, and its sessions are not kept for ever', async (t) => {
  const server = await TestServer.start(t)
  server.onBind = (_, session) => session.control?.send({ drain: { graceMs: 60_000, reason: 'test' } })
  const agent = makeAgent(t, server)
  agent.start()
  await server.until('the tenth session', () => server.sessions.length === 10)
  await server.until('the end of the oldest', () => server.sessions[0]?.closed === true)
  t.ok(server.sessions.filter(({ closed }) => !closed).length <= 9)
})

t.test(
  'what a person has to mend: at the first try it ends the agent, later the reason is told and tries are rare',
  async (t) => {
    const [server, impostor] = [await TestServer.start(t), await TestServer.start(t, undefined, ['other.test'])]
    const verify = { code: 'UR_TLS_VERIFY', message: /other\.test.*Write the server as the certificate names it/ }
    const stranger = makeAgent(t, impostor)
    stranger.start()
    t.match(await next(stranger, 'close'), [verify])

    const agent = makeAgent(t, server, { connections: 1 })
    const offline: [UniRouteError, number | null, number | null][] = []
    agent.on('offline', (...told) => offline.push(told))
    await ready(agent)
    await Promise.all([server.stop(), impostor.stop()])
    impostor.port = server.port
    await impostor.listen()
    const told = () => offline.find(([error]) => error.code === 'UR_TLS_VERIFY')
    await eventually('the reason', async () => {
      if (told() === undefined) throw new Error('it was not told')
    })
    const [, retryInMs] = told()!
    t.ok(retryInMs !== null && retryInMs >= 7_500, `the next try is in ${retryInMs} ms`)
    t.equal(agent.state, 'reconnecting')
  },
)

t.test('a port that does not speak TLS is tried again, rarely, and the reason is told', async (t) => {
  const server = await TestServer.start(t)
  const plain = net.createServer((socket) =>
    socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  )
  const port = await listen(plain)
  t.teardown(() => plain.close())
  const agent = makeAgent(t, server, { server: { host: 'localhost', port } })
  agent.start()
  const [error, retryInMs] = await next(agent, 'offline')
  t.match(error, { code: 'UR_SERVER_PLAIN_HTTP', message: /not TLS.*Give --server the TLS port/ })
  t.ok(retryInMs !== null && retryInMs >= 7_500, `the next try is in ${retryInMs} ms`)
})
