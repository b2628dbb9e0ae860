import t from 'tap'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/core/clock.js'
import { FdWatch, noIngressHooks } from '../../src/ingress/index.js'
import { RecordedLog } from '../support/log.js'
import { TYPESCRIPT } from '../support/processes.js'

t.test(
  'no file descriptors left: it is noticed, logged once a second, and heals by itself; nothing ends the process',
  async (t) => {
    const child = fileURLToPath(new URL('../support/few-descriptors.ts', import.meta.url))
    const out = execFileSync(process.execPath, [TYPESCRIPT, child], { encoding: 'utf8', timeout: 30_000 })
    t.same(JSON.parse(out), {
      before: false,
      during: true,
      codes: ['UR_FD_EXHAUSTED', 'UR_FD_EXHAUSTED'],
      lines: [
        'no file descriptors left: new connections are closed until some end',
        'file descriptors are free again',
        'what tells systemd of this service has ended; it is started again with the next message',
      ],
      after: false,
    })
  },
)

t.test('what keeps it from looking ends the watch, and not the server', (t) => {
  const log = new RecordedLog()
  const watch = new FdWatch(noIngressHooks, log, systemClock, '/nonexistent')
  watch.start()
  watch.look()
  t.equal(watch.exhausted, false)
  t.match(log.lines, [{ level: 'warn', message: /cannot be seen/ }])
  t.end()
})
