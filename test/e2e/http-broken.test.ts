import t from 'tap'
import { breakAll, breakByKilling } from '../support/broken/break-all.js'

const MIB = 1024 ** 2

t.test('requests broken at every stage leave nothing behind', async (t) => {
  await breakAll(t, { count: 240, growth: 8 * MIB, warmUp: 240 })
})

t.test('nor do those whose agent is killed', async (t) => {
  await breakByKilling(t, { count: 50, growth: 8 * MIB, warmUp: 50 })
})
