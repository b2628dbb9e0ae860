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
  const watch = new MemoryWatch({ limit: () => limit, log, used: () => used })
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
