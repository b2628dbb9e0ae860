import t from 'tap'
import fc from 'fast-check'
import { Backoff } from '../../src/core/backoff.js'

t.test('doubles the bound up to the maximum', async (t) => {
  const backoff = new Backoff({ baseMs: 100, maxMs: 1000, random: () => 0.999999 })
  t.same(
    [1, 2, 3, 4, 5, 6].map(() => backoff.next()),
    [100, 200, 400, 800, 1000, 1000],
  )
})

t.test('jitter is full: it may be nothing at all', async (t) => {
  const backoff = new Backoff({ random: () => 0 })
  t.same([backoff.next(), backoff.next()], [0, 0])
})

t.test('the longest delay is half to all of the maximum, and changes nothing', async (t) => {
  const random = { value: 0 }
  const backoff = new Backoff({ baseMs: 100, maxMs: 1000, random: () => random.value })
  t.equal(backoff.longest(), 500)
  random.value = 0.9999
  t.equal(backoff.longest(), 999)
  t.equal(backoff.next(), 100)
})

t.test('reset starts over', async (t) => {
  const backoff = new Backoff({ baseMs: 100, maxMs: 1000, random: () => 0.999999 })
  backoff.next()
  backoff.next()
  backoff.reset()
  t.equal(backoff.next(), 100)
})

t.test('every delay is a whole number between 0 and the maximum', async () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 100_000 }), (baseMs, more) => {
      const backoff = new Backoff({ baseMs, maxMs: baseMs + more })
      for (let i = 0; i < 100; i++) {
        const delay = backoff.next()
        if (!Number.isInteger(delay) || delay < 0 || delay > baseMs + more) return false
      }
      return true
    }),
  )
})

t.test('refuses bounds that make no sense', async (t) => {
  t.throws(() => new Backoff({ baseMs: 0 }), RangeError)
  t.throws(() => new Backoff({ baseMs: 10, maxMs: 5 }), RangeError)
  t.throws(() => new Backoff({ baseMs: Number.NaN }), RangeError)
})
