import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { RefusedError } from '../../src/core/errors.js'
import { agentHandshake, AcceptResult } from '../../src/protocol/index.js'
import { eventually, within } from '../support/hang.js'
import { RecordedLog } from '../support/log.js'
import { sessionEnd, socketPair } from '../support/wire-pair.js'
import { must, TestAgent, testServer, type TestServer } from './support.js'

async function visit(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  return socket
}

function attach(server: TestServer, sessionId: string, secret: Uint8Array): ReturnType<typeof agentHandshake> {
  return socketPair().then(([socket, serverSide]) => {
    void server.agents.accept(serverSide, '127.0.0.1')
    return agentHandshake(socket, { attach: { protocol: 1, sessionId, secret } })
  })
}

t.test('a good token is welcomed, a bad one refused with its code', async (t) => {
  const failed: string[] = []
  const times: number[] = []
  const hooks = { handshake: (ms: number) => times.push(ms), handshakeFailed: (code: string) => failed.push(code) }
  const server = await testServer(t, { hooks })
  const agent = await TestAgent.connect(t, server)
  t.match(agent.welcome, {
    serverVersion: 'test',
    node: 'n1',
    carriersWanted: 1,
    limits: { carriers: 8, tunnels: 100 },
  })
  t.equal(agent.welcome.secret.length, 32)
  await t.rejects(TestAgent.connect(t, server, { token: 'eve' }), { code: 'UR_TOKEN_INVALID', retryable: false })
  t.same(failed, ['UR_TOKEN_INVALID'])
  t.equal(times.length, 1)
  t.same([...server.agents.liveTokenIds()], ['alice'])
})

t.test('who is refused, or has no tunnel to give, cannot fill the log', async (t) => {
  const log = new RecordedLog()
  const failed: string[] = []
  const hooks = {
    handshakeFailed: (code: string) => failed.push(code),
    bindRefused: (code: string) => failed.push(code),
  }
  const server = await testServer(t, { hooks, log })
  const agent = await TestAgent.connect(t, server)
  const startedAt = performance.now()
  for (let i = 0; i < 20; i++) {
    await t.rejects(TestAgent.connect(t, server, { token: 'eve' }), { code: 'UR_TOKEN_INVALID' })
    t.match(await agent.bind({ remotePort: 1 }), { refused: { code: 'UR_PORT_RANGE' } })
  }
  const most = 1 + (performance.now() - startedAt) / 1000
  for (const message of ['agent refused', 'bind refused']) {
    const lines = log.with(message).length
    t.ok(lines >= 1 && lines <= most, `${lines} lines of 20: ${message}`)
  }
  t.equal(failed.length, 40, 'the metrics count all of them')
})

t.test('beyond the limit of sessions agents are told to come back', async (t) => {
  const server = await testServer(t, { limits: { sessions: 1 } })
  await TestAgent.connect(t, server)
  await t.rejects(TestAgent.connect(t, server), { code: 'UR_SESSION_LIMIT', retryable: true })
})

t.test('a carrier is attached with the secret only, up to the limit', async (t) => {
  const server = await testServer(t, { limits: { carriersPerSession: 2 } })
  const { welcome } = await TestAgent.connect(t, server)
  const { sessionId, secret } = welcome
  const wrong = Buffer.from(secret)
  wrong[31]! ^= 1
  const unknown = { code: 'UR_SESSION_UNKNOWN' }
  await t.rejects(attach(server, sessionId, wrong), unknown)
  await t.rejects(attach(server, sessionId, Buffer.alloc(0)), unknown)
  await t.rejects(attach(server, '0'.repeat(32), secret), unknown)
  await attach(server, sessionId, secret)
  const [session] = server.agents.sessions()
  t.equal(session?.wire.carriers.length, 2)
  await t.rejects(attach(server, sessionId, secret), { code: 'UR_CARRIER_LIMIT' })
})

t.test('a visitor reaches the agent: header, bytes both ways, and the counters', async (t) => {
  const opened: number[] = []
  const server = await testServer(t, { hooks: { streamOpened: (ms) => opened.push(ms) } })
  const agent = await TestAgent.connect(t, server)
  const { bound } = await agent.bind({ name: 'db', remotePort: server.first })
  const visitor = await visit(server.first)
  visitor.end('hello')
  const { open, stream, data } = await agent.visitor({ result: AcceptResult.OK })
  t.match(open, {
    tunnelId: bound?.tunnelId,
    visitorAddress: '127.0.0.1',
    visitorPort: visitor.localPort,
    serverPort: server.first,
    connectionId: /^[0-9a-f]{32}$/,
    traceId: /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/,
  })
  stream.write(Buffer.from('world'))
  const [answer] = (await within('the answer', once(visitor, 'data'))) as [Buffer]
  t.equal(answer.toString(), 'world')
  stream.end()
  await within('the end', once(visitor, 'close'))
  t.equal(data(), 'hello')
  t.equal(opened.length, 1)
  await eventually('the counters', () => must(server.agents.numbers().visitorBytesIn === 5))
  t.match(server.agents.numbers(), {
    sessions: 1,
    tcpTunnels: 1,
    tcpConnectionsTotal: 1,
    visitorBytesOut: 5,
    streams: 0,
    streamsTotal: 1,
  })
})

