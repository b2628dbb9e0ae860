import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/core/clock.js'
import { AcceptResult } from '../../src/protocol/index.js'
import { eventually, within } from '../support/hang.js'
import { changeRights, must, TestAgent, testServer, type TestServer } from './support.js'

const RATE = 1_000_000
/** A tenth of a second's worth may pass at once, and the last piece may pass whole that began in time. */
const AT_ONCE = RATE / 10 + 256 * 1024

/** Text in which nothing can be lost, doubled or out of order unseen. */
function numbers(bytes: number, first: number): string {
  let text = ''
  for (let i = first; text.length < bytes; i++) text += `${i} `
  return text
}

async function visit(t: Test, server: TestServer): Promise<{ socket: Socket; text: () => string; end: Promise<void> }> {
  const socket = connect({ port: server.first, host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  await within('a connection', once(socket, 'connect'))
  const end = new Promise<void>((resolve) => socket.once('end', resolve))
  return { socket, text: () => text, end }
}

async function start(t: Test, rights: Record<string, number>) {
  const server = await testServer(t, { rights: { alice: rights } })
  const agent = await TestAgent.connect(t, server)
  await agent.bind({ remotePort: server.first })
  return { server, agent }
}

function notBefore(t: Test, bytes: number, since: number, what: string): void {
  const ms = systemClock.now() - since
  t.ok(ms >= ((bytes - AT_ONCE) / RATE) * 1000, `${what}: ${Math.round(ms)} ms`)
}

t.test('what comes from the agent is held to the pace, and nothing of it is lost', async (t) => {
  const { server, agent } = await start(t, { bytes_per_second: RATE })
  const since = systemClock.now()
  const texts = [numbers(500_000, 0), numbers(500_000, 1_000_000)]
  const visitors = await Promise.all([visit(t, server), visit(t, server)])
  for (const text of texts) {
    const { stream } = await agent.visitor({ result: AcceptResult.OK })
    stream.write(Buffer.from(text, 'latin1'))
    stream.end()
  }
  await within('the ends', Promise.all(visitors.map(({ end }) => end)))
  t.same(visitors.map(({ text }) => text()).sort(), texts.sort(), 'all of it')
  notBefore(t, 1_000_000, since, 'two that share it')
})

t.test('what comes from visitors is, and one tunnel alone', async (t) => {
  const { server, agent } = await start(t, { tunnel_bytes_per_second: RATE })
  const { socket } = await visit(t, server)
  const since = systemClock.now()
  const text = numbers(1_000_000, 0)
  const { data } = await agent.visitor({ result: AcceptResult.OK })
  socket.end(text)
  await eventually('all of it', () => must(data().length === text.length))
  t.equal(data(), text)
  notBefore(t, text.length, since, 'one')
})

t.test('both directions do not count together, and a half that ended does not hold up the other', async (t) => {
  const { server, agent } = await start(t, { bytes_per_second: RATE, tunnel_bytes_per_second: RATE })
  const { socket, text, end } = await visit(t, server)
  const { stream, data } = await agent.visitor({ result: AcceptResult.OK })
  const [up, down] = [numbers(300_000, 0), numbers(300_000, 5_000_000)]
  socket.end(up)
  stream.write(Buffer.from(down, 'latin1'))
  stream.end()
  await within('the end', end)
  await eventually('all of it', () => must(data().length === up.length))
  t.equal(data(), up)
  t.equal(text(), down)
})

t.test('another rate counts at once for those who are held to one', async (t) => {
  const { server, agent } = await start(t, { bytes_per_second: 1024 })
  const { socket, text, end } = await visit(t, server)
  const { stream, data } = await agent.visitor({ result: AcceptResult.OK })
  const [up, down] = [numbers(3_000_000, 0), numbers(3_000_000, 5_000_000)]
  stream.write(Buffer.from(down, 'latin1'))
  stream.end()
  socket.end(up)
  await eventually('the first bytes', () => must(text().length > 0 && data().length > 0))
  t.ok(text().length < 1_000_000 && data().length < 1_000_000)
  await changeRights(server, 'alice', null)
  await within('the end', end)
  await eventually('all of it', () => must(data().length === up.length))
  t.equal(text(), down)
  t.equal(data(), up)
})

t.test(
  'a first rate counts at once for those who were held to none: before the agent answered, and after',
  async (t) => {
    const { server, agent } = await start(t, {})
    const [down, lateDown] = [numbers(500_000, 0), numbers(500_000, 1_000_000)]
    const [up, lateUp] = [numbers(500_000, 2_000_000), numbers(500_000, 3_000_000)]
    const [open, opening] = [await visit(t, server), await visit(t, server)]
    const { stream, data } = await agent.visitor({ result: AcceptResult.OK })
    open.socket.write('first')
    stream.write(Buffer.from('first'))
    await eventually('both directions', () => must(data() === 'first' && open.text() === 'first'))
    await changeRights(server, 'alice', { bytes_per_second: RATE })
    const since = systemClock.now()
    const late = await agent.visitor({ result: AcceptResult.OK })
    stream.write(Buffer.from(down, 'latin1'))
    late.stream.write(Buffer.from(lateDown, 'latin1'))
    stream.end()
    late.stream.end()
    open.socket.end(up)
    opening.socket.end(lateUp)
    await within('the ends', Promise.all([open.end, opening.end]))
    await eventually('all of it', () => must(data().length + late.data().length === 5 + up.length + lateUp.length))
    t.same([open.text(), opening.text()], [`first${down}`, lateDown])
    t.same([data(), late.data()], [`first${up}`, lateUp])
    notBefore(t, 1_000_000, since, 'both together')
  },
)

t.test('the rate of a tunnel is given, changed and lifted while a stream is open', async (t) => {
  const { server, agent } = await start(t, {})
  const { socket, text, end } = await visit(t, server)
  const { stream, data } = await agent.visitor({ result: AcceptResult.OK })
  await changeRights(server, 'alice', { tunnel_bytes_per_second: 1024, bytes_per_second: 100 * RATE })
  const [up, down] = [numbers(3_000_000, 0), numbers(3_000_000, 5_000_000)]
  stream.write(Buffer.from(down, 'latin1'))
  stream.end()
  socket.end(up)
  await eventually('the first bytes', () => must(text().length > 0 && data().length > 0))
  await changeRights(server, 'alice', { tunnel_bytes_per_second: 2048, bytes_per_second: 100 * RATE })
  await new Promise(setImmediate)
  t.ok(text().length < 1_000_000 && data().length < 1_000_000, 'held to it')
  await changeRights(server, 'alice', {})
  await within('the end', end)
  await eventually('all of it', () => must(data().length === up.length))
  t.equal(text(), down)
  t.equal(data(), up)
})

t.test('a visitor who is held back can leave, and so can an agent', async (t) => {
  const { server, agent } = await start(t, { bytes_per_second: 1024 })
  const first = await visit(t, server)
  const { stream, ended } = await agent.visitor({ result: AcceptResult.OK })
  stream.write(Buffer.from(numbers(200_000, 0)))
  await eventually('the first bytes', () => must(first.text().length > 0))
  first.socket.resetAndDestroy()
  t.match(await within('the reset', ended), { code: 'UR_WIRE_RESET' })
  const second = await visit(t, server)
  const { stream: other } = await agent.visitor({ result: AcceptResult.OK })
  const gone = new Promise((resolve) => second.socket.once('close', resolve))
  other.write(Buffer.from(numbers(200_000, 0)))
  other.reset()
  await within('the end', gone)
  await eventually('no streams', () => must(server.rights.of('alice').streams === 0))
})
