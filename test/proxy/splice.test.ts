import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { resetSocket, splice, type SpliceResult, type SpliceTap } from '../../src/proxy/index.js'
import { within } from '../support/hang.js'
import { sessionPair, socketPair } from '../support/wire-pair.js'

interface Line {
  visitor: Socket
  upstream: Socket
  /** Of the server's and the agent's splice. */
  server: Promise<SpliceResult>
  agent: Promise<SpliceResult>
  closes: { server: number; agent: number }
  unconsumed(): number
}

/** visitor ─ splice ═ stream ═ splice ─ upstream; both splices as in the product. */
async function line(t: Test, tap: SpliceTap | null = null): Promise<Line> {
  const { client, server } = await sessionPair()
  const [visitor, visitorSide] = await socketPair()
  const [upstream, upstreamSide] = await socketPair()
  visitor.allowHalfOpen = upstream.allowHalfOpen = true
  const closes = { server: 0, agent: 0 }
  const stream = server.session.open()
  const serverEnd = new Promise<SpliceResult>((resolve) => {
    splice(stream, visitorSide, { onClose: (result) => (closes.server++, resolve(result)) })
  })
  stream.write(Buffer.from('!'))
  const accepted = await within('the stream', client.nextStream())
  const agentEnd = new Promise<SpliceResult>((resolve) => {
    splice(accepted, upstreamSide, { tap, onClose: (result) => (closes.agent++, resolve(result)) })
  })
  const [first] = (await once(upstream, 'data')) as [Buffer]
  upstream.pause()
  t.equal(first.toString(), '!')
  t.teardown(() => {
    for (const socket of [visitor, visitorSide, upstream, upstreamSide]) socket.destroy()
    client.session.destroy(new Error('test over'))
    server.session.destroy(new Error('test over'))
  })
  const unconsumed = (): number => server.session.stats().unconsumed + client.session.stats().unconsumed
  return { visitor, upstream, server: serverEnd, agent: agentEnd, closes, unconsumed }
}

async function digestOf(socket: Socket): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    bytes += chunk.length
  })
  socket.resume()
  await once(socket, 'end')
  return { bytes, sha256: hash.digest('hex') }
}

t.test('32 MiB each way at the same time arrive whole, and both sides count them', async (t) => {
  const { visitor, upstream, server, agent, closes } = await line(t)
  const up = randomBytes(32 * 1024 * 1024)
  const down = randomBytes(32 * 1024 * 1024)
  const got = Promise.all([digestOf(upstream), digestOf(visitor)])
  visitor.end(up)
  upstream.end(down)
  const [atUpstream, atVisitor] = await within('the bytes', got)
  t.equal(atUpstream.sha256, createHash('sha256').update(up).digest('hex'))
  t.equal(atVisitor.sha256, createHash('sha256').update(down).digest('hex'))
  const [serverResult, agentResult] = await within('the end', Promise.all([server, agent]))
  t.match(serverResult, { bytesIn: up.length, bytesOut: down.length, error: null })
  t.match(agentResult, { bytesIn: down.length, bytesOut: up.length + 1, error: null })
  t.same(closes, { server: 1, agent: 1 })
})

t.test('a tap sees every byte and both ends, and changes nothing', async (t) => {
  const seen = { toSocket: createHash('sha256'), toStream: createHash('sha256') }
  const ends: string[] = []
  const { visitor, upstream, agent } = await line(t, {
    toSocket: (slice) => seen.toSocket.update(slice),
    toStream: (buffer, start, end) => seen.toStream.update(buffer.subarray(start, end)),
    streamEnded: () => ends.push('stream'),
    socketEnded: () => ends.push('socket'),
  })
  const up = randomBytes(8 * 1024 * 1024)
  const down = randomBytes(8 * 1024 * 1024)
  const got = Promise.all([digestOf(upstream), digestOf(visitor)])
  for (let at = 0; at < 100_000; at += 50) visitor.write(up.subarray(at, at + 50))
  visitor.end(up.subarray(100_000))
  upstream.end(down)
  const [atUpstream, atVisitor] = await within('the bytes', got)
  t.equal(atUpstream.sha256, createHash('sha256').update(up).digest('hex'))
  t.equal(atVisitor.sha256, createHash('sha256').update(down).digest('hex'))
  t.match(await within('the end', agent), { error: null })
  t.equal(seen.toSocket.digest('hex'), createHash('sha256').update('!').update(up).digest('hex'))
  t.equal(seen.toStream.digest('hex'), createHash('sha256').update(down).digest('hex'))
  t.same(ends.sort(), ['socket', 'stream'])
})

