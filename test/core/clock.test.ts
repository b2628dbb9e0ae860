import t from 'tap'
import { systemClock } from '../../src/core/clock.js'

t.test('never goes backwards and counts milliseconds', async (t) => {
  const before = systemClock.now()
  const wallBefore = process.hrtime.bigint()
  let last = before
  for (let i = 0; i < 10_000; i++) {
    const now = systemClock.now()
    if (now < last) t.fail(`went back from ${last} to ${now}`)
    last = now
  }
  const elapsedMs = Number(process.hrtime.bigint() - wallBefore) / 1e6
  t.ok(last - before <= elapsedMs + 1, 'same unit as the high resolution timer')
  t.ok(last > before, 'advances')
})
