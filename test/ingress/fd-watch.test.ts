import t from 'tap'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { TYPESCRIPT } from '../support/processes.js'

t.test('no file descriptors left: it is noticed, logged once a second, and heals by itself', async (t) => {
  const child = fileURLToPath(new URL('../support/few-descriptors.ts', import.meta.url))
  const out = execFileSync(process.execPath, [TYPESCRIPT, child], { encoding: 'utf8', timeout: 30_000 })
  t.same(JSON.parse(out), {
    before: false,
    during: true,
    codes: ['UR_FD_EXHAUSTED', 'UR_FD_EXHAUSTED'],
    lines: ['no file descriptors left: new connections are closed until some end', 'file descriptors are free again'],
    after: false,
  })
})
