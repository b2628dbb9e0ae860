import t from 'tap'
import { HEADER_SIZE } from '../../src/wire/frame.js'
import { SentLog } from '../../src/wire/sent-log.js'
import { type Slab, SlabPool } from '../../src/wire/slab.js'
import { WindowBudget } from '../../src/wire/window.js'

const text = (pieces: Buffer[] | null): string | null => (pieces === null ? null : Buffer.concat(pieces).toString())

function logged(limit: number, ...writes: string[]): { log: SentLog; budget: WindowBudget } {
  const budget = new WindowBudget(limit)
  const log = new SentLog(budget)
  for (const write of writes) log.push(Buffer.from(write))
  return { log, budget }
}

t.test('what has arrived is forgotten, in whole writes', async (t) => {
  const { log, budget } = logged(100, 'abc', 'defg')
  t.match(
    { end: log.end, bytes: log.bytes, used: budget.used, whole: log.whole },
    { end: 7, bytes: 7, used: 7, whole: true },
  )
  log.acknowledge(2)
  t.equal(log.bytes, 7)
  log.acknowledge(3)
  t.equal(log.bytes, 4)
  log.acknowledge(1)
  t.equal(log.arrived, 3, 'an older answer changes nothing')
  log.acknowledge(7)
  t.same([log.bytes, budget.used, log.whole], [0, 0, true])
})

t.test('what is taken begins at any byte that may not have arrived, and leaves nothing', async (t) => {
  for (const [offset, rest] of [
    [3, 'defg'],
    [5, 'fg'],
    [7, ''],
  ] as const) {
    const { log, budget } = logged(100, 'abc', 'defg')
    log.acknowledge(3)
    t.equal(text(log.takeFrom(offset)), rest)
    t.same([log.bytes, budget.used], [0, 0])
  }
})

t.test('an offset that was never sent, or is behind what is kept', async (t) => {
  t.equal(logged(100, 'abc').log.takeFrom(4), null)
  const { log } = logged(100, 'abc', 'd')
  log.acknowledge(3)
  t.equal(log.takeFrom(2), null)
})

t.test('what is taken is a copy, in pieces of a bounded size', async (t) => {
  const log = new SentLog(new WindowBudget(1e6))
  const arena = Buffer.alloc(100_000, 1)
  log.push(arena.subarray(0, 60_000))
  log.push(arena.subarray(60_000))
  const pieces = log.takeFrom(10)!
  arena.fill(2)
  t.same(
    pieces.map((piece) => piece.length),
    [65_536, 100_000 - 10 - 65_536],
  )
  t.ok(Buffer.concat(pieces).equals(Buffer.alloc(99_990, 1)))
})

t.test('a budget that is spent ends it, until all that was sent by then has arrived', async (t) => {
  const { log, budget } = logged(10, 'abc', 'defg')
  t.equal(log.push(Buffer.from('hijk')), false)
  t.same([log.whole, log.bytes, budget.used], [false, 0, 0])
  t.equal(log.push(Buffer.from('lm')), true, 'what comes later is kept')
  t.equal(log.whole, false)
  log.acknowledge(10)
  t.equal(log.whole, false)
  log.acknowledge(11)
  t.equal(log.whole, true)
  t.equal(text(log.takeFrom(11)), 'lm')
})

t.test('while it is not whole, nothing can be taken from before', async (t) => {
  const { log } = logged(2, 'abc', 'd')
  t.equal(log.takeFrom(0), null)
})

t.test('a budget above that is spent by others', async (t) => {
  const process = new WindowBudget(10)
  const log = new SentLog(new WindowBudget(100, process))
  process.take(8)
  t.equal(log.push(Buffer.from('abc')), false)
  process.give(8)
  t.equal(log.push(Buffer.from('abc')), true)
  log.clear()
  t.equal(process.used, 0)
})

t.test(
  'slabs are given back when their frames have arrived or were copied, and not when they are dropped',
  async (t) => {
    const pool = new SlabPool(100, 4)
    const sent = (): { slab: Slab; log: SentLog } => {
      const slab = pool.take()
      const log = new SentLog(new WindowBudget(1_000))
      slab.lend(HEADER_SIZE + 50)
      slab.full()
      log.push(Buffer.from(slab, 0, HEADER_SIZE + 50))
      return { slab, log }
    }
    const arrived = sent()
    arrived.log.acknowledge(HEADER_SIZE + 50)
    t.equal(pool.take(), arrived.slab)
    const taken = sent()
    taken.log.takeFrom(20)
    t.equal(pool.take(), taken.slab)
    const dropped = sent()
    dropped.log.clear()
    t.not(pool.take(), dropped.slab, 'a socket may still hold it')
  },
)
