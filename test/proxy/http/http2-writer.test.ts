import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import t from 'tap'
import { FrameWriter } from '../../../src/proxy/http/http2/frame-writer.js'

const PING_BYTES = 17
const TURNS = 1_000
const MOST_SLABS = 8

/** A socket that takes nothing until it is told to. */
class StuckSocket extends Writable {
  readonly chunks: Buffer[] = []
  #taken: ((error?: Error | null) => void) | null = null
  #open = false

  override _write(chunk: Buffer, _encoding: BufferEncoding, taken: (error?: Error | null) => void): void {
    this.chunks.push(Buffer.from(chunk))
    if (this.#open) taken()
    else this.#taken = taken
  }

  take(): void {
    this.#open = true
    this.#taken?.()
  }
}

t.test('what is little and comes turn by turn takes few slabs while the socket takes nothing', async (t) => {
  const socket = new StuckSocket()
  let writes = 0
  const write = socket.write.bind(socket)
  socket.write = ((...args: Parameters<typeof write>) => {
    writes++
    return write(...args)
  }) as typeof socket.write
  const writer = new FrameWriter(socket as unknown as Socket, () => undefined)
  const left: boolean[] = []
  const bytes = Buffer.alloc(8)
  for (let i = 0; i < TURNS; i++) {
    bytes.writeUInt32BE(i)
    writer.ping(bytes)
    if (i === TURNS - 1) writer.whenLeft({ left: (whole) => left.push(whole) })
    await new Promise(setImmediate)
  }
  t.ok(writes < MOST_SLABS, `${writes} writes`)
  t.equal(writer.waiting, TURNS * PING_BYTES)
  t.same(left, [])

  socket.take()
  await new Promise(setImmediate)
  t.same(left, [true], 'and all of it leaves once the socket takes it')
  const all = Buffer.concat(socket.chunks)
  t.equal(all.length, TURNS * PING_BYTES)
  for (let i = 0; i < TURNS; i++) {
    if (all.readUInt32BE(i * PING_BYTES + 9) !== i) t.fail(`PING ${i} is not where it was written`)
  }
})

t.test('who waits for what was gathered is told when the connection is lost', async (t) => {
  const socket = new StuckSocket()
  const writer = new FrameWriter(socket as unknown as Socket, () => undefined)
  const left: boolean[] = []
  for (let i = 0; i < MOST_SLABS; i++) {
    writer.ping(Buffer.alloc(8))
    writer.whenLeft({ left: (whole) => left.push(whole) })
    await new Promise(setImmediate)
  }
  socket.destroy()
  socket.take()
  await new Promise(setImmediate)
  t.same(left.length, MOST_SLABS)
})
