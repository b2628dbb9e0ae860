import t from 'tap'
import { ErrorCode, Flag, FrameType, PREFACE } from '../../../../src/http2/index.js'
import { FrameDecoder } from '../../../../src/proxy/http/http2/frame-decoder.js'
import { ConnectionViolation } from '../../../../src/proxy/http/http2/violation.js'
import { frame, uint32 } from '../../../support/raw-http2.js'

const { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION } =
  FrameType
const { END_STREAM, END_HEADERS, PADDED, PRIORITY: WEIGHED, ACK } = Flag
const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, ENHANCE_YOUR_CALM } = ErrorCode
const HEADER_BYTES = 1_000

const block = Buffer.from('block')
const padded = (bytes: Buffer, padding = 3): Buffer =>
  Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)])
/** Depends on that stream. */
const weighed = (bytes: Buffer, on = 3): Buffer => Buffer.concat([uint32(on), Buffer.from([15]), bytes])

t.test('a field block without what stands around it', async (t) => {
  const cases: [name: string, frames: Buffer[], told: string][] = [
    ['alone', [frame(HEADERS, END_HEADERS, 1, block)], 'fields of 1: block'],
    ['the last of its stream', [frame(HEADERS, END_HEADERS | END_STREAM, 1, block)], 'fields of 1, the last: block'],
    ['padded', [frame(HEADERS, END_HEADERS | PADDED, 1, padded(block))], 'fields of 1: block'],
    ['weighed', [frame(HEADERS, END_HEADERS | WEIGHED, 1, weighed(block))], 'fields of 1: block'],
    ['both', [frame(HEADERS, END_HEADERS | PADDED | WEIGHED, 1, padded(weighed(block)))], 'fields of 1: block'],
    ['padding alone', [frame(HEADERS, END_HEADERS | PADDED, 1, padded(Buffer.alloc(0)))], 'fields of 1: '],
    [
      'in several frames, the first one padded',
      [
        frame(HEADERS, END_STREAM | PADDED, 1, padded(Buffer.from('bl'))),
        ...[frame(CONTINUATION, 0, 1), frame(CONTINUATION, 0, 1, Buffer.from('oc'))],
        frame(CONTINUATION, END_HEADERS, 1, Buffer.from('k')),
      ],
      'fields of 1, the last: block',
    ],
  ]
  for (const [name, frames, told] of cases) t.same(read(frames), [told], name)
})

t.test('frames of the connection, and of streams', async (t) => {
  const cases: [name: string, frame: Buffer, told: string[]][] = [
    ['RST_STREAM', frame(RST_STREAM, 0, 1, uint32(8)), ['reset of 1: 8']],
    ['WINDOW_UPDATE', frame(WINDOW_UPDATE, 0, 1, uint32(0x80000005)), ['window of 1: 5']],
    ['of the connection', frame(WINDOW_UPDATE, 0, 0, uint32(7)), ['window of 0: 7']],
    ['PING', frame(PING, 0, 0, Buffer.from('12345678')), ['ping 12345678']],
    ['its answer', frame(PING, ACK, 0, Buffer.from('12345678')), ['pong 12345678']],
    ['SETTINGS', frame(SETTINGS, 0, 0, Buffer.alloc(6)), ['settings, 6 bytes']],
    ['their answer', frame(SETTINGS, ACK, 0), []],
    ['PRIORITY', frame(PRIORITY, 0, 1, weighed(Buffer.alloc(0))), []],
    ['PRIORITY without its size', frame(PRIORITY, 0, 1, Buffer.alloc(4)), ['wrong priority of 1']],
    ['GOAWAY', frame(GOAWAY, 0, 0, Buffer.alloc(8)), []],
    ['of an unknown type', frame(0xfa, 0xff, 1, block), []],
  ]
  for (const [name, bytes, told] of cases) t.same(read([bytes]), told, name)
})

