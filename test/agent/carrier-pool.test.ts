import { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { CarrierPool } from '../../src/agent/carrier-pool.js'
import type { Carrier } from '../../src/wire/index.js'
import { eventually, within } from '../support/hang.js'
import { RecordedLog } from '../support/log.js'
import { makeAgent, next, ready, TestServer, type TestSession } from './test-server.js'

function inOrder({ wire }: TestSession): Promise<void> {
  return eventually('what lost carriers had to bring', async () => {
    if (wire.recovery.lostCarriers > 0) throw new Error('it did not come yet')
  })
}

t.test('a fixed number of carriers is dialled at once, and again when one is lost', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server, { connections: 3 })
  await ready(agent)
  const session = await server.session()
  await server.until('three carriers', () => session.wire.carriers.length === 3)
  t.equal(session.hello.maxCarriers, 3)
  session.control?.send({ carriers: { wanted: 1 } })
  const lost = session.wire.carriers[2]!
  lost.socket!.destroy()
  await server.until('a new one', () => server.attaches === 3 && session.wire.carriers.length === 3)
  await inOrder(session)
  t.notOk(session.wire.carriers.includes(lost))
  t.equal(server.sessions.length, 1)
})

t.test('every carrier is lost at once, while others are dialled: the session goes on', async (t) => {
  const server = await TestServer.start(t)
  server.resumeTimeoutMs = 30_000
  const agent = makeAgent(t, server, { connections: 3 })
  await ready(agent)
  const session = await server.session()
  for (let i = 0; i < 3; i++) {
    await server.until('three carriers', () => session.wire.carriers.length === 3)
    await inOrder(session)
    const online = next(agent, 'online')
    server.cut()
    await online
  }
  await server.until('three carriers again', () => session.wire.carriers.length === 3)
  t.equal(agent.state, 'online')
  t.equal(server.sessions.length, 1, 'with the secret of each return')
})

t.test('by default carriers come and go as the server wants them', async (t) => {
  const server = await TestServer.start(t)
  const agent = makeAgent(t, server)
  await ready(agent)
  const session = await server.session()
  t.equal(session.wire.carriers.length, 1)
  session.control?.send({ carriers: { wanted: 4 } })
  await server.until('four carriers', () => session.wire.carriers.length === 4)
  session.control?.send({ carriers: { wanted: 2 } })
  await server.until('two carriers', () => session.wire.carriers.length === 2)
  t.equal(session.wire.carriers[0]?.retiring, false)
  session.control?.send({ carriers: { wanted: 1 } })
  await server.until('one carrier', () => session.wire.carriers.length === 1)
  t.notOk(session.closed)
})

t.test('a carrier that the server refuses is offered again', async (t) => {
  const server = await TestServer.start(t)
  let refusals = 0
  server.onAttach = () => {
    if (refusals++ === 0) throw new Error('not now')
  }
  const agent = makeAgent(t, server, { connections: 2 })
  await ready(agent)
  const session = await server.session()
  await server.until('the second carrier', () => session.wire.carriers.length === 2)
  t.equal(refusals, 2)
  t.equal(agent.state, 'online')
})

/** A pool of a session that is made up, with one carrier and the wish for `wanted`. */
function poolOf(t: Test, { wanted, random }: { wanted: number; random: number }) {
  const carrier = () => ({ retiring: false, peerRetiring: false, streamCount: 0 }) as Carrier
  const first = carrier()
  const carriers = [first]
  const clock = { time: 0, now: () => clock.time }
  const log = new RecordedLog()
  const waiting: ((added: Carrier) => void)[] = []
  const dials: { signal: AbortSignal; at: number }[] = []
  const session = {
    closed: false,
    held: false,
    carriers,
    addCarrier() {
      const added = carrier()
      carriers.push(added)
      setImmediate(() => waiting.shift()?.(added))
      return added
    },
  }
  /** Replace it for dials that do not succeed at once. */
  const server = {
    answer: () => Promise.resolve({ socket: new Socket(), head: Buffer.alloc(0), welcome: { carrier: 0 } }),
  }
  const pool = new CarrierPool({
    session,
    first,
    wanted,
    limit: 8,
    dial: (signal) => {
      dials.push({ signal, at: performance.now() })
      return server.answer()
    },
    clock,
    log,
    random: () => random,
  })
  t.teardown(() => pool.stop())
  return {
    pool,
    clock,
    log,
    dials,
    session,
    server,
    nextCarrier: () => within('a carrier', new Promise<Carrier>((resolve) => waiting.push(resolve))),
    lose: (lost: Carrier) => {
      carriers.splice(carriers.indexOf(lost), 1)
      session.held = carriers.length === 0
      pool.gone(lost)
    },
  }
}

