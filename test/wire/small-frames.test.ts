import t from 'tap'
import { INITIAL_WINDOW } from '../../src/wire/index.js'
import { memoryInUse } from '../support/memory.js'
import { DATA, frame, rawPeer, SYN, WINDOW_UPDATE } from '../support/raw-peer.js'

t.test('a window full of single bytes costs about a window, not a hundred', async (t) => {
  const { end, socket } = await rawPeer('server')
  socket.write(frame(WINDOW_UPDATE, SYN, 1, 0))
  const stream = await end.nextStream()
  const single = frame(DATA, 0, 1, Buffer.from('x'))
  const oneByOne = Buffer.alloc(INITIAL_WINDOW * single.length, single)
  for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate)
  const before = memoryInUse()
  socket.write(oneByOne)
  while (stream.bytesIn < INITIAL_WINDOW) await new Promise(setImmediate)
  const waiting = memoryInUse() - before
  t.ok(waiting > INITIAL_WINDOW / 2, 'the window is in memory')
  t.ok(waiting < 8 * INITIAL_WINDOW, `${waiting} bytes of memory for ${INITIAL_WINDOW}`)
  let bytes = 0
  stream.attach({ onData: (slice) => void (bytes += slice.length), onEnd() {}, onWritable() {}, onClose() {} })
  t.equal(bytes, INITIAL_WINDOW)
  end.session.destroy(new Error('done'))
})
