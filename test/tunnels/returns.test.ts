import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { RefusedError } from '../../src/core/errors.js'
import { AcceptResult, agentHandshake, type Welcome } from '../../src/protocol/index.js'
import { WindowBudget, type Session } from '../../src/wire/index.js'
import { eventually, within } from '../support/hang.js'
import { RecordedLog } from '../support/log.js'
import { socketPair } from '../support/wire-pair.js'
import { must, TestAgent, testServer, type TestServer } from './support.js'

interface Attached {
  readonly welcome: Welcome
  readonly head: Buffer
  readonly socket: Socket
}

/** Says Attach over a new connection. */
async function attach(t: Test, server: TestServer, sessionId: string, secret: Uint8Array): Promise<Attached> {
  const [socket, serverSide] = await socketPair()
  t.teardown(() => socket.destroy())
  void server.agents.accept(serverSide, '127.0.0.1')
  const preface = { attach: { protocol: 1, sessionId, secret, returns: true } }
  return { socket, ...(await agentHandshake(socket, preface)) }
}

const sessionOf = (server: TestServer): Session => [...server.agents.sessions()][0]!.wire

/** Cuts the agent's connections and waits until the server holds the session. */
async function cut(server: TestServer, agent: TestAgent): Promise<void> {
  const { session } = agent.end
  for (const { socket } of session.carriers) socket!.resetAndDestroy()
  await eventually('the hold', () => must(sessionOf(server).held && session.held))
}

/** Brings the agent back. */
async function back(t: Test, server: TestServer, agent: TestAgent, secret = agent.welcome.secret): Promise<Attached> {
  const attached = await attach(t, server, agent.welcome.sessionId, secret)
  agent.end.session.addCarrier(attached.socket, attached.head, attached.welcome.carrier)
  return attached
}

function visit(t: Test, port: number): { socket: Socket; data: () => string; closed: Promise<string> } {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  let data = ''
  let why = 'closed'
  socket.on('data', (chunk: Buffer) => (data += chunk.toString()))
  socket.on('error', (error: NodeJS.ErrnoException) => (why = error.code ?? 'error'))
  return { socket, data: () => data, closed: new Promise((resolve) => socket.on('close', () => resolve(why))) }
}

/** A server, an agent with a tunnel, and a visitor that is served. */
async function served(t: Test, given: Parameters<typeof testServer>[1] = {}, holdMs = 10_000) {
  const failed: string[] = []
  const ends: string[] = []
  const refused: string[] = []
  const hooks = {
    streamFailed: (code: string) => failed.push(code),
    held: (_ms: number, end: string) => ends.push(end),
    handshakeFailed: (code: string) => refused.push(code),
  }
  const server = await testServer(t, { ...given, hooks })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first, holdMs })
  const visitor = visit(t, server.first)
  const { stream, ended } = await agent.visitor({ result: AcceptResult.OK })
  return { server, agent, visitor, stream, ended, failed, ends, refused }
}

const UNKNOWN = { code: 'UR_SESSION_UNKNOWN', retryable: false }

t.test('a visitor goes on when its agent is back, and the secret is another one', async (t) => {
  const { server, agent, visitor, stream, ends } = await served(t)
  const { sessionId, secret } = agent.welcome
  await cut(server, agent)
  stream.write(Buffer.from('said meanwhile'))
  const { welcome } = await back(t, server, agent)
  await eventually('the words', () => must(visitor.data() === 'said meanwhile'))
  t.equal(welcome.secret.length, 32)
  t.notSame(welcome.secret, secret)
  await t.rejects(attach(t, server, sessionId, secret), UNKNOWN, 'the former secret is worth nothing any more')
  t.same(ends, ['resumed'])
})

t.test('an Attach of an ended session, replayed or stolen', async (t) => {
  const { server, agent } = await served(t)
  agent.end.session.close()
  await eventually('the end', () => must(server.agents.sessionCount === 0))
  const { sessionId, secret } = agent.welcome
  await t.rejects(attach(t, server, sessionId, secret), UNKNOWN)
  const other = await TestAgent.connect(t, server, { token: 'bob' })
  await t.rejects(attach(t, server, other.welcome.sessionId, secret), UNKNOWN, 'nor does it open another session')
})

t.test('a secret that is off by one bit, or of another length', async (t) => {
  const { server, agent, refused } = await served(t)
  const { sessionId, secret } = agent.welcome
  await cut(server, agent)
  for (const bit of [0, 1, 7, 100, 255]) {
    const wrong = Buffer.from(secret)
    wrong[bit >> 3]! ^= 1 << (bit & 7)
    await t.rejects(attach(t, server, sessionId, wrong), UNKNOWN, `bit ${bit}`)
  }
  for (const wrong of [Buffer.alloc(0), secret.subarray(0, 31), Buffer.concat([secret, Buffer.alloc(1)])]) {
    await t.rejects(attach(t, server, sessionId, wrong), UNKNOWN, `${wrong.length} bytes`)
  }
  t.equal(refused.length, 8)
  await back(t, server, agent)
  await eventually('the return', () => must(!sessionOf(server).held))
})

t.test('two that return for one session at once: one wins, the other is told', async (t) => {
  const { server, agent, visitor, stream } = await served(t)
  const { sessionId, secret } = agent.welcome
  await cut(server, agent)
  const first = await attach(t, server, sessionId, secret)
  const lost = once(
    first.socket.resume().on('error', () => undefined),
    'close',
  )
  // The first has not said anything yet, so that its answer may have been lost: the former secret still holds.
  const second = await back(t, server, agent)
  await within('the end of the first', lost)
  await t.rejects(attach(t, server, sessionId, first.welcome.secret), UNKNOWN, 'the first has no part in it any more')
  stream.write(Buffer.from('to the second'))
  await eventually('the words', () => must(visitor.data() === 'to the second'))
  await t.rejects(attach(t, server, sessionId, secret), UNKNOWN, 'the second has the new secret for certain')
  t.notSame(second.welcome.secret, first.welcome.secret)
})