t.test(
  'a server that closes each further carrier at once is not stormed; one that stays is trusted again',
  async (t) => {
    const { pool, clock, log, dials, lose, nextCarrier } = poolOf(t, { wanted: 2, random: 0.02 })
    let coming = nextCarrier()
    pool.adjust()
    for (let i = 0; i < 7; i++) {
      const lost = await coming
      coming = nextCarrier()
      clock.time += 5
      lose(lost)
    }
    const delays = log.lines.map(({ fields }) => fields['retry_in_ms'])
    t.same(delays, [10, 20, 40, 80, 160, 300, 300], 'up to 0.02 of 15 s')

    const steady = await coming
    coming = nextCarrier()
    clock.time += 10_000
    lose(steady)
    const again = await coming
    t.equal(log.lines.length, 7, 'one that lived is replaced without a word')
    coming = nextCarrier()
    lose(again)
    await coming
    t.equal(log.lines[7]?.fields['retry_in_ms'], 10, 'and the delays begin anew')
    t.equal(dials.length, 10)
  },
)

t.test('a path that breaks takes all carriers: none is dialled for the first that is seen lost', async (t) => {
  const { pool, clock, dials, session, server, lose, nextCarrier } = poolOf(t, { wanted: 2, random: 0.5 })
  const second = nextCarrier()
  pool.adjust()
  await second
  clock.time += 10_000
  let dialled!: () => void
  const dial = new Promise<void>((resolve) => (dialled = resolve))
  server.answer = () => (dialled(), new Promise(() => undefined))
  const lostAt = performance.now()
  lose(session.carriers[0]!)
  await within('a dial', dial)
  t.ok(dials[1]!.at - lostAt > 200, 'the other lived on for a moment')
  t.notOk(dials[1]!.signal.aborted)
  lose(session.carriers[0]!)
  t.ok(dials[1]!.signal.aborted, 'the agent returns by another')
  pool.adjust()
  t.equal(dials.length, 2)
})

t.test(
  'once the agent is back the further carriers come a while later, one by one, as fast as the server can',
  async (t) => {
    const { pool, clock, dials, session, server, lose, nextCarrier } = poolOf(t, { wanted: 3, random: 0.1 })
    const came = [nextCarrier(), nextCarrier()]
    pool.adjust()
    await Promise.all(came)
    clock.time += 10_000
    for (const carrier of [...session.carriers]) lose(carrier)
    session.addCarrier()
    session.held = false
    const { answer } = server
    server.answer = () => {
      clock.time += 200
      return answer()
    }
    const backAt = performance.now()
    pool.refill()
    const again = [nextCarrier(), nextCarrier(), nextCarrier()]
    pool.adjust()
    t.equal(dials.length, 2, 'not now')
    await again[1]
    t.ok(dials[2]!.at - backAt > 290, 'after a tenth of 3 s')
    t.equal(dials.length, 3, 'alone')
    await again[2]
    t.equal(session.carriers.length, 3)
    t.ok(dials[3]!.at - dials[2]!.at > 190, 'and the next after as long as that one took')

    const more = [nextCarrier(), nextCarrier()]
    await new Promise((resolve) => setTimeout(resolve, 250))
    pool.want(5)
    t.equal(dials.length, 6, 'then all at once again')
    await Promise.all(more)
  },
)
