import { createHash, randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import type { Socket } from 'node:net'
import t from 'tap'
import { FrameParser } from '../../src/wire/index.js'
import { BORROWED, Egress, LENT, OWNED, QUANTUM, SLAB } from '../../src/wire/egress.js'
import { FLAG_ACK, HEADER_SIZE, TYPE_DATA, TYPE_PING, writeHeader } from '../../src/wire/frame.js'
import { SentLog } from '../../src/wire/sent-log.js'
import { WindowBudget } from '../../src/wire/window.js'
import { sessionEnd, sessionPair, socketPair } from '../support/wire-pair.js'

/** A socket that takes one write at a time, and only when told. */
class SlowSocket extends Writable {
  readonly taken: Buffer[] = []
  #done: (() => void) | null = null

  constructor() {
    super({ highWaterMark: 1 << 30 })
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken.push(Buffer.from(chunk))
    this.#done = done
  }

  async take(): Promise<void> {
    const done = this.#done
    this.#done = null
    done?.()
    await new Promise(setImmediate)
  }
}

function frames(chunks: Buffer[]): { id: number; type: number; length: number }[] {
  const seen: { id: number; type: number; length: number }[] = []
  const parser = new FrameParser({
    onHeader: (type, _flags, id, length) => seen.push({ id, type, length }),
    onPayload() {},
    onPayloadEnd() {},
  })
  for (const chunk of chunks) parser.push(chunk)
  return seen
}

t.test('one small frame leaves at once; what follows while it is under way leaves as one buffer', async (t) => {
  const socket = new SlowSocket()
  const egress = new Egress(socket as unknown as Socket, 256 * 1024)
  const small = Buffer.from('hello')
  egress.data(2, 0, small, 0, 5, BORROWED)
  t.equal(socket.taken.length, 1, 'not kept back')
  for (let i = 0; i < 20; i++) egress.data(4, 0, small, 0, 5, BORROWED)
  await socket.take()
  await socket.take()
  t.equal(socket.taken.length, 2, 'twenty frames in one write')
  t.equal(frames(socket.taken).length, 21)
})

t.test('a slab leaves with its header in its headroom, without a copy', async (t) => {
  const socket = new SlowSocket()
  const egress = new Egress(socket as unknown as Socket, 256 * 1024)
  const slab = Buffer.alloc(12 + 20_000, 7)
  egress.data(2, 0, slab, 12, slab.length, SLAB)
  t.same(frames(socket.taken), [{ id: 2, type: 0, length: 20_000 }])
  t.not(slab[3], undefined)
  t.equal(slab.readUInt32BE(8), 20_000, 'the header stands in the slab itself')
})

t.test('borrowed, owned and lent bytes of every size arrive whole, very large ones in several frames', async (t) => {
  const socket = new SlowSocket()
  const egress = new Egress(socket as unknown as Socket, 1 << 30)
  const sent: Buffer[] = []
  for (const ownership of [BORROWED, OWNED, LENT] as const) {
    for (const length of [1, 4095, 4096, 16_384, 16_385, 65_536, 300_000]) {
      const bytes = randomBytes(length)
      egress.data(2, FLAG_ACK, Buffer.from(bytes), 0, length, ownership)
      sent.push(bytes)
    }
  }
  while (egress.pending > 0) await socket.take()
  const got: Buffer[] = []
  let acknowledged = 0
  let longest = 0
  const parser = new FrameParser({
    onHeader(_type, flags, _id, length) {
      if (flags & FLAG_ACK) acknowledged++
      longest = Math.max(longest, length)
    },
    onPayload: (slice) => got.push(slice),
    onPayloadEnd() {},
  })
  for (const chunk of socket.taken) parser.push(chunk)
  t.ok(Buffer.concat(got).equals(Buffer.concat(sent)))
  t.equal(acknowledged, sent.length, 'flags ride on the first frame alone')
  t.ok(longest <= 256 * 1024, `${longest} bytes`)
})

t.test('frames that are copied go into memory that is used again', async (t) => {
  const socket = new SlowSocket()
  const write = socket.write.bind(socket)
  const seen = new Set<ArrayBufferLike>()
  socket.write = ((chunk: Buffer, done: () => void) => {
    seen.add(chunk.buffer)
    return write(chunk, done)
  }) as typeof socket.write
  const egress = new Egress(socket as unknown as Socket, 1 << 30)
  const bytes = Buffer.alloc(100_000)
  for (let i = 0; i < 100; i++) {
    egress.data(2, 0, bytes, 0, bytes.length, OWNED)
    while (egress.pending > 0) await socket.take()
  }
  t.ok(seen.size < 10, `${seen.size} pieces of memory`)
})

for (const kept of [false, true]) {
  t.test(
    `gathered frames leave from memory that is used again, ${kept ? 'once they have arrived' : 'without a log'}`,
    async (t) => {
      const memory = new Set<ArrayBufferLike>()
      const got = createHash('sha256')
      const socket = new Writable({
        highWaterMark: 1 << 30,
        write(chunk: Buffer, _encoding, done) {
          memory.add(chunk.buffer)
          setImmediate(() => (got.update(chunk), done()))
        },
      })
      const log = kept ? new SentLog(new WindowBudget(1 << 30)) : null
      const egress = new Egress(socket as unknown as Socket, 1 << 30, log)
      const sent = createHash('sha256')
      for (let turn = 0; turn < 400; turn++) {
        for (let i = 0; i < 8; i++) {
          const payload = randomBytes(i % 2 === 0 ? 16_384 : 700)
          const header = Buffer.alloc(HEADER_SIZE)
          writeHeader(header, 0, TYPE_DATA, 0, 2, payload.length)
          sent.update(header).update(payload)
          egress.data(2, 0, payload, 0, payload.length, OWNED)
        }
        while (egress.pending > 0) await new Promise(setImmediate)
        log?.acknowledge(egress.written)
      }
      t.equal(got.digest('hex'), sent.digest('hex'), 'nothing was written over before it had left')
      t.ok(memory.size <= 8, `${memory.size} blocks of memory for 27 MB`)
    },
  )
}

t.test('control frames overtake streams that wait', async (t) => {
  const socket = new SlowSocket()
  const egress = new Egress(socket as unknown as Socket, 1024)
  egress.data(2, 0, Buffer.alloc(2000), 0, 2000, BORROWED)
  t.equal(egress.direct, false)
  let turns = 0
  const stream = {
    inRing: false,
    sendTurn() {
      turns++
      egress.data(4, 0, Buffer.from('waited'), 0, 6, BORROWED)
      return false
    },
  }
  egress.wait(stream)
  egress.control(TYPE_PING, 1, 0, 9)
  t.equal(turns, 0, 'the stream waits')
  while (egress.pending > 0) await socket.take()
  t.equal(turns, 1)
  t.same(frames(socket.taken), [
    { id: 2, type: 0, length: 2000 },
    { id: 0, type: TYPE_PING, length: 9 },
    { id: 4, type: 0, length: 6 },
  ])
})

t.test('a waiting small stream is served after at most one quantum of every other', async (t) => {
  const [agent, raw] = await socketPair()
  const seen: { id: number; length: number }[] = []
  const { session } = sessionEnd('client', [agent])
  const backlog = session.options.carrierBacklog
  const bulk = [session.open(), session.open(), session.open()]
  const handler = { onData() {}, onEnd() {}, onWritable() {}, onClose() {} }
  for (const stream of bulk) {
    stream.attach(handler)
    stream.onCredit(64 * 1024 * 1024)
  }
  // The peer does not read yet: the carrier fills up, then the streams' queues.
  for (const stream of bulk) while (stream.write(Buffer.alloc(100_000)));
  const small = session.open()
  small.attach(handler)
  small.write(Buffer.from('a small request'))
  const queuedBefore = session.carriers[0]!.egress.pending
  const total = new Promise<void>((resolve) => {
    const parser = new FrameParser({
      onHeader(type, _flags, id, length) {
        if (type === 0 && seen.at(-1)?.id !== small.id) seen.push({ id, length })
        if (id === small.id) resolve()
      },
      onPayload() {},
      onPayloadEnd() {},
    })
    raw.on('data', (chunk: Buffer) => parser.push(chunk)).resume()
  })
  const sentBefore = bulk.reduce((sum, stream) => sum + stream.bytesOut, 0)
  await total
  const sum = seen.slice(0, -1).reduce((bytes, frame) => bytes + frame.length, 0)
  t.equal(seen.at(-1)!.id, small.id)
  t.ok(queuedBefore >= backlog, 'the carrier was full')
  t.ok(sum - sentBefore <= bulk.length * QUANTUM, `${sum - sentBefore} bytes of bulk went before the small request`)
  session.destroy(new Error('done'))
})

t.test('gathering does not keep a frame back when nothing else comes', async (t) => {
  const { client, server } = await sessionPair()
  const streams = Array.from({ length: 40 }, () => client.session.open())
  let echoed = 0
  const all = new Promise<void>((resolve) => {
    for (const stream of streams) {
      stream.attach({
        onData() {
          if (++echoed === 400) resolve()
          else stream.write(Buffer.from('x'))
        },
        onEnd() {},
        onWritable() {},
        onClose() {},
      })
      stream.write(Buffer.from('x'))
    }
  })
  for (let i = 0; i < 40; i++) {
    const stream = await server.nextStream()
    stream.attach({ onData: (slice, s) => void s.write(Buffer.from(slice)), onEnd() {}, onWritable() {}, onClose() {} })
  }
  await all
  t.equal(echoed, 400)
  client.session.close()
  await server.closed
})

t.test('a socket that is gone swallows writes without an error', async (t) => {
  const [agent, raw] = await socketPair()
  const end = sessionEnd('client', [agent])
  raw.destroy()
  await end.closed
  t.throws(() => end.session.open(), { code: 'UR_WIRE_CLOSED' })
})
