import t from 'tap'
import { readFileSync } from 'node:fs'
import { explainPostgres } from '../../src/store/postgres-errors.js'

t.test('a connection that is reset while it is read is no file that could not be read', async (t) => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read', errno: -104 })
  t.match(explainPostgres(reset, 'postgres://db/uniroute'), { code: 'UR_STORE_UNREACHABLE' })
})

t.test('files that a PostgreSQL address names and nobody can read', async (t) => {
  for (const path of ['/nowhere/root.crt', t.testdir()]) {
    try {
      readFileSync(path)
      t.fail('it could be read')
    } catch (error) {
      t.match(explainPostgres(error, 'postgres://db/uniroute'), { code: 'UR_STORE_URL', message: /could not be read/ })
    }
  }
})
