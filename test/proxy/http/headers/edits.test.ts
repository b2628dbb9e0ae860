import t from 'tap'
import { Edits } from '../../../../src/proxy/http/headers/edits.js'

const FIELDS = ['Host', 'h', 'X-User', 'a', 'x_user', 'b', 'X-Team', 'c']

t.test('removes, in every spelling, then adds, and leaves the first parts alone', async (t) => {
  const fields = [...FIELDS]
  new Edits({ add: ['X-User', 'ours'], remove: ['x-user', 'host'] }).apply(fields, 2)
  t.same(fields, ['Host', 'h', 'X-Team', 'c', 'X-User', 'ours'])
  const other = ['X-User', 'a', 'X_User', 'b']
  new Edits({ add: [], remove: ['X_User'] }).apply(other)
  t.same(other, [])
})

t.test('nothing to do', async (t) => {
  const fields = [...FIELDS]
  new Edits({ add: [], remove: [] }).apply(fields)
  t.same(fields, FIELDS)
})
