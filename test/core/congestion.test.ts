import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import t from 'tap'
import { lossesSlowConnections } from '../../src/core/congestion.js'

t.test('losses slow down connections unless the kernel measures the path', async (t) => {
  const file = path.join(t.testdir(), 'tcp_congestion_control')
  for (const [setting, slow] of [
    ['cubic', true],
    ['reno', true],
    ['bbr', false],
    ['bbr2', false],
  ] as const) {
    await writeFile(file, `${setting}\n`)
    t.equal(lossesSlowConnections(file), slow, setting)
  }
  t.equal(lossesSlowConnections(path.join(t.testdir(), 'nothing')), true, 'where there is no such setting')
})
