import t from 'tap'
import { RefusedError } from '../../src/core/errors.js'
import { encodeDelimited } from '../../src/protocol/delimited.js'
import { Control, type Refused } from '../../src/protocol/messages.js'
import { refusedOf, ServerRefusal } from '../../src/protocol/refusal.js'

t.test('a server cannot ask for a wait that no timer can hold', async (t) => {
  const what = { request: 0, tunnelId: 0, protocols: [], code: 'UR_SESSION_LIMIT', message: 'full', retryable: true }
  const refused: Refused = { ...what, retryAfterMs: 0xffff_ffff }
  t.equal(new ServerRefusal(refused).retryAfterMs, 3_600_000)
})

t.test('a refusal that quotes a very long text can still be sent', async (t) => {
  const refused = refusedOf(new RefusedError('UR_NAME_INVALID', `"${'ü'.repeat(100_000)}" is no name.`), { request: 1 })
  t.ok(encodeDelimited(Control, { refused }).length < 8_192)
  t.match(refused.message, /^"ü+…$/)
})
