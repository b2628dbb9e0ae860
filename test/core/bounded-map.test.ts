import t from 'tap'
import { BoundedMap } from '../../src/core/bounded-map.js'

t.test('what was used longest ago is forgotten', async (t) => {
  const map = new BoundedMap<number>(3)
  for (const [i, key] of ['a', 'b', 'c'].entries()) map.set(key, i)
  t.equal(map.get('a'), 0)
  map.set('d', 3)
  t.equal(map.size, 3)
  t.equal(map.get('b'), undefined)
  t.equal(map.get('a'), 0)
  map.set('c', 9)
  map.set('e', 4)
  t.equal(map.get('d'), undefined)
  t.equal(map.get('c'), 9)
  map.delete('c')
  t.equal(map.get('c'), undefined)
  t.equal(map.size, 2)
})
