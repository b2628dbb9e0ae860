import t from 'tap'
import { COUNTED_VISITORS, TunnelRate, VisitorRate } from '../../../src/access/visitor-rules/rate-rule.js'
import { TestClock } from './support.js'

const taken = (take: () => unknown, times: number) =>
  Array.from({ length: times }, take).filter((refused) => refused === null).length

t.test('a tunnel takes so many at once, and so many over time', async (t) => {
  const clock = new TestClock()
  const rate = new TunnelRate({ burst: 10, perSecond: 10 }, clock)
  t.equal(
    taken(() => rate.take(), 50),
    10,
  )
  t.same(rate.take(), { code: 'UR_TUNNEL_RATE', headers: { 'retry-after': '1' } })
  clock.time += 500
  t.equal(
    taken(() => rate.take(), 50),
    5,
  )
  clock.time += 3_600_000
  t.equal(
    taken(() => rate.take(), 50),
    10,
    'what was not used does not add up',
  )
})

t.test('Retry-After is when the next may pass', async (t) => {
  const rate = new TunnelRate({ burst: 1, perSecond: 1 / 90 }, new TestClock())
  rate.take()
  t.match(rate.take(), { headers: { 'retry-after': '90' } })
})

t.test('each visitor has his own', async (t) => {
  const clock = new TestClock()
  const rate = new VisitorRate({ burst: 2, perSecond: 1 }, clock)
  t.equal(
    taken(() => rate.take('192.0.2.1'), 5),
    2,
  )
  t.same(rate.take('192.0.2.1'), { code: 'UR_VISITOR_RATE', headers: { 'retry-after': '1' } })
  t.equal(
    taken(() => rate.take('192.0.2.2'), 5),
    2,
  )
  t.equal(
    taken(() => rate.take('2001:db8:0:1::1'), 5),
    2,
  )
  t.equal(
    taken(() => rate.take('2001:db8:0:1:ffff::2'), 5),
    0,
    'a /64 is one visitor',
  )
  t.equal(
    taken(() => rate.take('2001:db8:0:2::1'), 5),
    2,
  )
  t.equal(
    taken(() => rate.take('::ffff:192.0.2.3'), 5),
    2,
  )
  clock.time += 1000
  t.equal(
    taken(() => rate.take('192.0.2.1'), 5),
    1,
  )
})

t.test('memory is bounded, and who keeps coming stays counted', async (t) => {
  const rate = new VisitorRate({ burst: 1, perSecond: 0.001 }, new TestClock())
  rate.take('192.0.2.1')
  for (let i = 0; i < 3 * COUNTED_VISITORS; i++) {
    rate.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
    if (rate.take('192.0.2.1') === null) t.fail('was forgotten')
  }
  t.equal(rate.size, COUNTED_VISITORS)
})
