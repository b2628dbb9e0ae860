import t from 'tap'
import { silentLogger } from '../../src/core/logger.js'
import { MemoryWatch } from '../../src/daemon/memory-watch.js'

t.test('full above the limit, and no more a little below it; another limit counts at once', async (t) => {
  let [limit, used] = [1_000, 0]
  const lines: string[] = []
  const log = {
    ...silentLogger,
    warn: (_: object, message: string) => lines.push(message),
    info: (_: object, message: string) => lines.push(message),
  }
  const watch = new MemoryWatch({ limit: () => limit, log, used: () => used, collect: () => undefined })
  const fullAt = (bytes: number): boolean => {
    used = bytes
    watch.look()
    return watch.problem !== null
  }
  t.equal(fullAt(1_000), false)
  t.equal(fullAt(1_001), true)
  t.match(watch.problem, { code: 'UR_MEMORY_LIMIT', retryAfterMs: 1_000 })
  t.equal(fullAt(960), true)
  t.equal(fullAt(940), false)
  t.equal(fullAt(960), false)
  limit = 900
  t.equal(fullAt(960), true)
  t.match(lines, [/turned away/, /room/, /turned away/], 'one line for each change')
})

t.test('what nobody has any more is collected above the limit, soon at first and then less often', (t) => {
  const clock = { time: 0, now: () => clock.time }
  let [used, garbage] = [0, 0]
  const collected: number[] = []
  const collect = (): void => {
    collected.push(clock.time)
    garbage = 0
  }
  const watch = new MemoryWatch({ limit: () => 1_000, log: silentLogger, used: () => used + garbage, collect, clock })
  const lookFor = (ms: number): void => {
    for (const end = clock.time + ms; clock.time < end; clock.time += 100) watch.look()
  }
  ;[used, garbage] = [500, 600]
  lookFor(100)
  t.equal(watch.problem, null, 'it was garbage')
  t.strictSame(collected, [0])
  used = 1_100
  lookFor(60_000)
  t.match(watch.problem, { code: 'UR_MEMORY_LIMIT' })
  t.strictSame(collected, [0, 1_000, 3_000, 7_000, 15_000, 31_000, 47_000])
  ;[used, garbage] = [0, 1_100]
  lookFor(5_000)
  t.equal(watch.problem, null, 'it heals, though nothing asks for memory')
  t.strictSame(collected.at(-1), 63_000)
  clock.time += 100_000
  garbage = 1_100
  const from = clock.time
  lookFor(100)
  used = 1_100
  lookFor(1_000)
  t.strictSame(collected.slice(-2), [from, from + 1_000], 'and soon again, after it was quiet')
  t.end()
})
