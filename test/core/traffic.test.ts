import t from 'tap'
import { Traffic } from '../../src/core/traffic.js'

t.test('nothing happened yet', async (t) => {
  t.strictSame(new Traffic().figures(123_456), {
    total: 0,
    open: 0,
    rate1: 0,
    rate5: 0,
    rate15: 0,
    p50: 0,
    p90: 0,
    p95: 0,
    p99: 0,
  })
})

t.test('totals, open ones and percentiles', async (t) => {
  const traffic = new Traffic()
  for (let index = 1; index <= 10; index++) traffic.opened(1_000)
  for (let index = 1; index <= 9; index++) traffic.closed(index * 1_000)
  t.match(traffic.figures(1_000), { total: 10, open: 1, p50: 5, p90: 9, p95: 9, p99: 9 })
})

t.test('rates are connections a second over one, five and fifteen minutes, and fade', async (t) => {
  const traffic = new Traffic()
  for (let index = 0; index < 60; index++) traffic.opened(500_000)
  t.match(traffic.figures(500_000), { rate1: 1, rate5: 0.2 })
  t.match(traffic.figures(554_999), { rate1: 1, rate5: 0.2 })
  t.match(traffic.figures(561_000), { rate1: 0, rate5: 0.2 })
  t.match(traffic.figures(801_000), { rate1: 0, rate5: 0, rate15: 60 / 900, total: 60 })
  t.match(traffic.figures(1_401_000), { rate15: 0 })
})

t.test('a long silence forgets all, and only the newest durations count', async (t) => {
  const traffic = new Traffic()
  traffic.opened(0)
  t.equal(traffic.figures(10_000_000_000).rate5, 0)
  for (let index = 0; index < 1_024; index++) traffic.closed(9_000)
  for (let index = 0; index < 1_024; index++) traffic.closed(2_000)
  t.match(traffic.figures(0), { p50: 2, p90: 2 })
})
