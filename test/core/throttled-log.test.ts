import t from 'tap'
import { ThrottledLog } from '../../src/core/throttled-log.js'
import { RecordedLog } from '../support/log.js'

t.test('one line a second for each code; those between are counted in the next one', async (t) => {
  const log = new RecordedLog()
  const clock = { time: 0, now: () => clock.time }
  const throttled = new ThrottledLog(log, clock)
  for (let i = 0; i < 10; i++) throttled.warn('UR_TOKEN_INVALID', { i }, 'agent refused')
  throttled.info('UR_TOKEN_REVOKED', {}, 'agent refused')
  clock.time = 999
  throttled.warn('UR_TOKEN_INVALID', { i: 10 }, 'agent refused')
  clock.time = 1000
  throttled.error('UR_TOKEN_INVALID', { i: 11 }, 'agent refused')
  clock.time = 2000
  throttled.warn('UR_TOKEN_INVALID', { i: 12 }, 'agent refused')
  t.strictSame(log.lines, [
    { level: 'warn', fields: { code: 'UR_TOKEN_INVALID', i: 0 }, message: 'agent refused' },
    { level: 'info', fields: { code: 'UR_TOKEN_REVOKED' }, message: 'agent refused' },
    { level: 'error', fields: { code: 'UR_TOKEN_INVALID', i: 11, suppressed: 10 }, message: 'agent refused' },
    { level: 'warn', fields: { code: 'UR_TOKEN_INVALID', i: 12 }, message: 'agent refused' },
  ])
})
