import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import { ReadingTime } from '../../../src/inspector/capture/reading-time.js'

t.test('what a thread did counts, and what it waited does not', async (t) => {
  const time = new ReadingTime()
  time.begin()
  const began = performance.now()
  while (performance.now() - began < 200);
  const busy = time.spent()
  t.ok(busy > 10 && busy < 1_000, `${busy} ms of 200`)
  await delay(500)
  time.begin()
  const idle = time.spent()
  t.ok(idle < 400, `${idle} ms of 500 without work`)
})
