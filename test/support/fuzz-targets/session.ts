import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { UniRouteError } from '../../../src/core/errors.js'
import { Session, WindowBudget, type Stream } from '../../../src/wire/index.js'
import { cutAnywhere, mustEqual, type FuzzTarget } from '../fuzz.js'
import { FRAMES_CORPUS, randomFrames } from './frames.js'

const MAX_STREAMS = 4
const WINDOW = 256 * 1024

/** Takes everything at once; what the peer sends is pushed by the target. */
class QuietSocket extends Duplex {
  written = 0

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.length
    done()
  }
}

/** A whole session against a peer that sends anything: rules of the lifecycle hold, whatever comes. */
export const sessionTarget: FuzzTarget = {
  name: 'yamux session',
  corpus: FRAMES_CORPUS,
  generate: randomFrames,
  mustReach: ['open', 'closed', 'UR_WIRE_VERSION', 'UR_WIRE_TYPE', 'UR_WIRE_STREAM_ID', 'UR_WIRE_WINDOW_EXCEEDED'],
  async run(input, random) {
    const whole = await live([input])
    mustEqual(await live(cutAnywhere(input, random)), whole, 'the result depends on how the input was cut')
    return whole.outcome
  },
}

interface Life {
  outcome: string
  /** By stream id, in the order in which they came: what its handler was told. */
  streams: string[][]
}

async function live(pieces: Buffer[]): Promise<Life> {
  const life: Life = { outcome: 'open', streams: [] }
  let closes = 0
  const budget = new WindowBudget(1024 * 1024)
  const socket = new QuietSocket({ allowHalfOpen: true })
  const options = { windowBudget: budget, maxStreams: MAX_STREAMS, clock: { now: () => 0 }, controlRate: 50 }
  const session = new Session('server', options, {
    onStream: (stream) => life.streams.push(follow(stream)),
    onClose: () => closes++,
  })
  session.addCarrier(socket as unknown as Socket)
  // One stream of our own, which the peer may answer, fill and reset.
  const own = session.open()
  life.streams.push(follow(own))
  own.write(Buffer.from('question'))
  await new Promise(process.nextTick)
  const fed = pieces.reduce((sum, piece) => sum + piece.length, 0)
  for (const piece of pieces) {
    if (socket.destroyed || socket.writableEnded) break
    socket.push(piece)
    const { streams, unconsumed } = session.stats()
    if (streams > MAX_STREAMS || unconsumed > MAX_STREAMS * WINDOW) throw new Error('a bound was passed')
    if (socket.written > 24 * fed + 1024) throw new Error(`${socket.written} bytes were answered to ${fed}`)
  }
  if (session.closed || socket.writableEnded || socket.destroyed) life.outcome = 'closed'
  const ended = socket.errored ?? null
  session.destroy(new Error('the test is over'))
  socket.destroy()
  await new Promise(setImmediate)
  mustEqual([closes, session.closed], [1, true], 'onClose')
  mustEqual([session.streamCount, session.stats().unconsumed, budget.used], [0, 0, 0], 'left behind')
  for (const told of life.streams) {
    const last = told.at(-1)!
    if (told.filter((event) => event.startsWith('close')).length !== 1 || !last.startsWith('close')) {
      throw new Error(`a stream was told ${told.join(', ')}`)
    }
    const code = /UR_WIRE_(?:VERSION|TYPE|STREAM_ID|WINDOW_EXCEEDED|WINDOW_OVERFLOW|FLOOD)/.exec(last)
    if (code !== null) life.outcome = code[0]
  }
  if (ended !== null) throw ended
  return life
}

/** Attaches a handler that writes down what it is told. Of three streams one consumes, one does not, one answers. */
export function follow(stream: Stream): string[] {
  const told: string[] = []
  let bytes = 0
  stream.attach({
    onData(slice) {
      bytes += slice.length
      // Where within a payload a reset falls depends on the cut, so it is not told more exactly.
      if (stream.id === 5) bytes = Math.min(bytes, 501)
      if (stream.id % 3 !== 1) stream.consumed(slice.length)
      if (stream.id % 3 === 2) stream.write(Buffer.from(slice))
      if (bytes > 500 && stream.id === 5) stream.reset()
    },
    onEnd() {
      told.push(`end after ${bytes}`)
      stream.end()
    },
    onWritable() {},
    onClose(error) {
      told.push(`close after ${bytes} ${error instanceof UniRouteError ? error.code : String(error)}`)
    },
  })
  return told
}
