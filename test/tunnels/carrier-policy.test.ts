import t from 'tap'
import { CarrierPolicy, GIVE_BACK_MS } from '../../src/tunnels/index.js'

interface Load {
  bytesIn: number
  unacknowledged: number
  streamCount: number
  retiring: boolean
  peerRetiring: boolean
}

const carrier = (given: Partial<Load> = {}): Load => ({
  bytesIn: 0,
  unacknowledged: 0,
  streamCount: 1,
  retiring: false,
  peerRetiring: false,
  ...given,
})

t.test('one at rest, and on a short path two for any number of small streams', async (t) => {
  const policy = new CarrierPolicy<Load>(8, 0)
  const only = carrier({ streamCount: 100 })
  t.equal(policy.decide(0, [only], 0), 1)
  policy.roundTrip(0.2)
  t.equal(policy.decide(1, [only], 100), 2)
})

t.test('one more than are filled by what we send', async (t) => {
  const policy = new CarrierPolicy<Load>(8, 0)
  const full = carrier({ unacknowledged: 1024 * 1024 })
  t.equal(policy.decide(0, [full], 1), 2)
  t.equal(policy.decide(0, [full, carrier()], 2), 2)
  t.equal(policy.decide(0, [full, full], 2), 3)
  t.equal(
    policy.decide(
      0,
      Array.from({ length: 9 }, () => full),
      9,
    ),
    8,
    'never above the limit',
  )
})

t.test('one more than are filled by what comes in, but many small answers are no bulk', async (t) => {
  const policy = new CarrierPolicy<Load>(8, 0)
  const bulk = carrier()
  const busy = carrier({ streamCount: 100 })
  policy.sample(250, [bulk, busy])
  bulk.bytesIn += 1024 * 1024
  busy.bytesIn += 1024 * 1024
  policy.sample(500, [bulk, busy])
  t.ok(policy.isBulk(bulk))
  t.notOk(policy.isBulk(busy))
  t.equal(policy.decide(500, [bulk, busy], 101), 2)
  policy.sample(750, [bulk, busy])
  t.notOk(policy.isBulk(bulk), 'not any more')
})

t.test('over a long path all of them, as soon as there is a visitor', async (t) => {
  const policy = new CarrierPolicy<Load>(8, 0)
  policy.roundTrip(50)
  t.equal(policy.decide(0, [carrier()], 0), 1)
  t.equal(policy.decide(1, [carrier()], 1), 8)
})

t.test('over a long path a new visitor waits for carriers that are about to come, and not for long', async (t) => {
  const policy = new CarrierPolicy<Load>(8, 0)
  const used = carrier()
  policy.roundTrip(50)
  t.equal(policy.wait(0, [used]), 0, 'none was asked for')
  policy.decide(1000, [used], 1)
  t.equal(policy.wait(1000, [used]), 0, 'they are far from coming')
  t.equal(policy.wait(1100, [used]), 100, 'they come in a moment')
  t.equal(policy.wait(1100, [used, carrier({ streamCount: 0 })]), 0, 'one is free')
  t.equal(policy.wait(1200, [used]), 0, 'they should have come')
  const all = Array.from({ length: 8 }, () => used)
  t.equal(policy.wait(1100, all), 0, 'all have come')
  const near = new CarrierPolicy<Load>(8, 0)
  near.roundTrip(0.3)
  near.decide(1000, [used], 1)
  t.equal(near.wait(1000.6, [used]), 0, 'a short path')
})

t.test('a short path stays at two while a busy machine answers late', async (t) => {
  const policy = new CarrierPolicy<Load>(8, 0)
  policy.roundTrip(0.3)
  policy.decide(0, [carrier()], 1)
  policy.roundTrip(40)
  t.equal(policy.decide(1, [carrier()], 50), 2)
})

t.test('given back only after a minute in which fewer would have done', async (t) => {
  const policy = new CarrierPolicy<Load>(8, 0)
  policy.roundTrip(50)
  policy.decide(0, [carrier()], 5)
  t.equal(policy.decide(GIVE_BACK_MS - 1, [carrier()], 0), 8)
  t.equal(policy.decide(GIVE_BACK_MS, [carrier()], 0), 1)
})

t.test(
  'a new stream gets the carrier with the fewest unacknowledged bytes, of equals the fewest streams',
  async (t) => {
    const policy = new CarrierPolicy<Load>(8, 0)
    const full = carrier({ unacknowledged: 1024 * 1024, streamCount: 0 })
    const two = carrier({ unacknowledged: 1000, streamCount: 2 })
    const one = carrier({ unacknowledged: 2000, streamCount: 1 })
    const leaving = carrier({ streamCount: 0, peerRetiring: true })
    t.equal(policy.pick([full, two, one, leaving]), one)
    t.equal(policy.pick([leaving]), undefined)
    t.equal(policy.pick([]), undefined)
    policy.sample(250, [two, one])
    one.bytesIn += 10 * 1024 * 1024
    policy.sample(500, [two, one])
    t.equal(policy.pick([two, one]), two, 'not the one that a bulk transfer fills from the other side')
  },
)
