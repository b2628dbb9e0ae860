import t from 'tap'
import { editDistance, nearest } from '../../src/config/nearest.js'

t.test('edits are insertions, deletions, substitutions and swaps', async (t) => {
  t.equal(editDistance('', 'abc'), 3)
  t.equal(editDistance('abc', ''), 3)
  t.equal(editDistance('kitten', 'sitting'), 3)
  t.equal(editDistance('tsl', 'tls'), 1)
  t.equal(editDistance('same', 'same'), 0)
})

t.test('the nearest word, whatever its case and dashes', async (t) => {
  t.same(nearest('Data-Dir', ['domain', 'data_dir']), { word: 'data_dir', distance: 0 })
  t.equal(nearest('x', []), undefined)
})
