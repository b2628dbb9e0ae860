import t, { type Test } from 'tap'
import { Monitor } from '../../src/agent/monitor.js'
import type { Carrier } from '../../src/wire/index.js'

/** A monitor with clocks and a carrier of our own; `pass` lets seconds go by, looking at each. */
function bench(t: Test) {
  let now = 0
  let wall = 1_700_000_000_000
  const told: string[] = []
  const pings: (() => void)[] = []
  const carrier = {
    closed: false,
    heard: false,
    socket: { localAddress: '10.0.0.2' as string | undefined },
    ping: () => new Promise<void>((resolve) => pings.push(resolve)),
  }
  const monitor = new Monitor(
    { now: () => now },
    { woke: () => told.push('woke'), suspect: () => told.push('suspect'), recovered: () => told.push('recovered') },
    () => wall,
  )
  t.teardown(() => monitor.stop())
  monitor.watch(carrier as unknown as Carrier)
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      now += 1000
      wall += 1000
      monitor.look()
    }
  }
  const sleep = (seconds: number, { monotonic }: { monotonic: boolean }): void => {
    wall += seconds * 1000
    if (monotonic) now += seconds * 1000
  }
  const answer = async (): Promise<void> => {
    pings.pop()?.()
    await new Promise(setImmediate)
  }
  return { monitor, carrier, told, pings, pass, sleep, answer }
}

t.test('a carrier that answers is pinged every five seconds and never suspected', async (t) => {
  const { told, pings, pass, answer } = bench(t)
  for (let i = 0; i < 4; i++) {
    pass(4)
    t.equal(pings.length, 0)
    pass(1)
    t.equal(pings.length, 1)
    await answer()
  }
  t.same(told, [])
})

t.test('one that is silent is suspected once, and recovers with its answer', async (t) => {
  const { told, pass, answer } = bench(t)
  pass(5)
  pass(3)
  t.same(told, [])
  pass(10)
  t.same(told, ['suspect'])
  await answer()
  t.same(told, ['suspect', 'recovered'])
})

t.test('bytes that come are a sign of life, though the answer is stuck behind them', async (t) => {
  const { carrier, told, pass } = bench(t)
  carrier.heard = true
  pass(30)
  t.same(told, [])
  carrier.heard = false
  pass(1)
  t.same(told, ['suspect'])
})

for (const [what, monotonic] of [
  ['a process that was stopped', true],
  ['a machine that slept, whose monotonic clock stood still', false],
] as const) {
  t.test(`${what} pings at once and waits for less long`, async (t) => {
    const { told, pings, pass, sleep } = bench(t)
    pass(2)
    sleep(3600, { monotonic })
    pass(1)
    t.same(told, ['woke'])
    t.equal(pings.length, 1)
    pass(2)
    t.same(told, ['woke', 'suspect'])
  })
}

t.test('a late look is not yet a sleep', async (t) => {
  const { told, pass, sleep } = bench(t)
  sleep(3, { monotonic: true })
  pass(1)
  t.same(told, [])
})

t.test('what is closed, or watched no more, is left alone', async (t) => {
  const { carrier, pings, told, pass } = bench(t)
  carrier.closed = true
  pass(30)
  t.equal(pings.length, 0)
  t.same(told, [])
})

t.test('a change of the network pings at once, and what answers is left alone', async (t) => {
  const { monitor, told, pings, pass, answer } = bench(t)
  monitor.networkChanged(() => true)
  t.equal(pings.length, 1)
  await answer()
  pass(4)
  t.same(told, [])
})

t.test('one that does not answer after a change is suspected sooner', async (t) => {
  const { monitor, told, pass, answer } = bench(t)
  monitor.networkChanged(() => true)
  pass(1)
  t.same(told, [])
  pass(1)
  t.same(told, ['suspect'])
  await answer()
  t.same(told, ['suspect', 'recovered'])
})

t.test('an answer that was under way before the change tells nothing', async (t) => {
  const { monitor, told, pings, pass } = bench(t)
  pass(5)
  monitor.networkChanged(() => true)
  t.equal(pings.length, 2)
  pings[0]!()
  await new Promise(setImmediate)
  pass(2)
  t.same(told, ['suspect'])
})

t.test('one whose address the machine no longer has is suspected at once, and once', async (t) => {
  const { monitor, told, pass } = bench(t)
  const asked: string[] = []
  const isOwn = (address: string) => {
    asked.push(address)
    return false
  }
  monitor.networkChanged(isOwn)
  t.same(told, ['suspect'])
  t.same(asked, ['10.0.0.2'])
  monitor.networkChanged(isOwn)
  pass(10)
  t.same(told, ['suspect'])
})

t.test('an address that is not known is not missed', async (t) => {
  const { monitor, carrier, told } = bench(t)
  carrier.socket.localAddress = undefined
  monitor.networkChanged(() => false)
  t.same(told, [])
})

t.test('a change while nothing is watched, or it is closed, is no matter', async (t) => {
  const { monitor, carrier, told, pings } = bench(t)
  carrier.closed = true
  monitor.networkChanged(() => false)
  monitor.watch(null)
  monitor.networkChanged(() => false)
  t.same(pings, [])
  t.same(told, [])
})
