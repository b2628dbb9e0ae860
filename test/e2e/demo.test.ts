import path from 'node:path'
import t from 'tap'
import { ensureBuilt } from '../support/build.js'
import { eventually } from '../support/hang.js'
import { ROOT } from '../support/places.js'
import { Process, run } from '../support/processes.js'

const DEMO = path.join(ROOT, 'scripts/demo/demo.mjs')

t.test('the demo fetches through the public address, once', async (t) => {
  await ensureBuilt()
  const { code, out, err } = await run(process.execPath, [DEMO], { env: { ...process.env, ONCE: '1' } })
  t.equal(code, 0, err)
  t.match(out, /public address\s+tcp:\/\/127\.0\.0\.1:\d+/)
  t.match(out, /GET http:\/\/127\.0\.0\.1:\d+\/\n200 OK\nHello from the upstream/)
})

t.test('the demo runs until Ctrl-C and leaves nothing behind', async (t) => {
  await ensureBuilt()
  const demo = new Process('demo', process.execPath, [DEMO], { env: { ...process.env, ONCE: '' } })
  t.teardown(() => demo.stop())
  await demo.line(/^Running/)
  const address = /public address\s+tcp:(\S+)/.exec(demo.printed)?.[1] ?? ''
  t.equal((await fetch(`http:${address}/again`)).status, 200)
  t.match(await demo.stop('SIGINT'), { code: 0 })
  await eventually('the public address to close', () =>
    fetch(`http:${address}/`).then(
      () => Promise.reject(new Error('still open')),
      () => undefined,
    ),
  )
})
