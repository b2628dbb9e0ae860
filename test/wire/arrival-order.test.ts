import t from 'tap'
import { ArrivalOrder } from '../../src/wire/arrival-order.js'
import { memoryInUse } from '../support/memory.js'
import { Random } from '../support/random.js'

const WINDOW = 256 * 1024
const bytes = (length: number): Buffer => Buffer.alloc(length, 'x')

/** A stream that is striped from its start. */
function striped(): ArrivalOrder {
  const order = new ArrivalOrder()
  order.full(0)
  return order
}

/** Takes a piece, and returns all that may be given on then. */
function given(order: ArrivalOrder, offset: number, piece: Buffer): Buffer[] {
  const out = order.take(offset, piece, WINDOW) ? [piece] : []
  for (let next = order.next(); next !== null; next = order.next()) out.push(next)
  return out
}

t.test('pieces of any size in any order come out as the stream that they were', async (t) => {
  const random = new Random(5)
  for (let round = 0; round < 300; round++) {
    const whole = random.bytes(1 + random.below(random.pick([50, 3_000, 100_000])))
    const pieces: { offset: number; piece: Buffer }[] = []
    const most = random.pick([whole.length, whole.length / 5, whole.length / 30])
    for (let at = 0; at < whole.length;) {
      const piece = Buffer.from(whole.subarray(at, at + 1 + random.below(most)))
      pieces.push({ offset: at, piece })
      at += piece.length
    }
    const order = striped()
    const out: Buffer[] = []
    let came = 0
    while (pieces.length > 0) {
      const [{ offset, piece }] = pieces.splice(random.below(pieces.length), 1) as [(typeof pieces)[0]]
      came += piece.length
      out.push(...given(order, offset, piece))
      const delivered = out.reduce((sum, { length }) => sum + length, 0)
      if (order.waiting !== came - delivered) t.fail(`${order.waiting} wait of ${came - delivered}`)
    }
    if (!Buffer.concat(out).equals(whole)) t.fail(`round ${round}: another stream came out`)
    if (!order.endAt(whole.length, WINDOW) || !order.whole || order.waiting !== 0) t.fail('it is not whole')
  }
  t.pass('300 of them')
})

t.test('a byte that came is not taken a second time, whatever else comes with it', async (t) => {
  const twice = { code: 'UR_WIRE_OFFSET' }
  // 0 to 100 were given on; 200 to 300 and 400 to 500 wait.
  const cases = { behind: [0, 50], 'to the edge': [99, 1], 'into the first': [150, 51], 'within it': [210, 10] }
  const more = { all: [200, 100], 'from its end on': [299, 10], between: [299, 102], 'over one': [350, 200] }
  for (const [what, [offset, length]] of Object.entries({ ...cases, ...more })) {
    const order = striped()
    given(order, 0, bytes(100))
    given(order, 200, bytes(100))
    given(order, 400, bytes(100))
    t.throws(() => order.take(offset!, bytes(length!), WINDOW), twice, what)
    t.equal(order.waiting, 200, 'and nothing else of it is')
    t.same(
      given(order, 100, bytes(100)).map(({ length }) => length),
      [100, 100],
    )
  }
})

t.test('an offset is the next one that has these low 32 bits', async (t) => {
  const order = striped()
  t.equal(order.full(5), 5)
  t.equal(order.full(0xffff_ffff), 0xffff_ffff)
  // Memory that is never touched costs nothing.
  const large = Buffer.allocUnsafeSlow(2 ** 30)
  for (let i = 0; i < 4; i++) order.take(i * 2 ** 30, large, Infinity)
  order.take(2 ** 32, large.subarray(0, 10), Infinity)
  t.equal(order.full(10), 2 ** 32 + 10)
  t.equal(order.full(0xffff_ffff), 2 ** 33 - 1)
  t.equal(order.full(9), 2 ** 33 + 9, 'behind what was given on: the next one')
  t.equal(order.full(2 ** 53 % 2 ** 32), 2 ** 33)
})

t.test('an end is where all ends, or nowhere', async (t) => {
  const order = striped()
  given(order, 0, bytes(100))
  t.equal(order.place(50, 200, WINDOW), 200)
  t.notOk(order.endAt(249, WINDOW), 'before what is announced')
  t.notOk(order.endAt(WINDOW + 1, WINDOW), 'where nothing may come')
  t.ok(order.endAt(250, WINDOW))
  t.ok(order.endAt(250, WINDOW), 'said twice')
  t.notOk(order.endAt(251, WINDOW), 'and elsewhere')
  t.equal(order.place(1, 250, WINDOW), null, 'behind it')
  t.equal(order.place(100, 100, WINDOW), 100)
  given(order, 100, bytes(100))
  t.notOk(order.whole)
  given(order, 200, bytes(50))
  t.ok(order.whole)
  t.throws(() => order.endHere(), { code: 'UR_WIRE_OFFSET' })

  const plain = new ArrivalOrder()
  t.equal(plain.place(100, null, WINDOW), 0)
  plain.endHere()
  t.notOk(plain.whole, 'announced, and not there yet')
  given(plain, 0, bytes(100))
  t.ok(plain.whole)
})

t.test('bytes without an offset come in their order, or not at all', async (t) => {
  const order = new ArrivalOrder()
  const [first, second] = [order.place(10, null, WINDOW)!, order.place(10, null, WINDOW)!]
  t.ok(order.take(first, bytes(5), WINDOW))
  t.throws(() => order.take(second, bytes(10), WINDOW), { code: 'UR_WIRE_OFFSET' }, 'from a second carrier')
  t.equal(order.place(WINDOW, null, WINDOW), null)
})

t.test('pieces that wait are bounded in number, and small ones hold little memory', async (t) => {
  const one = (): Buffer => Buffer.allocUnsafeSlow(64 * 1024).subarray(100, 101)
  for (const [what, offsetOf, most] of [
    ['each for itself', (i: number) => WINDOW - 2 * i, 64 + WINDOW / 4096],
    ['one behind the other', (i: number) => 1 + i, Infinity],
  ] as const) {
    const order = striped()
    const before = memoryInUse()
    let taken = 0
    try {
      for (; taken < 2_000; taken++) order.take(offsetOf(taken), one(), WINDOW)
    } catch (error) {
      t.match(error, { code: 'UR_WIRE_OFFSET' })
    }
    t.equal(taken, Math.min(2_000, most), what)
    const growth = memoryInUse() - before
    t.ok(growth < 2_000_000, `${growth} bytes for ${taken}`)
    t.equal(order.waiting, taken)
    order.clear()
    t.same([order.waiting, order.next()], [0, null])
  }
})
