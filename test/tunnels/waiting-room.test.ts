import t from 'tap'
import { WaitingRoom } from '../../src/tunnels/waiting-room.js'

t.test('who need not wait goes at once', async (t) => {
  const room = new WaitingRoom()
  let gone = 0
  room.enter(() => gone++, 0)
  t.equal(gone, 1)
})

t.test('who waits goes one by one, the oldest first, or all together', async (t) => {
  const room = new WaitingRoom()
  const gone: string[] = []
  for (const name of ['a', 'b', 'c']) room.enter(() => gone.push(name), 60_000)
  room.letOneIn()
  t.same(gone, ['a'])
  room.letAllIn()
  t.same(gone, ['a', 'b', 'c'])
  room.letOneIn()
  t.same(gone, ['a', 'b', 'c'])
})

t.test('nobody waits for longer than was said', async (t) => {
  const room = new WaitingRoom()
  await new Promise<void>((resolve) => room.enter(resolve, 5))
  t.pass('the second time too')
  await new Promise<void>((resolve) => room.enter(resolve, 5))
})
