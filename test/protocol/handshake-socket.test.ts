import { once } from 'node:events'
import net from 'node:net'
import t, { type Test } from 'tap'
import { RefusedError } from '../../src/core/errors.js'
import { decodeMessage, DelimitedReader } from '../../src/protocol/delimited.js'
import { agentHandshake, serverHandshake, type IncomingCarrier } from '../../src/protocol/handshake-socket.js'
import { AgentHandshake } from '../../src/protocol/handshake.js'
import { PrefaceReply, type HelloInit, type PrefaceInit } from '../../src/protocol/messages.js'
import { listen } from '../support/places.js'

const HELLO: HelloInit = { protocol: 1, agentVersion: '0.1.0', token: 'unr_x', capabilities: ['carriers', 'telepathy'] }

/** Both ends of a TCP connection. */
async function pair(t: Test): Promise<{ agent: net.Socket; server: net.Socket }> {
  const listener = net.createServer({ allowHalfOpen: true })
  const port = await listen(listener)
  const agent = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const [server] = (await once(listener, 'connection')) as [net.Socket]
  t.teardown(() => {
    agent.destroy()
    server.destroy()
    listener.close()
  })
  agent.on('error', () => undefined)
  return { agent, server }
}

async function readAll(socket: net.Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function greet(t: Test, preface: PrefaceInit, answer: (incoming: IncomingCarrier) => void) {
  const { agent, server } = await pair(t)
  const accepted = serverHandshake(server).then((incoming) => {
    answer(incoming)
    return incoming
  })
  const result = await agentHandshake(agent, preface)
  return { agent, server, result, incoming: await accepted }
}

t.test('Hello and Welcome: versions and capabilities are agreed on', async (t) => {
  const { result, incoming } = await greet(t, { hello: HELLO }, (carrier) =>
    carrier.welcome({ sessionId: 's1', secret: Buffer.from([1, 2]), serverVersion: '0.1.0', limits: { streams: 7 } }),
  )
  t.match(incoming.hello, { token: 'unr_x', protocol: 1 })
  t.equal(incoming.attach, null)
  t.same(incoming.capabilities, ['carriers'])
  t.same(result.capabilities, ['carriers'])
  t.match(result.welcome, { protocol: 1, sessionId: 's1', limits: { streams: 7, tunnels: 0 } })
  t.same(Buffer.from(result.welcome.secret), Buffer.from([1, 2]))
})

t.test('Attach and Welcome', async (t) => {
  const attach = {
    sessionId: 's1',
    secret: Buffer.from('hush'),
    protocol: 1,
    returns: true,
  }
  const { incoming } = await greet(t, { attach }, (carrier) => carrier.welcome({ sessionId: 's1' }))
  t.match(incoming.attach, { sessionId: 's1', returns: true })
  t.equal(incoming.hello, null)
})

t.test('bytes behind the preface are handed over, none are lost on the way', async (t) => {
  const { agent, server } = await pair(t)
  const hello = new AgentHandshake({ hello: HELLO }).firstBytes
  agent.write(Buffer.concat([hello, Buffer.from('frames ')]))
  const incoming = await serverHandshake(server)
  agent.write('and more')
  await new Promise<void>((resolve) => agent.end(() => resolve()))
  let text = incoming.head.toString()
  for await (const chunk of server as AsyncIterable<Buffer>) text += chunk.toString()
  t.equal(text, 'frames and more')
})

t.test('a preface that comes byte by byte', async (t) => {
  const { agent, server } = await pair(t)
  const accepted = serverHandshake(server)
  agent.setNoDelay(true)
  for (const byte of new AgentHandshake({ hello: HELLO }).firstBytes) {
    await new Promise((resolve) => agent.write(Buffer.from([byte]), resolve))
  }
  t.equal((await accepted).hello?.token, 'unr_x')
})

t.test('a refusal reaches the agent, even with bytes under way in the other direction', async (t) => {
  const { agent, server } = await pair(t)
  const accepted = serverHandshake(server).then((incoming) =>
    incoming.refuse(new RefusedError('UR_TOKEN_INVALID', 'The token is not known.'), { retryAfterMs: 5 }),
  )
  const refused = agentHandshake(agent, { hello: HELLO })
  agent.write(Buffer.alloc(100_000))
  await t.rejects(refused, {
    code: 'UR_TOKEN_INVALID',
    message: 'The token is not known.',
    retryable: false,
    retryAfterMs: 5,
    exitCode: 3,
  })
  await accepted
  t.ok(agent.destroyed)
})

t.test('a fault of the server is not told in its own words', async (t) => {
  const { agent, server } = await pair(t)
  void serverHandshake(server).then((incoming) => incoming.refuse(new TypeError('secret of /etc/passwd')))
  const error = await agentHandshake(agent, { hello: HELLO }).catch((reason: unknown) => reason)
  t.match(error, { code: 'UR_INTERNAL', retryable: true })
  t.notMatch((error as Error).message, 'secret')
})

t.test('an agent of another protocol version is told which the server speaks', async (t) => {
  for (const preface of [{ hello: { ...HELLO, protocol: 2 } }, { attach: { sessionId: 's', protocol: 2 } }]) {
    const { agent, server } = await pair(t)
    const rejected = t.rejects(serverHandshake(server), { code: 'UR_PROTOCOL_VERSION', message: /version 2.*speaks 1/ })
    await t.rejects(agentHandshake(agent, preface), {
      code: 'UR_PROTOCOL_VERSION',
      protocols: [1],
      message: /speaks 1/,
    })
    await rejected
  }
})

t.test('an unknown message before Welcome closes the connection with a reason', async (t) => {
  const { agent, server } = await pair(t)
  const rejected = t.rejects(serverHandshake(server), { code: 'UR_PROTOCOL_UNEXPECTED' })
  // Field 99 of Preface: what a newer agent might send.
  agent.write(Buffer.from([3, 0x9a, 0x06, 0]))
  await rejected
  const { agent: second, server: other } = await pair(t)
  other.once('data', () => other.write(Buffer.from([3, 0x9a, 0x06, 0])))
  await t.rejects(agentHandshake(second, { hello: HELLO }), { code: 'UR_PROTOCOL_UNEXPECTED' })
  const reader = new DelimitedReader('PrefaceReply')
  reader.push(await readAll(agent))
  const { refused } = decodeMessage(PrefaceReply, reader.next()!)
  t.match(refused, { code: 'UR_PROTOCOL_UNEXPECTED', message: /neither Hello nor Attach/ })
})

t.test('garbage is refused with a reason', async (t) => {
  const { agent, server } = await pair(t)
  const rejected = t.rejects(serverHandshake(server), { code: 'UR_PROTOCOL_MESSAGE' })
  agent.write('GET / HTTP/1.1\r\n\r\n'.repeat(8))
  await rejected
})

t.test('silence ends at the deadline, on either side', async (t) => {
  const one = await pair(t)
  const closed = once(one.agent.resume(), 'end')
  await t.rejects(serverHandshake(one.server, { timeoutMs: 30 }), { code: 'UR_HANDSHAKE_TIMEOUT' })
  await closed
  const two = await pair(t)
  await t.rejects(agentHandshake(two.agent, { hello: HELLO }, { timeoutMs: 30 }), {
    code: 'UR_HANDSHAKE_TIMEOUT',
    exitCode: 4,
  })
  t.ok(two.agent.destroyed)
})

t.test('an end in the middle is told', async (t) => {
  const one = await pair(t)
  one.agent.end(Buffer.from([50, 1, 2]))
  await t.rejects(serverHandshake(one.server), { code: 'UR_HANDSHAKE_CLOSED' })
  const two = await pair(t)
  two.server.resume().resetAndDestroy()
  await t.rejects(agentHandshake(two.agent, { hello: HELLO }), { code: 'UR_HANDSHAKE_CLOSED' })
})

t.test('the agent can give up', async (t) => {
  const { agent } = await pair(t)
  const giveUp = new AbortController()
  const result = agentHandshake(agent, { hello: HELLO }, { signal: giveUp.signal })
  giveUp.abort(new Error('enough'))
  await t.rejects(result, { message: 'enough' })
  t.ok(agent.destroyed)
})
