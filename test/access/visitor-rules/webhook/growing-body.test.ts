import t from 'tap'
import { randomBytes } from 'node:crypto'
import { ByteBudget, GrowingBody } from '../../../../src/access/visitor-rules/webhook/growing-body.js'

t.test('a body is put together in memory of its own', async (t) => {
  const budget = new ByteBudget(1024 * 1024)
  const body = new GrowingBody(budget, 100_000)
  const bytes = randomBytes(100_000)
  for (let at = 0; at < bytes.length; at += 777) {
    const chunk = Buffer.from(bytes.subarray(at, at + 777))
    t.equal(body.append(chunk), 'ok')
    chunk.fill(0)
    t.ok(budget.used <= 100_000)
  }
  t.ok(body.bytes().equals(bytes))
  t.equal(body.append(Buffer.alloc(1)), 'too large')
  t.ok(body.bytes().equals(bytes))
  body.release()
  t.equal(budget.used, 0)
  t.equal(body.bytes().length, 0)
  body.release()
  t.equal(budget.used, 0)
})

t.test('many small chunks cost what they are', async (t) => {
  const budget = new ByteBudget(1024 * 1024)
  const body = new GrowingBody(budget, 1024 * 1024)
  const slab = Buffer.alloc(64 * 1024)
  for (let i = 0; i < 5000; i++) body.append(slab.subarray(i, i + 1))
  t.equal(body.bytes().length, 5000)
  t.ok(budget.used <= 8192, String(budget.used))
})

t.test('the budget is one for all', async (t) => {
  const budget = new ByteBudget(10_000)
  const first = new GrowingBody(budget, 100_000)
  const second = new GrowingBody(budget, 100_000)
  t.equal(first.append(Buffer.alloc(6000)), 'ok')
  t.equal(second.append(Buffer.alloc(1)), 'no room')
  t.equal(first.append(Buffer.alloc(6000)), 'no room')
  t.equal(first.bytes().length, 6000, 'what was there stays')
  first.release()
  t.equal(second.append(Buffer.alloc(1)), 'ok')
  second.release()
  t.equal(budget.used, 0)
})
