import t from 'tap'
import { BodyGuard } from '../../../src/access/visitor-rules/index.js'

t.test('a body may have so many bytes, however they come', async (t) => {
  const guard = new BodyGuard(10)
  t.ok(guard.take(4))
  t.ok(guard.take(0))
  t.ok(guard.take(6))
  t.ok(guard.take(0))
  t.notOk(guard.take(1))
  t.notOk(guard.take(0), 'once too long is too long')
  t.notOk(new BodyGuard(0).take(1))
  t.ok(new BodyGuard(0).take(0))
})
