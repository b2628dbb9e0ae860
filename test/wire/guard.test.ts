import t from 'tap'
import { RateGuard } from '../../src/wire/guard.js'

t.test('the limit holds within a second and starts anew in the next', async (t) => {
  let now = 0
  const guard = new RateGuard({ now: () => now }, 3)
  for (let i = 0; i < 3; i++) guard.count('pings')
  t.throws(() => guard.count('pings'), { code: 'UR_WIRE_FLOOD', message: /more than 3 pings/ })
  now = 1000
  t.doesNotThrow(() => guard.count('pings'))
})
