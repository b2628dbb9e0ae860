import t from 'tap'
import type { Refused } from '../../src/protocol/messages.js'
import { ServerRefusal } from '../../src/protocol/refusal.js'

t.test('a server cannot ask for a wait that no timer can hold', async (t) => {
  const what = { request: 0, tunnelId: 0, protocols: [], code: 'UR_SESSION_LIMIT', message: 'full', retryable: true }
  const refused: Refused = { ...what, retryAfterMs: 0xffff_ffff }
  t.equal(new ServerRefusal(refused).retryAfterMs, 3_600_000)
})
