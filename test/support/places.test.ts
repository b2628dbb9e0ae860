import { existsSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t from 'tap'
import { freePort, listen } from './places.js'
import { must, TYPESCRIPT } from './processes.js'

t.test('ports are free, each given once, and of no other test file', async (t) => {
  const first = await freePort()
  const squatter = net.createServer()
  t.teardown(() => squatter.close())
  await listen(squatter, first + 1)
  const mine = [first, ...(await Promise.all(Array.from({ length: 70 }, () => freePort())))]
  t.equal(new Set(mine).size, mine.length)
  t.notOk(mine.includes(first + 1), 'somebody listens there')
  t.ok(mine.every((port) => port >= 10_000 && port < 20_000))

  const places = new URL('places.ts', import.meta.url).href
  const script = `import { freePort } from '${places}'; console.log(await freePort())`
  const { out } = await must(process.execPath, [TYPESCRIPT, '--input-type=module', '-e', script])
  const theirs = Number(out)
  t.notOk(mine.some((port) => Math.floor(port / 50) === Math.floor(theirs / 50)))
  const slot = String(theirs - (theirs % 50))
  t.notOk(existsSync(path.join(tmpdir(), 'uniroute-test-ports', slot)), 'what ended holds nothing')
})