t.test('an upstream that was not reached resets the visitor, and its reason is counted', async (t) => {
  const failed: string[] = []
  const server = await testServer(t, { hooks: { streamFailed: (code) => failed.push(code) } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const visitor = await visit(server.first)
  const reset = once(visitor, 'error') as Promise<[NodeJS.ErrnoException]>
  await agent.visitor({ result: AcceptResult.UPSTREAM_REFUSED, detail: 'localhost:5432 refused' })
  t.equal((await within('the reset', reset))[0].code, 'ECONNRESET')
  t.same(failed, ['UR_UPSTREAM_REFUSED'])
})

t.test('an agent that does not answer a visitor in time', async (t) => {
  const failed: string[] = []
  const hooks = { streamFailed: (code: string) => failed.push(code) }
  const server = await testServer(t, { hooks, limits: { acceptTimeoutMs: 1 } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const visitor = await visit(server.first)
  const reset = once(visitor, 'error')
  const { ended } = await agent.visitor()
  await within('the reset', reset)
  t.match(await within('the reset', ended), { code: 'UR_WIRE_RESET' })
  t.same(failed, ['UR_STREAM_UNANSWERED'])
})

t.test('an agent that ends a stream, or sends garbage, instead of StreamAccept', async (t) => {
  const failed: string[] = []
  const server = await testServer(t, { hooks: { streamFailed: (code) => failed.push(code) } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  for (const misbehave of ['end', 'garbage']) {
    const reset = once(await visit(server.first), 'error')
    const { stream } = await agent.visitor()
    if (misbehave === 'end') stream.end()
    else stream.write(Buffer.alloc(32, 0xff))
    await within('the reset', reset)
  }
  t.equal(failed[0], 'UR_STREAM_UNANSWERED')
  t.match(failed[1], /^UR_PROTOCOL_/)
})

t.test('an agent may open the control stream and nothing else', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind()
  const stream = agent.end.session.open()
  const closed = new Promise<Error | null>((resolve) => {
    stream.attach({ onData: () => undefined, onEnd: () => undefined, onWritable: () => undefined, onClose: resolve })
  })
  stream.write(Buffer.from('hi'))
  t.match(await within('the reset', closed), { code: 'UR_WIRE_RESET' })
  t.ok((await agent.bind()).bound, 'the session lives on')
})

t.test('the sessions of a revoked token end, with the reason, and their ports close', async (t) => {
  const server = await testServer(t)
  const alice = await TestAgent.connect(t, server, { token: 'alice' })
  const bob = await TestAgent.connect(t, server, { token: 'bob' })
  await alice.bind({ remotePort: server.first })
  const reason = new RefusedError('UR_TOKEN_REVOKED', 'The token was revoked.')
  t.equal(server.agents.endSessionsOfToken('alice', reason), 1)
  t.match((await alice.message((message) => Boolean(message.refused))).refused, {
    code: 'UR_TOKEN_REVOKED',
    request: 0,
  })
  await within('the end', alice.end.closed)
  const [refused] = (await once(connect(server.first, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
  t.equal(refused.code, 'ECONNREFUSED')
  t.ok((await bob.bind()).bound)
})

t.test('a revoked agent that does not read keeps neither its visitors nor its session', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const visitor = await visit(server.first)
  await agent.visitor({ result: AcceptResult.OK })
  agent.socket.pause()
  const cut = new Promise((resolve) => visitor.once('close', resolve))
  const startedAt = performance.now()
  server.agents.endSessionsOfToken('alice', new RefusedError('UR_TOKEN_REVOKED', 'The token was revoked.'))
  await within('the cut', cut)
  const visitorMs = performance.now() - startedAt
  server.agents.endSessionsOfToken('alice', new RefusedError('UR_TOKEN_REVOKED', 'The token was revoked.'))
  await eventually('the end of the session', () => must(server.agents.sessionCount === 0))
  const sessionMs = performance.now() - startedAt
  // It takes up to half a second until a revocation is seen.
  t.ok(sessionMs < 1_500, `the session ended after ${Math.round(sessionMs)} ms`)
  t.ok(visitorMs < 1_000, `the visitor was cut off after ${Math.round(visitorMs)} ms`)
})

t.test('a session that ends in good order is no loss in the log, one that is cut is', async (t) => {
  const log = new RecordedLog()
  const server = await testServer(t, { log, wire: { resumeTimeoutMs: 100 } })
  const ended = async (sessions: number) => {
    await eventually('the end of the session', () => must(log.with('session closed').length === sessions))
    const { level, fields } = log.with('session closed')[sessions - 1]!
    return { level, code: fields['code'], reason: fields['reason'] }
  }
  const leaver = await TestAgent.connect(t, server)
  await leaver.bind()
  leaver.send({ drain: { graceMs: 1000, reason: 'the agent is stopping' } })
  leaver.end.session.close()
  t.strictSame(await ended(1), { level: 'info', code: undefined, reason: 'The agent left.' })

  const grown = await TestAgent.connect(t, server)
  const second = await grown.grow(t, server)
  grown.send({ drain: { graceMs: 1000, reason: 'the agent is stopping' } })
  await eventually('the word', () => must(log.with('agent drains').length === 2))
  second.resetAndDestroy()
  await eventually('one connection', () => must([...server.agents.sessions()][0]?.wire.carriers.length === 1))
  grown.end.session.close()
  t.strictSame(await ended(2), { level: 'info', code: undefined, reason: 'The agent left.' }, 'one connection was lost')

  const lost = await TestAgent.connect(t, server)
  await lost.bind()
  lost.socket.resetAndDestroy()
  await eventually('the hold', () => must(log.with('agent away, visitors held').length === 1))
  t.match(log.with('agent away, visitors held')[0]?.fields, { visitors: 0, reason: /ECONNRESET/ })
  t.match(await ended(3), { level: 'info', code: 'UR_RESUME_TIMEOUT', reason: /within 0\.1 s/ })

  const broken = await TestAgent.connect(t, server)
  broken.send({ drain: { graceMs: 1000, reason: 'the agent is stopping' } })
  await eventually('the word', () => must(log.with('agent drains').length === 3))
  broken.socket.resetAndDestroy()
  t.match(await ended(4), { code: 'UR_RESUME_TIMEOUT' }, 'it said that it leaves, and was lost before it did')

  await TestAgent.connect(t, server)
  await server.agents.drain(0, 'restart')
  t.strictSame(await ended(5), { level: 'info', code: undefined, reason: 'The server is stopping.' })
})

t.test('where sessions are not held, a session that is cut is lost', async (t) => {
  const log = new RecordedLog()
  const server = await testServer(t, { log, wire: { resumeTimeoutMs: 0 } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind()
  agent.socket.resetAndDestroy()
  await eventually('the end of the session', () => must(log.with('session closed').length === 1))
  const { level, fields } = log.with('session closed')[0]!
  t.equal(level, 'info')
  t.match(fields, { code: 'UR_WIRE_CARRIER_LOST', reason: /ECONNRESET/ })
  t.equal(log.with('agent away, visitors held').length, 0)
})

t.test('drain: agents are told, nobody new is let in, and it ends with the last visitor', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const visitor = await visit(server.first)
  const { stream } = await agent.visitor({ result: AcceptResult.OK })
  const drained = server.agents.drain(20_000, 'restart', ['b.example:443'])
  const { drain } = await agent.message((message) => Boolean(message.drain))
  t.match(drain, { graceMs: 20_000, reason: 'restart', instead: ['b.example:443'] })
  await t.rejects(TestAgent.connect(t, server), { code: 'UR_SERVER_DRAINING', retryable: true })
  const late = connect(server.first, '127.0.0.1')
  await within('the reset of a late visitor', once(late, 'error'))
  stream.write(Buffer.from('last words'))
  stream.end()
  const [words] = (await within('the last words', once(visitor, 'data'))) as [Buffer]
  t.equal(words.toString(), 'last words')
  visitor.end()
  await within('the drain', drained)
  await within('the end of the session', agent.end.closed)
})

t.test('drain: who stays longer than the grace period is cut off', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const visitor = await visit(server.first)
  await agent.visitor({ result: AcceptResult.OK })
  const closed = new Promise((resolve) => visitor.once('close', resolve))
  await within('the drain', server.agents.drain(20, 'restart'))
  await within('the cut', closed)
})

t.test('several carriers are asked for when visitors fill the one there is', async (t) => {
  const server = await testServer(t)
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  const visitor = await visit(server.first)
  await agent.visitor({ result: AcceptResult.OK })
  agent.socket.pause() // what the visitor sends is not acknowledged any more
  visitor.write(Buffer.alloc(4 * 1024 * 1024))
  const [session] = server.agents.sessions()
  await eventually('the wish', () => must(session!.carriersWanted > 1))
  const [socket, serverSide] = await socketPair()
  void server.agents.accept(serverSide, '127.0.0.1')
  const { sessionId, secret } = agent.welcome
  const { welcome } = await agentHandshake(socket, { attach: { protocol: 1, sessionId, secret } })
  t.ok(welcome.carriersWanted > 1)
  const second = sessionEnd('client', [socket])
  const late = await visit(server.first)
  t.teardown(() => late.destroy())
  await within('a stream on the second carrier', second.nextStream())
})