t.test('two at once, with what comes in one moment', async (t) => {
  const { server, agent } = await served(t)
  const { sessionId, secret } = agent.welcome
  await cut(server, agent)
  const tries = await Promise.allSettled([1, 2].map(() => attach(t, server, sessionId, secret)))
  t.same(
    tries.map(({ status }) => status),
    ['fulfilled', 'fulfilled'],
  )
  t.equal(sessionOf(server).carriers.length, 1, 'one of them has the session')
})

t.test('a peer that acknowledges nothing is bounded by the budget, and its session by its connection', async (t) => {
  const resendBudget = new WindowBudget(100_000)
  const log = new RecordedLog()
  const { server, agent, visitor } = await served(t, { wire: { resendBudget }, log })
  agent.socket.pause()
  visitor.socket.write(Buffer.alloc(1024 * 1024))
  await eventually('too much', () => must(sessionOf(server).carriers.some((carrier) => carrier.log?.whole !== true)))
  t.ok(resendBudget.used <= resendBudget.limit)
  agent.socket.resetAndDestroy()
  await eventually('the end', () => must(server.agents.sessionCount === 0))
  t.equal(log.with('session closed')[0]?.fields['code'], 'UR_RESUME_BUDGET')
  t.not(await within('the reset', visitor.closed), 'closed')
  t.equal(resendBudget.used, 0)
  await t.rejects(attach(t, server, agent.welcome.sessionId, agent.welcome.secret), UNKNOWN)
})

t.test('a peer that flaps is let in so often; its visitors are held, and then let go', async (t) => {
  const { server, agent, visitor, ends } = await served(t, { wire: { resumeTimeoutMs: 1_000 } })
  let { secret } = agent.welcome
  let returns = 0
  let code = ''
  while (code === '') {
    await cut(server, agent)
    try {
      secret = (await back(t, server, agent, secret)).welcome.secret
      returns++
    } catch (error) {
      code = (error as { code: string }).code
      t.equal((error as { retryable?: boolean }).retryable, true)
    }
  }
  t.equal(code, 'UR_ATTACH_RATE')
  t.ok(returns >= 32 && returns < 64, `${returns} returns`)
  t.ok(sessionOf(server).held && !visitor.socket.destroyed, 'its visitor is still held')
  t.equal(await within('the end of patience', visitor.closed), 'ECONNRESET')
  t.equal(ends.at(-1), 'UR_RESUME_TIMEOUT')
  t.equal(server.agents.sessionCount, 0)
})

t.test('held visitors are bounded: the session with the most ends', async (t) => {
  const { server, agent, visitor, ends } = await served(t, { limits: { heldConnections: 2 } })
  const more = [visit(t, server.first), visit(t, server.first)]
  await agent.visitor({ result: AcceptResult.OK })
  await agent.visitor({ result: AcceptResult.OK })
  agent.socket.resetAndDestroy()
  for (const { closed } of [visitor, ...more]) t.equal(await within('the reset', closed), 'ECONNRESET')
  t.same(ends, ['UR_HELD_LIMIT'])
})

t.test('held bytes are bounded', async (t) => {
  const { server, agent, visitor, ends } = await served(t, { limits: { heldBytes: 50_000 } })
  await cut(server, agent)
  visitor.socket.write(Buffer.alloc(200_000))
  t.equal(await within('the reset', visitor.closed), 'ECONNRESET')
  t.same(ends, ['UR_HELD_LIMIT'])
})

t.test('new visitors of a held session that may not wait, and of one where too many do', async (t) => {
  for (const given of [{ holdMs: 0 }, { holdMs: 10_000, limits: { heldConnections: 1 } }]) {
    const { server, agent, visitor, failed } = await served(t, given, given.holdMs)
    await cut(server, agent)
    const late = visit(t, server.first)
    t.equal(await within('the refusal', late.closed), 'ECONNRESET')
    t.same(failed, ['UR_AGENT_AWAY'])
    t.notOk(visitor.socket.destroyed, 'the one that was there is held')
  }
})

t.test('new visitors of a held session wait for as long as they may, or until the agent is back', async (t) => {
  const { server, agent, failed } = await served(t, {}, 200)
  await cut(server, agent)
  const startedAt = performance.now()
  const late = visit(t, server.first)
  t.equal(await within('the refusal', late.closed), 'ECONNRESET')
  const waited = performance.now() - startedAt
  t.ok(waited >= 150, `it waited ${Math.round(waited)} ms`)
  t.same(failed, ['UR_AGENT_AWAY'])
  const patient = visit(t, server.first)
  patient.socket.write('hello')
  await eventually('a visitor that waits', () => must(sessionOf(server).streamCount === 3))
  await back(t, server, agent)
  const { data } = await agent.visitor({ result: AcceptResult.OK })
  await eventually('its words', () => must(data() === 'hello'))
  t.equal(failed.length, 1)
})

t.test('a token that is revoked while its session is held', async (t) => {
  const { server, agent, visitor, ends } = await served(t)
  await cut(server, agent)
  t.equal(server.agents.endSessionsOfToken('alice', new RefusedError('UR_TOKEN_REVOKED', 'It was revoked.')), 1)
  t.equal(await within('the reset', visitor.closed), 'ECONNRESET')
  t.same([server.agents.sessionCount, ends], [0, ['UR_TOKEN_REVOKED']])
  await t.rejects(attach(t, server, agent.welcome.sessionId, agent.welcome.secret), UNKNOWN)
})
