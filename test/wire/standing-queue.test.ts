import t from 'tap'
import { INITIAL_WINDOW, ReceiveWindow, SendWindow, WindowBudget } from '../../src/wire/index.js'
import { StandingQueue } from '../../src/wire/standing-queue.js'
import { WindowTuning } from '../../src/wire/window-tuning.js'

interface Path {
  /** Bytes/ms of the narrowest link, at a time. */
  capacity: (now: number) => number
  /** Idle round trip, ms. */
  base: number
  /** What others have in the queue, ms. */
  foreign?: (now: number) => number
  streams?: number
  /** Bytes/ms that each visitor takes; all that comes by default. */
  visitorTakes?: (now: number) => number
  /** Whether quiet carriers are there to be asked. */
  quiet?: boolean
  seconds: number
}

interface Second {
  /** Bytes/ms that arrived. */
  rate: number
  /** The longest wait in the queue, ms. */
  wait: number
}

/** Senders that send all they may, over one link with a queue without end, millisecond by millisecond. */
function run({ capacity, base, foreign = () => 0, streams = 1, visitorTakes, quiet = true, seconds }: Path): Second[] {
  const queue = new StandingQueue()
  const budget = new WindowBudget(1 << 30)
  const bounds = { windowMax: 16 << 20, windowBudget: budget }
  const ends = Array.from({ length: streams }, () => ({
    send: new SendWindow(),
    receive: new ReceiveWindow(),
    tuning: new WindowTuning(),
    credits: [] as [number, number][],
    unread: 0,
  }))
  const arriving: [number, number, number][] = []
  const pings: [number, number][] = []
  let backlog: [number, number][] = [] // [stream, bytes], the oldest first
  let backlogBytes = 0
  const result: Second[] = []
  let arrived = 0
  let wait = 0
  if (quiet) queue.sample(base, 0)
  for (let now = 1; now <= seconds * 1000; now++) {
    ends.forEach((end, i) => {
      while (end.credits.length > 0 && end.credits[0]![0] <= now) end.send.grant(end.credits.shift()![1])
      const bytes = end.send.credit
      if (bytes > 0) {
        end.send.sent += bytes
        backlog.push([i, bytes])
        backlogBytes += bytes
      }
    })
    const ahead = backlogBytes / capacity(now) + foreign(now)
    wait = Math.max(wait, ahead)
    if (quiet && now % Math.max(1, Math.round(base / 2)) === 0) pings.push([now + base + ahead, base + ahead])
    while (pings.length > 0 && pings[0]![0] <= now) queue.sample(pings.shift()![1], now)
    let room = capacity(now) * (foreign(now) > 0 ? 0.5 : 1)
    const next: [number, number][] = []
    for (const [i, bytes] of backlog) {
      const leaves = Math.min(room, bytes)
      room -= leaves
      if (leaves > 0) arriving.push([now + base / 2 + foreign(now), i, leaves])
      if (leaves < bytes) next.push([i, bytes - leaves])
      backlogBytes -= leaves
    }
    backlog = next
    arriving.sort((a, b) => a[0] - b[0])
    while (arriving.length > 0 && arriving[0]![0] <= now) {
      const [, i, bytes] = arriving.shift()!
      ends[i]!.receive.receive(bytes)
      ends[i]!.unread += bytes
      arrived += bytes
    }
    for (const end of ends) {
      const taken = Math.min(end.unread, visitorTakes?.(now) ?? Infinity)
      if (taken === 0) continue
      end.unread -= taken
      if (!end.receive.consume(taken)) continue
      end.tuning.tune(end.receive, { now, leastRtt: base, queue }, bounds)
      const credit = end.receive.refill()
      if (credit > 0) end.credits.push([now + base / 2, credit])
    }
    if (now % 1000 === 0) {
      result.push({ rate: arrived / 1000, wait })
      arrived = wait = 0
    }
  }
  const borrowed = ends.reduce((sum, { receive }) => sum + receive.size - INITIAL_WINDOW, 0)
  if (budget.used !== borrowed) throw new Error(`${budget.used} bytes of the budget are used, and ${borrowed} borrowed`)
  return result
}

