import t from 'tap'
import { breakAll, breakByKilling } from '../support/broken/break-all.js'

const MIB = 1024 ** 2
/** What of it slabs may be that wait to be used again: `BULK` of src/wire/slab keeps 64 of 64 KiB. */
const SLABS = 4 * MIB

t.test('90,000 requests broken at every stage leave nothing behind', async (t) => {
  await breakAll(t, { count: 90_000, growth: SLABS + 4 * MIB, warmUp: 5_000 })
})

t.test('nor do 10,000 whose agent is killed', async (t) => {
  await breakByKilling(t, { count: 10_000, growth: SLABS + 4 * MIB, warmUp: 1_000 })
})
