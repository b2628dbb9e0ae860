import t from 'tap'
import { REMEMBERED_SIGNATURES, Replays } from '../../../../src/access/visitor-rules/webhook/replays.js'

t.test('a signature counts once, until it would not be accepted any more', async (t) => {
  const replays = new Replays()
  t.ok(replays.add('a', 600, 300))
  t.notOk(replays.add('a', 600, 300))
  t.ok(replays.add('b', 650, 350))
  t.notOk(replays.add('a', 600, 600))
  t.ok(replays.add('a', 900, 601))
  t.equal(replays.size, 2)
  t.ok(replays.add('c', 1900, 1600))
  t.equal(replays.size, 1, 'what is over is forgotten')
})

t.test('what was not delivered may come again', async (t) => {
  const replays = new Replays()
  replays.add('a', 600, 300)
  replays.forget('a')
  t.ok(replays.add('a', 600, 300))
})

t.test('memory is bounded', async (t) => {
  const replays = new Replays()
  for (let i = 0; i < 2 * REMEMBERED_SIGNATURES; i++) if (!replays.add(`s${i}`, 600, 300)) t.fail()
  t.equal(replays.size, REMEMBERED_SIGNATURES)
  t.notOk(replays.add(`s${2 * REMEMBERED_SIGNATURES - 1}`, 600, 300), 'the last are remembered')
})
