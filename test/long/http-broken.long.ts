import t from 'tap'
import { breakAll, breakByKilling } from '../support/broken/break-all.js'

const MIB = 1024 ** 2

t.test('90,000 requests broken at every stage leave nothing behind', async (t) => {
  await breakAll(t, { count: 90_000, growth: 4 * MIB, warmUp: 5_000 })
})

t.test('nor do 10,000 whose agent is killed', async (t) => {
  await breakByKilling(t, { count: 10_000, growth: 4 * MIB, warmUp: 1_000 })
})