const MBIT = 125 // bytes/ms

for (const [mbit, base] of [
  [500, 50],
  [100, 20],
  [1000, 10],
  [200, 150],
] as const) {
  t.test(`${mbit} Mbit/s over ${base} ms: the path is full, and little stands in its queue`, async (t) => {
    const seconds = run({ capacity: () => mbit * MBIT, base, seconds: 12 })
    for (const { rate, wait } of seconds.slice(4)) {
      t.ok(rate >= 0.96 * mbit * MBIT, `${rate / MBIT} Mbit/s`)
      t.ok(wait <= 24, `${wait} ms in the queue`)
    }
  })
}

t.test('without this the queue holds whole windows', async (t) => {
  const seconds = run({ capacity: () => 500 * MBIT, base: 50, quiet: false, seconds: 12 })
  t.ok(seconds.at(-1)!.wait > 50, `${seconds.at(-1)!.wait} ms`)
})

t.test('several streams share the path and its short queue', async (t) => {
  const seconds = run({ capacity: () => 500 * MBIT, base: 50, streams: 5, seconds: 15 })
  for (const { rate, wait } of seconds.slice(8)) {
    t.ok(rate >= 0.95 * 500 * MBIT, `${rate / MBIT} Mbit/s`)
    t.ok(wait <= 40, `${wait} ms`)
  }
})

t.test('a path that becomes wider is filled, and one that becomes narrower has a short queue again', async (t) => {
  const capacity = (now: number): number => (now < 8_000 ? 100 : now < 20_000 ? 400 : 100) * MBIT
  const seconds = run({ capacity, base: 50, seconds: 40 })
  t.ok(seconds[18]!.rate >= 0.95 * 400 * MBIT, `${seconds[18]!.rate / MBIT} Mbit/s`)
  t.ok(seconds[39]!.rate >= 0.95 * 100 * MBIT, `${seconds[39]!.rate / MBIT} Mbit/s`)
  t.ok(seconds[39]!.wait <= 30, `${seconds[39]!.wait} ms`)
})

t.test('a queue that others fill is left alone: what we get stays ours', async (t) => {
  const foreign = (now: number): number => (now > 5_000 ? 60 : 0)
  const bounded = run({ capacity: () => 500 * MBIT, base: 50, foreign, seconds: 30 })
  const free = run({ capacity: () => 500 * MBIT, base: 50, foreign, quiet: false, seconds: 30 })
  const rateOf = (seconds: Second[]): number => seconds.slice(10).reduce((sum, { rate }) => sum + rate, 0)
  t.ok(rateOf(bounded) >= 0.9 * rateOf(free), `${rateOf(bounded) / rateOf(free)} of what it would be`)
})

t.test('a visitor that takes little, and then much, gets it', async (t) => {
  const visitorTakes = (now: number): number => (now < 10_000 ? 5 : Infinity) * MBIT
  const seconds = run({ capacity: () => 500 * MBIT, base: 50, visitorTakes, seconds: 20 })
  t.ok(seconds[19]!.rate >= 0.95 * 500 * MBIT, `${seconds[19]!.rate / MBIT} Mbit/s`)
})

t.test('a short path is left alone', async (t) => {
  const queue = new StandingQueue()
  queue.sample(0.3, 0)
  for (let now = 1; now < 1000; now++) queue.sample(20, now)
  t.equal(queue.far, false)
  t.equal(queue.bounded, false)
  t.equal(queue.horizon(1000), Infinity)
})

t.test('old samples tell nothing', async (t) => {
  const queue = new StandingQueue()
  queue.sample(50, 0)
  for (let now = 10; now < 300; now += 10) queue.sample(90, now)
  t.equal(queue.standing(300), 40)
  t.equal(queue.horizon(300), 56)
  t.equal(queue.standing(2_000), 0)
  t.equal(queue.horizon(2_000), Infinity)
})
