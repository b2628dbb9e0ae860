import { Socket } from 'node:net'
import t from 'tap'
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

t.test(
  'a server that closes each further carrier at once is not stormed; one that stays is trusted again',
  async (t) => {
    const carrier = () => ({ retiring: false, peerRetiring: false, streamCount: 0 }) as Carrier
    const first = carrier()
    const carriers = [first]
    const clock = { time: 0, now: () => clock.time }
    const log = new RecordedLog()
    let dials = 0
    let onCarrier!: (added: Carrier) => void
    const pool = new CarrierPool({
      session: {
        closed: false,
        held: false,
        carriers,
        addCarrier() {
          const added = carrier()
          carriers.push(added)
          setImmediate(() => onCarrier(added))
          return added
        },
      },
      first,
      wanted: 2,
      limit: 8,
      dial: () => (dials++, Promise.resolve({ socket: new Socket(), head: Buffer.alloc(0), welcome: { carrier: 0 } })),
      clock,
      log,
      random: () => 0.02,
    })
    t.teardown(() => pool.stop())
    const nextCarrier = () => within('a carrier', new Promise<Carrier>((resolve) => (onCarrier = resolve)))
    const lose = (lost: Carrier) => {
      carriers.splice(carriers.indexOf(lost), 1)
      pool.gone(lost)
    }

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
    t.equal(log.lines.length, 7, 'one that lived is replaced at once')
    coming = nextCarrier()
    lose(again)
    await coming
    t.equal(log.lines[7]?.fields['retry_in_ms'], 10, 'and the delays begin anew')
    t.equal(dials, 10)
  },
)
