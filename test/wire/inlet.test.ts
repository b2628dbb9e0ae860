import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { FRAMES_A_TURN, Inlet } from '../../src/wire/inlet.js'
import { writeHeader } from '../../src/wire/frame.js'
import { FrameParser, Session } from '../../src/wire/index.js'
import { SlabPool } from '../../src/wire/slab.js'
import { within } from '../support/hang.js'
import { sessionEnd, socketPair } from '../support/wire-pair.js'

/** `count` data frames of two bytes for stream 1, which carry their numbers from `first` on. */
function frames(count: number, first = 0): Buffer {
  const bytes = Buffer.alloc(count * 14)
  for (let i = 0; i < count; i++) {
    writeHeader(bytes, i * 14, 0, 0, 1, 2)
    bytes.writeUInt16BE(first + i, i * 14 + 12)
  }
  return bytes
}

function inletOf(fail: (n: number) => boolean = () => false) {
  const seen: number[] = []
  const errors: Error[] = []
  let told = (): void => undefined
  const drained = new Promise<void>((resolve) => (told = resolve))
  let drains = 0
  let slice = Buffer.alloc(0)
  const parser = new FrameParser({
    onHeader() {},
    onPayload: (piece) => (slice = Buffer.concat([slice, piece])),
    onPayloadEnd() {
      const n = slice.readUInt16BE()
      slice = Buffer.alloc(0)
      if (fail(n)) throw new Error(`frame ${n}`)
      seen.push(n)
    },
  })
  const onError = (error: Error): void => {
    errors.push(error)
    parser.stop()
  }
  const inlet = new Inlet(parser, onError, () => {
    drains++
    told()
  })
  return { inlet, seen, errors, drained, drains: () => drains }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

t.test('what is no more than a turn’s worth is handled at once', async (t) => {
  const { inlet, seen } = inletOf()
  t.equal(inlet.take(frames(FRAMES_A_TURN), false), true)
  t.same(seen, upTo(FRAMES_A_TURN))
})

t.test('more waits for later turns, in order, and what comes meanwhile waits behind it', async (t) => {
  const { inlet, seen, drained, drains } = inletOf()
  const whole = frames(3 * FRAMES_A_TURN)
  const cut = 2.5 * FRAMES_A_TURN * 14 + 5 // within a header
  t.equal(inlet.take(whole.subarray(0, cut), false), false)
  t.equal(seen.length, FRAMES_A_TURN)
  t.equal(inlet.take(whole.subarray(cut), false), false)
  t.equal(seen.length, FRAMES_A_TURN, 'not before its turn')
  await turn()
  t.equal(seen.length, 2 * FRAMES_A_TURN)
  t.equal(drains(), 0)
  await drained
  t.same(seen, upTo(3 * FRAMES_A_TURN))
  t.equal(drains(), 1)
  t.equal(inlet.take(frames(1, 999), false), true)
  t.equal(seen.at(-1), 999)
})

t.test('a lent chunk is given back when all of it is parsed', async (t) => {
  const pool = new SlabPool((FRAMES_A_TURN + 1) * 14, 1)
  const slab = pool.take()
  const chunk = Buffer.from(slab)
  frames(FRAMES_A_TURN + 1).copy(chunk)
  slab.lend(chunk.length)
  slab.full()
  const { inlet, drained } = inletOf()
  inlet.take(chunk, true)
  t.not(pool.take(), slab, 'a frame waits')
  await drained
  t.equal(pool.take(), slab)
})

t.test('drain handles all that waits now', async (t) => {
  const { inlet, seen, drains } = inletOf()
  inlet.take(frames(5 * FRAMES_A_TURN), false)
  inlet.take(frames(1, 5 * FRAMES_A_TURN), false)
  inlet.drain()
  t.same(seen, upTo(5 * FRAMES_A_TURN + 1))
  await turn()
  await turn()
  t.equal(drains(), 0, 'the socket is over: there is nobody to tell')
})

t.test('a violation in a later turn is told, and what is behind it is dropped', async (t) => {
  const { inlet, seen, errors, drained } = inletOf((n) => n === FRAMES_A_TURN + 3)
  inlet.take(frames(4 * FRAMES_A_TURN), false)
  t.same(errors, [])
  await drained
  t.match(errors, [{ message: `frame ${FRAMES_A_TURN + 3}` }])
  t.same(seen, upTo(FRAMES_A_TURN + 3))
})

t.test('a carrier whose peer sends many small frames and leaves loses none of them', async (t) => {
  const [ours, raw] = await socketPair()
  let bytes = 0
  const ended = new Promise<void>((resolve) => {
    const handler = {
      onData: (slice: Buffer) => void (bytes += slice.length),
      onEnd: () => resolve(),
      onWritable() {},
      onClose: () => resolve(),
    }
    const end = sessionEnd('server', [ours], {}, { onStream: (stream) => stream.attach(handler) })
    t.teardown(() => end.session.destroy(new Error('the test is over')))
  })
  const count = 40 * FRAMES_A_TURN
  const all = frames(count)
  all.writeUInt16BE(1, 2) // SYN on the first
  const fin = Buffer.alloc(12)
  writeHeader(fin, 0, 1, 4, 1, 0)
  raw.end(Buffer.concat([all, fin]))
  await within('the end of the stream', ended)
  t.equal(bytes, 2 * count)
})

t.test('a carrier that is lost with frames in waiting hands them on first', async (t) => {
  const [ours, raw] = await socketPair()
  let bytes = 0
  const session = new Session('server', {}, { onStream: (stream) => stream.attach(handler), onClose() {} })
  const handler = { onData: (slice: Buffer) => void (bytes += slice.length), onEnd() {}, onWritable() {}, onClose() {} }
  const all = frames(4 * FRAMES_A_TURN)
  all.writeUInt16BE(1, 2)
  session.addCarrier(ours, all)
  t.equal(bytes, 2 * FRAMES_A_TURN, 'as many as one turn may bring')
  ours.destroy()
  await once(ours, 'close')
  t.equal(bytes, 2 * 4 * FRAMES_A_TURN)
  raw.destroy()
})