t.test('what ends a connection', async (t) => {
  const begun = frame(HEADERS, 0, 1, block)
  const empty = Array.from({ length: 1_000 }, () => frame(CONTINUATION, 0, 1))
  const cases: [name: string, frames: Buffer[], code: number][] = [
    ['more padding than HEADERS have', [frame(HEADERS, PADDED, 1, Buffer.from([2, 0]))], PROTOCOL_ERROR],
    ['padding where its length should be', [frame(HEADERS, PADDED, 1)], FRAME_SIZE_ERROR],
    ['too little for a weight', [frame(HEADERS, WEIGHED, 1, Buffer.alloc(4))], FRAME_SIZE_ERROR],
    ['the same behind padding', [frame(HEADERS, PADDED | WEIGHED, 1, padded(Buffer.alloc(4)))], FRAME_SIZE_ERROR],
    ['HEADERS that depend on themselves', [frame(HEADERS, WEIGHED, 1, weighed(block, 1))], PROTOCOL_ERROR],
    ['PRIORITY that does', [frame(PRIORITY, 0, 1, weighed(Buffer.alloc(0), 1))], PROTOCOL_ERROR],
    ['CONTINUATION of nothing', [frame(CONTINUATION, END_HEADERS, 1)], PROTOCOL_ERROR],
    ['CONTINUATION of another stream', [begun, frame(CONTINUATION, END_HEADERS, 3)], PROTOCOL_ERROR],
    ['HEADERS within HEADERS', [begun, begun], PROTOCOL_ERROR],
    ['DATA within HEADERS', [begun, frame(DATA, 0, 1)], PROTOCOL_ERROR],
    ['an unknown frame within HEADERS', [begun, frame(0xfa, 0, 1)], PROTOCOL_ERROR],
    ['CONTINUATION without end', [begun, ...empty], ENHANCE_YOUR_CALM],
    ['a block that is too long', Array.from({ length: 5 }, (_, i) => long(i)), ENHANCE_YOUR_CALM],
    ['PUSH_PROMISE', [frame(PUSH_PROMISE, END_HEADERS, 1, uint32(2))], PROTOCOL_ERROR],
    ...[DATA, HEADERS, PRIORITY, RST_STREAM].map((type): [string, Buffer[], number] => [
      `a frame of type ${type} of no stream`,
      [frame(type, END_HEADERS, 0, Buffer.alloc(4))],
      PROTOCOL_ERROR,
    ]),
    ...[SETTINGS, PING, GOAWAY].map((type): [string, Buffer[], number] => [
      `a frame of type ${type} of a stream`,
      [frame(type, 0, 1, Buffer.alloc(8))],
      PROTOCOL_ERROR,
    ]),
    ...[RST_STREAM, WINDOW_UPDATE].map((type): [string, Buffer[], number] => [
      `5 bytes of type ${type}`,
      [frame(type, 0, 1, Buffer.alloc(5))],
      FRAME_SIZE_ERROR,
    ]),
    ...[PING, GOAWAY].map((type): [string, Buffer[], number] => [
      `7 bytes of type ${type}`,
      [frame(type, 0, 0, Buffer.alloc(7))],
      FRAME_SIZE_ERROR,
    ]),
    ['an answer to SETTINGS that says something', [frame(SETTINGS, ACK, 0, Buffer.alloc(6))], FRAME_SIZE_ERROR],
  ]
  for (const [name, frames, code] of cases) t.equal(read(frames).at(-1), `violation ${code}`, name)
})

/** A part of a field block that would be 80 KiB. */
function long(i: number): Buffer {
  return frame(i === 0 ? HEADERS : CONTINUATION, 0, 1, Buffer.alloc(16_384))
}

/** What is told of frames behind the preface. */
function read(frames: readonly Buffer[]): string[] {
  const told: string[] = []
  const decoder = new FrameDecoder(
    {
      onDataFrame: (stream) => told.push(`DATA of ${stream}`),
      onDataPart: () => undefined,
      onDataEnd: () => undefined,
      onFields(stream, isWhole, bytes, start, end) {
        told.push(`fields of ${stream}${isWhole ? ', the last' : ''}: ${bytes.toString('latin1', start, end)}`)
      },
      onReset: (stream, code) => told.push(`reset of ${stream}: ${code}`),
      onSettings: (_bytes, start, end) => told.push(`settings, ${end - start} bytes`),
      onPing: (bytes, start, ack) =>
        told.push(`${ack ? 'pong' : 'ping'} ${bytes.toString('latin1', start, start + 8)}`),
      onWindowUpdate: (stream, more) => told.push(`window of ${stream}: ${more}`),
      onWrongPriority: (stream) => told.push(`wrong priority of ${stream}`),
    },
    HEADER_BYTES,
  )
  decoder.push(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]))
  told.length = 0
  try {
    for (const bytes of frames) decoder.push(bytes)
  } catch (error) {
    if (!(error instanceof ConnectionViolation)) throw error
    told.push(`violation ${error.code}`)
  }
  return told
}
