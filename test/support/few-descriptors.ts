import { closeSync, openSync } from 'node:fs'
import { systemClock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { FdWatch } from '../../src/ingress/index.js'

/** Run with few file descriptors: uses them up, frees them, and prints what an FdWatch saw. */
const codes: string[] = []
const lines: string[] = []
const keep = (_fields: unknown, message: string): void => void lines.push(message)
const log = { ...silentLogger, info: keep, warn: keep }
const watch = new FdWatch({ rejected: (code) => codes.push(code) }, log, systemClock)
watch.look()
const before = watch.exhausted
const taken: number[] = []
try {
  for (;;) taken.push(openSync('/dev/null', 'r'))
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
}
watch.look()
watch.look()
const during = watch.exhausted
for (const fd of taken) closeSync(fd)
watch.look()
process.stdout.write(JSON.stringify({ before, during, codes, lines, after: watch.exhausted }))
