import t from 'tap'
import fc from 'fast-check'
import { Ring } from '../../src/core/ring.js'

t.test('behaves as an array with push and shift, at any size', async () => {
  const steps = fc.array(fc.oneof(fc.integer(), fc.constant('shift' as const), fc.constant('clear' as const)), {
    maxLength: 400,
  })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9 }), steps, (capacity, steps) => {
      const ring = new Ring<number>(capacity)
      let model: number[] = []
      for (const step of steps) {
        if (step === 'clear') {
          ring.clear()
          model = []
        } else if (step === 'shift') {
          if (ring.shift() !== model.shift()) return false
        } else {
          ring.push(step)
          model.push(step)
        }
        if (ring.length !== model.length || ring.peek() !== model[0]) return false
      }
      return true
    }),
  )
})

t.test('a queue that grew many times comes out in order', async (t) => {
  const ring = new Ring<number>()
  for (let i = 0; i < 200_000; i++) ring.push(i)
  let expected = 0
  while (ring.length > 0) if (ring.shift() !== expected++) t.fail('order broken')
  t.equal(expected, 200_000)
})
