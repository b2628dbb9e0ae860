import t from 'tap'
import { StripeTrial, type StripeAdvice } from '../../src/wire/stripe-trial.js'

const ROUND_TRIP = 50
const LOOK_MS = 100
/** A span of a trial, ms. */
const SPAN = 8 * ROUND_TRIP
/** What is heard of a trial that brings nothing: one span to settle, and three of it. */
const GIVEN_UP: readonly StripeAdvice[] = ['widen', 'widen', 'widen', 'narrow']

/** A bulk stream that is looked at every 100 ms. */
class Bulk {
  now = 1000
  readonly trial = new StripeTrial()
  /** What is under way: so many round trips of what it delivers, and at least so many bytes. */
  trips = 5
  underWay = 0
  #arrived = 0

  /** It delivers `rate` times 10 bytes/ms for `ms`. Returns what was advised, without 'stay'. */
  run(rate: number, ms: number, full = false): StripeAdvice[] {
    const heard: StripeAdvice[] = []
    for (const end = this.now + ms; this.now < end;) {
      this.now += LOOK_MS
      this.#arrived += rate * 10 * LOOK_MS
      const underWay = Math.max(this.underWay, this.trips * ROUND_TRIP * rate * 10)
      const look = {
        now: this.now,
        roundTrip: ROUND_TRIP,
        full,
        sent: this.#arrived + underWay,
        arrived: this.#arrived,
      }
      const advice = this.trial.look(look)
      if (advice !== 'stay') heard.push(advice)
    }
    return heard
  }

  /** Runs at `rate` until something is advised; `within` ms. */
  until(rate: number, within: number): StripeAdvice | null {
    for (const end = this.now + within; this.now < end;) {
      const [advice] = this.run(rate, LOOK_MS)
      if (advice !== undefined) return advice
    }
    return null
  }
}

t.test('while one carrier delivers more and more, nothing is tried', (t) => {
  const bulk = new Bulk()
  for (let rate = 100; rate < 10_000; rate *= 1.3) t.same(bulk.run(rate, SPAN), [])
  t.end()
})

t.test('where several carriers bring more, the stream keeps them, and takes those that come', (t) => {
  const bulk = new Bulk()
  t.equal(bulk.until(1_000, 5 * SPAN), 'widen')
  t.same(new Set(bulk.run(4_000, 4 * SPAN)), new Set(['widen']))
  t.same(new Set(bulk.run(300, 20 * SPAN)), new Set(['widen']), 'for good')
  t.end()
})

t.test('a trial that brings more in one of three spans has brought something', (t) => {
  const bulk = new Bulk()
  t.equal(bulk.until(1_000, 5 * SPAN), 'widen')
  t.same(bulk.run(900, 3 * SPAN), ['widen', 'widen', 'widen'], 'a burst of losses')
  t.same(new Set(bulk.run(2_000, 4 * SPAN)), new Set(['widen']))
  t.same(new Set(bulk.run(1_000, 4 * SPAN)), new Set(['widen']), 'for good')
  t.end()
})

t.test('where they bring nothing, it leaves them, and tries again later and later', (t) => {
  const bulk = new Bulk()
  const tries: number[] = []
  while (bulk.now < 200_000) {
    const advice = bulk.until(1_000, 200_000)
    if (advice !== 'widen') break
    tries.push(bulk.now)
    t.same(bulk.run(1_200, 4 * SPAN), GIVEN_UP, 'a fifth more is noise')
  }
  t.ok(tries.length >= 3, `${tries.length} tries`)
  const gaps = tries.slice(1).map((at, index) => at - tries[index]!)
  for (const [index, gap] of gaps.entries()) t.ok(gap >= 10_000 * 2 ** index, `${gap} ms`)
  t.end()
})

t.test('it tries again at once when one carrier delivers far less than before the last trial', (t) => {
  const bulk = new Bulk()
  t.equal(bulk.until(1_000, 5 * SPAN), 'widen')
  t.same(bulk.run(1_000, 4 * SPAN), GIVEN_UP)
  t.equal(bulk.until(800, 4 * SPAN), null)
  t.equal(bulk.until(300, 4 * SPAN), 'widen')
  t.end()
})

t.test('what was under way when a trial began does not count', (t) => {
  const bulk = new Bulk()
  bulk.underWay = 1_000 * 10 * 3 * SPAN
  t.equal(bulk.until(1_000, 5 * SPAN), 'widen')
  t.same(bulk.run(500, 5 * SPAN), [], 'it is slow to come')
  t.equal(bulk.until(4_000, 3 * SPAN), 'widen')
  bulk.underWay = 0
  t.same(new Set(bulk.run(4_000, 4 * SPAN)), new Set(['widen']))
  t.end()
})

t.test('on a path that is full nothing is tried', (t) => {
  const bulk = new Bulk()
  t.same(bulk.run(1_000, 20 * SPAN, true), [])
  t.equal(bulk.until(1_000, 4 * SPAN), 'widen')
  t.end()
})

t.test('what the window or the sender holds back, and not the connection, is not tried', (t) => {
  const bulk = new Bulk()
  bulk.trips = 2
  t.same(bulk.run(1_000, 20 * SPAN), [])
  for (let turn = 0; turn < 20; turn++) {
    bulk.trips = 6
    t.same(bulk.run(1_000, SPAN - LOOK_MS), [], 'arrivals are told in lumps')
    bulk.trips = 2
    t.same(bulk.run(1_000, LOOK_MS), [])
  }
  bulk.trips = 5
  t.equal(bulk.until(1_000, 4 * SPAN), 'widen')
  t.end()
})

t.test('a path that seems full for a moment, as it does behind a lost ping, is not', (t) => {
  const bulk = new Bulk()
  for (let span = 0; span < 2; span++) {
    t.same(bulk.run(1_000, LOOK_MS, true), [])
    bulk.run(1_000, SPAN - LOOK_MS)
  }
  t.equal(bulk.until(1_000, 2 * SPAN), 'widen')
  t.end()
})

t.test('a stream that pauses is not judged by its pauses', (t) => {
  const bulk = new Bulk()
  for (let turn = 0; turn < 5; turn++) {
    bulk.now += 20_000
    t.same(bulk.run(1_000, SPAN), [], 'the first span is compared with nothing')
  }
  t.end()
})
