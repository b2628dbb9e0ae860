import t from 'tap'
import { skeleton } from '../../src/names/skeleton.js'

const SAME: readonly (readonly [string, string])[] = [
  ['paypal', 'раураl'],
  ['apple', 'аррӏе'],
  ['paypal', 'paypa1'],
  ['google', 'g00gle'],
  ['google', 'ցооցӏе'],
  ['microsoft', 'rnicrosoft'],
  ['scope', 'ѕсоре'],
  ['ross', 'rо\u0455s'],
  ['omega', 'οmega'],
  ['shop', 'shoр'],
  ['mañana', 'man\u0303ana'],
  ['facebook', 'fаcebooк'.replace('к', 'k')],
]

const OTHER: readonly (readonly [string, string])[] = [
  ['paypal', 'paypa'],
  ['shop', 'shops'],
  ['mañana', 'manana'],
  ['schön', 'schon'],
  ['日本', '本日'],
  ['kiosk', 'киоск'],
]

t.test('names that look alike have the same skeleton, others have not', async (t) => {
  for (const [a, b] of SAME) t.equal(skeleton(a), skeleton(b), `${a} and ${b}`)
  for (const [a, b] of OTHER) t.not(skeleton(a), skeleton(b), `${a} and ${b}`)
})

t.test('a skeleton is its own, and in small letters', async (t) => {
  for (const name of [...SAME, ...OTHER].flat()) {
    const looks = skeleton(name)
    t.equal(skeleton(looks), looks, name)
    t.equal(looks.toLowerCase(), looks, name)
  }
})

t.test('letters of ASCII are left alone, but for those that look like others', async (t) => {
  const letters = 'abcdefghijklnopqrstuvwxyz23456789-_.'
  t.equal(skeleton(letters), letters)
  t.equal(skeleton('m10'), 'rnlo')
})
