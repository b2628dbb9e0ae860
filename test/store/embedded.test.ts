import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openStore, tokenHash } from '../../src/store/index.js'
import { lockFromOutside, storeFor } from './support.js'

const fileFor = (test: Test): string => join(test.testdir({}), 'data', 'uniroute.db')

t.test('the token itself is nowhere in the files', async (t) => {
  const file = fileFor(t)
  const { tokens } = await storeFor(t, { file })
  const { token } = await tokens.create('secretive')
  const bytes = Buffer.concat([readFileSync(file), readFileSync(`${file}-wal`)])
  t.ok(bytes.includes('secretive'))
  t.notOk(bytes.includes(token.slice(4)))
})

t.test('everything is still there after closing, and the file is private', async (t) => {
  const file = fileFor(t)
  const first = await openStore({ file })
  const { token } = await first.tokens.create('kept')
  for (const each of [file, `${file}-wal`, `${file}-shm`]) t.equal(statSync(each).mode & 0o777, 0o600, each)
  t.equal(statSync(join(file, '..')).mode & 0o777, 0o700)
  await first.close()
  const second = await storeFor(t, { file })
  t.match(await second.tokens.findByHash(tokenHash(token)), { name: 'kept' })
})

t.test(
  'a lock of another process: reads go on, a write waits and then succeeds, the event loop never stops',
  async (t) => {
    const file = fileFor(t)
    const { tokens } = await storeFor(t, { file })
    const { id } = await tokens.create('before')
    const lock = await lockFromOutside(t, file)
    const writing = tokens.create('during')
    const longestStop = await longestStopDuring(async () => {
      for (let i = 0; i < 10; i++) {
        t.match(await tokens.list(), [{ id }])
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })
    t.ok(longestStop < 1000, `the loop stopped for ${longestStop} ms`)
    await lock.release()
    await writing
    t.equal((await tokens.list()).length, 2)
  },
)

t.test('a lock held longer than the limit is UR_STORE_LOCKED, and afterwards all is well', async (t) => {
  const file = fileFor(t)
  const { tokens } = await storeFor(t, { file, lockTimeoutMs: 100 })
  await tokens.create('first')
  const lock = await lockFromOutside(t, file)
  const error = { name: 'StoreError', code: 'UR_STORE_LOCKED', message: /held its lock.*What to do/ }
  await t.rejects(tokens.create('second'), error)
  await t.rejects(tokens.revoke('first'), error)
  t.equal((await tokens.list()).length, 1)
  await lock.release()
  await tokens.create('second')
  t.ok((await tokens.revoke('first')).revokedAt)
})

async function longestStopDuring(work: () => Promise<void>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }, 5)
  await work()
  clearInterval(timer)
  return longest
}
