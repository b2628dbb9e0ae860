import t from 'tap'
import { refused, reset } from '../support/storm/cuts.js'
import { storm } from '../support/storm/storm.js'

const MIB = 1024 ** 2

t.test('60 sessions with 5 visitors each lose their connections, and come back, all at once', async (t) => {
  const cuts = [reset, refused(3_000)]
  await storm(t, { sessions: 60, visitors: 5, gapMs: 500, hosts: 2, newcomerMs: 500, heldBytes: 16 * MIB, cuts })
})
