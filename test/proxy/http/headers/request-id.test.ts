import t from 'tap'
import { RandomIds, requestIdOf } from '../../../../src/proxy/http/headers/index.js'

const ids = new RandomIds()

t.test('a request has a new id', async (t) => {
  const given = new Set(Array.from({ length: 5000 }, () => requestIdOf(['X-Request-Id', 'mine'], false, ids)))
  t.equal(given.size, 5000)
  for (const id of given) if (!/^[0-9a-f]{32}$/.test(id)) t.fail(id)
})

t.test('or the one that a trusted proxy gave it', async (t) => {
  t.equal(requestIdOf(['x-request-id', 'a.B~9/+=:@_-'], true, ids), 'a.B~9/+=:@_-')
  for (const bad of ['', 'a b', 'a,b', '<script>', 'a'.repeat(129), 'é'])
    t.match(requestIdOf(['X-Request-Id', bad], true, ids), /^[0-9a-f]{32}$/, bad)
  t.match(requestIdOf(['X-Request-Id', 'a', 'x-request-id', 'b'], true, ids), /^[0-9a-f]{32}$/, 'two')
  t.match(requestIdOf([], true, ids), /^[0-9a-f]{32}$/)
})

t.test('random numbers are as long as was asked, over the end of the pool too', async (t) => {
  for (let i = 0; i < 2000; i++) if (ids.hex(7).length !== 14) t.fail('too short')
  t.match(ids.hex(64), /^[0-9a-f]{128}$/)
})
