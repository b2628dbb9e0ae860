import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { systemClock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { SystemdNotifier } from '../../src/daemon/systemd.js'
import { FdWatch } from '../../src/ingress/index.js'

/**
 * Allows itself few file descriptors, uses them up, frees them, and prints what an FdWatch saw.
 * The limit comes after the modules: Node opens those of one package side by side, more than the limit.
 */
execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=60:60'])
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
// The shell that tells systemd cannot be started then.
new SystemdNotifier({ NOTIFY_SOCKET: '/nonexistent' }, log).ready('serving')
for (const fd of taken) closeSync(fd)
watch.look()
// 'error' of the shell comes with the next turn.
setImmediate(() => {
  process.stdout.write(JSON.stringify({ before, during, codes, lines, after: watch.exhausted }))
})
