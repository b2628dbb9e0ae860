import t from 'tap'
import { slowReader } from '../support/slow-reader.js'

t.test('a visitor that stops reading while the upstream sends 2 GiB', async (t) => {
  await slowReader(t, { total: 2 * 1024 ** 3, stalled: 20_000 })
})
