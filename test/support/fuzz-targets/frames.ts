import { ProtocolError } from '../../../src/core/errors.js'
import { HEADER_SIZE, TYPE_DATA } from '../../../src/wire/frame.js'
import { FrameParser } from '../../../src/wire/parser.js'
import { cutAnywhere, mustEqual, surroundedBy, type FuzzTarget } from '../fuzz.js'
import type { Random } from '../random.js'
import { ACK, FIN, frame, RST, SYN } from '../raw-peer.js'

const LENGTHS = [0, 1, 12, 100, 4096, 262144, 262145, 0x7fffffff, 0xffffffff]

/** What an agent sends in a short life: opens, data, credit, ping, half-close, reset, go away. */
export const FRAMES_CORPUS: readonly Buffer[] = [
  Buffer.concat([
    frame(1, SYN, 1, 0x40000),
    frame(0, 0, 1, Buffer.from('hello')),
    frame(2, SYN, 0, 1),
    frame(0, FIN, 1, Buffer.from('bye')),
  ]),
  Buffer.concat([
    frame(0, SYN, 1, Buffer.alloc(300, 1)),
    frame(0, SYN | FIN, 3, Buffer.alloc(20)),
    frame(1, RST, 1, 0),
  ]),
  Buffer.concat([frame(1, ACK, 2, 1000), frame(0, 0, 2, Buffer.alloc(50)), frame(3, 0, 0, 0)]),
  Buffer.concat([frame(2, ACK, 0, 7), frame(0, 0, 9, Buffer.alloc(10)), frame(1, FIN | ACK, 2, 0), frame(3, 0, 0, 1)]),
]

/** A row of well-formed frames with ids, flags and lengths that mean something to a session. */
export function randomFrames(random: Random): Buffer {
  const frames: Buffer[] = []
  for (let left = 1 + random.below(12); left > 0; left--) {
    const type = random.chance(0.02) ? random.below(256) : random.pick([0, 0, 0, 1, 1, 2, 3])
    const flags = random.chance(0.02)
      ? random.below(65536)
      : random.pick([0, 0, SYN, SYN, ACK, FIN, RST, random.below(16)])
    const id = type >= 2 ? 0 : random.chance(0.05) ? random.u32() : random.below(7)
    const length = random.chance(0.9) ? random.below(600) : random.pick(LENGTHS)
    const payload = type === TYPE_DATA && length <= 4096 ? random.bytes(length) : length
    frames.push(frame(type, flags, id, payload))
  }
  return Buffer.concat(frames)
}

export const frameParserTarget: FuzzTarget = {
  name: 'yamux frames',
  corpus: FRAMES_CORPUS,
  generate: randomFrames,
  mustReach: ['between frames', 'in a frame', 'UR_WIRE_VERSION', 'UR_WIRE_TYPE'],
  run(input, random) {
    const whole = parseAll([surroundedBy(0x00, input)])
    const pieces = cutAnywhere(input, random).map((piece) => surroundedBy(0xff, piece))
    mustEqual(parseAll(pieces), whole, 'the result depends on the cut, or on memory outside the input')
    return whole.outcome
  },
}

/** What came out, payload pieces joined, and how it ended. Every slice must lie within the chunk that was pushed. */
function parseAll(pieces: Buffer[]): { events: string[]; payload: string; outcome: string } {
  const events: string[] = []
  const payload: Buffer[] = []
  let chunk: Buffer = Buffer.alloc(0)
  let expected = 0
  const parser = new FrameParser({
    onHeader(type, flags, streamId, length) {
      events.push(`${type} ${flags} ${streamId} ${length}`)
      expected = type === TYPE_DATA ? length : -1
    },
    onPayload(slice) {
      expected -= slice.length
      const start = slice.byteOffset - chunk.byteOffset
      if (slice.buffer !== chunk.buffer || start < 0 || start + slice.length > chunk.length || slice.length === 0) {
        throw new Error('a slice that is no part of the chunk')
      }
      if (expected < 0) throw new Error('more payload than the header said')
      payload.push(slice)
    },
    onPayloadEnd() {
      events.push('end')
      if (expected !== 0) throw new Error(`a payload ended ${expected} bytes early`)
    },
  })
  const result = (outcome: string) => ({ events, payload: Buffer.concat(payload).toString('latin1'), outcome })
  let total = 0
  try {
    for (const piece of pieces) {
      chunk = piece
      total += piece.length
      parser.push(piece)
    }
  } catch (error) {
    if (error instanceof ProtocolError) return result(error.code)
    throw error
  }
  const headers = events.filter((event) => event !== 'end').length
  const told = headers * HEADER_SIZE + payload.reduce((sum, slice) => sum + slice.length, 0)
  if (told > total) throw new Error(`${told} bytes told of ${total}`)
  return result(told === total && expected <= 0 ? 'between frames' : 'in a frame')
}
