import t from 'tap'
import { slowReader } from '../support/slow-reader.js'

t.test('a visitor that stops reading costs neither memory nor the other visitors their speed', async (t) => {
  await slowReader(t, { total: 256 * 1024 ** 2, stalled: 3000 })
})
