import t from 'tap'
import { lost, refused, reset } from '../support/storm/cuts.js'
import { storm } from '../support/storm/storm.js'

const MIB = 1024 ** 2

t.test('1,000 sessions with 5 visitors each, cut for 20 s, all at once', async (t) => {
  const cuts = [reset, refused(20_000), lost(20_000)]
  await storm(t, { sessions: 1_000, visitors: 5, gapMs: 2_000, hosts: 4, newcomerMs: 500, heldBytes: 64 * MIB, cuts })
})