t.test('half-close: the visitor ends, and still gets the whole answer', async (t) => {
  const { visitor, upstream, server } = await line(t)
  visitor.end('question')
  const question = await within('the question', digestOf(upstream))
  t.equal(question.bytes, 8)
  const answer = randomBytes(3_000_000)
  const got = digestOf(visitor)
  upstream.end(answer)
  t.equal((await within('the answer', got)).sha256, createHash('sha256').update(answer).digest('hex'))
  t.equal((await within('the end', server)).error, null)
})

t.test('half-close: the upstream ends first, and still gets what the visitor sends', async (t) => {
  const { visitor, upstream, server } = await line(t)
  const greeting = digestOf(visitor)
  upstream.end('bye')
  t.equal((await within('the greeting', greeting)).bytes, 3)
  const rest = digestOf(upstream)
  visitor.end('still here')
  t.equal((await within('the rest', rest)).bytes, 10)
  t.equal((await within('the end', server)).error, null)
})

t.test('a reset by the visitor reaches the upstream as a reset', async (t) => {
  const { visitor, upstream, server, agent, closes } = await line(t)
  upstream.resume()
  const failed = once(upstream, 'error') as Promise<[NodeJS.ErrnoException]>
  visitor.resetAndDestroy()
  const [error] = await within('the reset', failed)
  t.equal(error.code, 'ECONNRESET')
  t.match((await within('the server', server)).error, { code: 'ECONNRESET' })
  t.match((await within('the agent', agent)).error, { code: 'UR_WIRE_RESET' })
  t.same(closes, { server: 1, agent: 1 })
})

t.test('a reset by the upstream reaches the visitor as a reset', async (t) => {
  const { visitor, upstream, server, agent } = await line(t)
  visitor.resume()
  const failed = once(visitor, 'error') as Promise<[NodeJS.ErrnoException]>
  upstream.resetAndDestroy()
  const [error] = await within('the reset', failed)
  t.equal(error.code, 'ECONNRESET')
  t.match((await within('the agent', agent)).error, { code: 'ECONNRESET' })
  t.match((await within('the server', server)).error, { code: 'UR_WIRE_RESET' })
})

t.test('a visitor that does not read stops the upstream, and loses nothing', async (t) => {
  const { visitor, upstream, unconsumed } = await line(t)
  const total = 64 * 1024 * 1024
  const chunk = randomBytes(1024 * 1024)
  const expected = createHash('sha256')
  let written = 0
  let stopped!: () => void
  const blocked = new Promise<void>((resolve) => (stopped = resolve))
  const send = (): void => {
    while (written < total) {
      expected.update(chunk)
      written += chunk.length
      if (!upstream.write(chunk)) {
        stopped()
        upstream.once('drain', send)
        return
      }
    }
    upstream.end()
  }
  send()
  await within('back-pressure', blocked)
  // Whatever is on its way has come to rest when the numbers stay the same over many turns of the loop.
  let still = 0
  for (let last = ''; still < 50; last = `${upstream.bytesWritten} ${unconsumed()}`) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    still = last === `${upstream.bytesWritten} ${unconsumed()}` ? still + 1 : 0
  }
  t.ok(written < total, `the upstream was stopped at ${written}`)
  t.ok(unconsumed() <= 16 * 1024 * 1024, `${unconsumed()} bytes wait`)
  const got = await within('all bytes', digestOf(visitor))
  t.equal(got.bytes, total)
  t.equal(got.sha256, expected.digest('hex'))
  t.equal(unconsumed(), 0)
})

t.test('a socket whose FIN is just leaving is closed by a reset all the same', async (t) => {
  const [socket, peer] = await socketPair()
  peer.allowHalfOpen = true
  peer.resume()
  socket.write('last words')
  await once(peer, 'data')
  socket.end()
  const closed = once(socket, 'close')
  resetSocket(socket)
  await within('its close', closed)
  t.equal(socket.errored, null)
  peer.destroy()
})
