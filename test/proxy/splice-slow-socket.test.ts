import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import t from 'tap'
import { splice } from '../../src/proxy/index.js'
import { DATA, FIN, frame, rawPeer, SYN, WINDOW_UPDATE } from '../support/raw-peer.js'
import { Random } from '../support/random.js'

/** A socket that takes a write only when the test says so. */
class SlowSocket extends Duplex {
  readonly taken: Buffer[] = []
  writes = 0
  #done: (() => void) | null = null

  override _read(): void {}

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.writes += chunks.length
    for (const { chunk } of chunks) this.taken.push(Buffer.from(chunk))
    this.#done = done
  }

  /** Lets the write that is under way succeed. */
  accept(): void {
    const done = this.#done
    this.#done = null
    done?.()
  }
}

t.test('pieces of any size reach a slow socket in order, and all of them give credit', async (t) => {
  const random = new Random(3)
  for (let round = 0; round < 40; round++) {
    const { end, socket } = await rawPeer('server')
    socket.write(frame(WINDOW_UPDATE, SYN, 1, 0))
    const stream = await end.nextStream()
    const slow = new SlowSocket({ allowHalfOpen: true })
    const closed = new Promise<Error | null>((resolve) => {
      splice(stream, slow as unknown as Socket, { onClose: ({ error }) => resolve(error) })
    })
    const sent: Buffer[] = []
    let bytes = 0
    for (let step = 0; step < 60; step++) {
      const piece = random.bytes(1 + random.below(random.pick([3, 900, 3000, 20_000])))
      if (bytes + piece.length > 250_000) break
      sent.push(piece)
      bytes += piece.length
      socket.write(frame(DATA, 0, 1, piece))
      if (random.chance(0.3)) while (stream.bytesIn < bytes) await new Promise(setImmediate)
      if (random.chance(0.3)) slow.accept()
    }
    socket.write(frame(WINDOW_UPDATE, FIN, 1, 0))
    while (stream.bytesIn < bytes) await new Promise(setImmediate)
    while (!slow.writableFinished) {
      slow.accept()
      await new Promise(setImmediate)
    }
    if (!Buffer.concat(slow.taken).equals(Buffer.concat(sent))) t.fail(`round ${round}: something else arrived`)
    slow.push(null)
    slow.resume()
    t.equal(await closed, null)
    t.equal(end.session.stats().unconsumed, 0)
    end.session.destroy(new Error('done'))
  }
})

t.test('single bytes for a socket that is stuck do not cost a write each', async (t) => {
  const { end, socket } = await rawPeer('server')
  socket.write(frame(WINDOW_UPDATE, SYN, 1, 0))
  const stream = await end.nextStream()
  const slow = new SlowSocket({ allowHalfOpen: true })
  splice(stream, slow as unknown as Socket, { onClose() {} })
  const single = frame(DATA, 0, 1, Buffer.from('x'))
  const count = 100_000
  socket.write(Buffer.alloc(count * single.length, single))
  while (stream.bytesIn < count) await new Promise(setImmediate)
  while (slow.writableLength > 0) {
    slow.accept()
    await new Promise(setImmediate)
  }
  t.equal(Buffer.concat(slow.taken).length, count)
  t.ok(slow.writes < 1000, `${slow.writes} writes`)
  t.equal(end.session.stats().unconsumed, 0)
  end.session.destroy(new Error('done'))
})
