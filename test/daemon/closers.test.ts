import t from 'tap'
import { Closers } from '../../src/daemon/closers.js'

t.test('the newest first, one after the other, each once', async (t) => {
  const closers = new Closers()
  const closed: number[] = []
  for (const each of [1, 2, 3]) {
    closers.add(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      closed.push(each)
    })
  }
  await closers.close()
  await closers.close()
  t.strictSame(closed, [3, 2, 1])
})

t.test('one that fails does not keep the others from it', async (t) => {
  const closers = new Closers()
  let closed = false
  closers.add(() => (closed = true))
  closers.add(() => Promise.reject(new Error('second')))
  closers.add(() => {
    throw new Error('first')
  })
  await t.rejects(closers.close(), { message: 'first' })
  t.ok(closed)
})
