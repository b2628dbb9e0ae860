import t from 'tap'
import { ErrorCode, Flag, FrameType, PREFACE } from '../../../../src/http2/index.js'
import { FrameParser } from '../../../../src/proxy/http/http2/frame-parser.js'
import { ConnectionViolation } from '../../../../src/proxy/http/http2/violation.js'
import { cutAnywhere, surroundedBy } from '../../../support/fuzz.js'
import { Random } from '../../../support/random.js'
import { frame } from '../../../support/raw-http2.js'

const { DATA, HEADERS, SETTINGS, PING } = FrameType
const { FRAME_SIZE_ERROR, PROTOCOL_ERROR } = ErrorCode
const LARGEST_FRAME = 16_384
const START = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)])

const padded = (text: string, padding: number): Buffer =>
  Buffer.concat([Buffer.from([padding]), Buffer.from(text), Buffer.alloc(padding)])

t.test('frames as they were sent', async (t) => {
  t.same(
    read([
      START,
      frame(HEADERS, Flag.END_HEADERS, 1, Buffer.from('block')),
      frame(DATA, 0, 1, Buffer.from('some')),
      frame(DATA, Flag.END_STREAM, 1, Buffer.from('rest')),
      frame(0xfa, 0xff, 0x7fffffff, Buffer.from('unknown')),
    ]),
    [
      'frame 4 0 0: ',
      'frame 1 4 1: block',
      ...['DATA of 1, 4 bytes', 'some', 'end false'],
      ...['DATA of 1, 4 bytes', 'rest', 'end true'],
      'frame 250 255 2147483647: unknown',
    ],
  )
})

t.test('the bit in front of the id of a stream says nothing', async (t) => {
  const head = frame(PING, 0, 0, Buffer.from('12345678'))
  head[5]! |= 0x80
  t.same(read([START, head]).slice(1), ['frame 6 0 0: 12345678'])
})

t.test('padding is counted, and not told', async (t) => {
  const cases: [name: string, payload: Buffer, told: string[]][] = [
    ['some', padded('text', 3), ['DATA of 1, 8 bytes', 'text', 'end true']],
    ['none but its length', padded('text', 0), ['DATA of 1, 5 bytes', 'text', 'end true']],
    ['nothing else', padded('', 3), ['DATA of 1, 4 bytes', 'end true']],
    ['nothing at all', padded('', 0), ['DATA of 1, 1 bytes', 'end true']],
  ]
  for (const [name, payload, told] of cases) {
    t.same(read([START, frame(DATA, Flag.END_STREAM | Flag.PADDED, 1, payload)]).slice(1), told, name)
  }
})

t.test('empty frames are told', async (t) => {
  t.same(read([START, frame(DATA, 0, 1), frame(HEADERS, 0, 1), frame(DATA, Flag.END_STREAM, 1)]).slice(1), [
    ...['DATA of 1, 0 bytes', 'end false'],
    'frame 1 0 1: ',
    ...['DATA of 1, 0 bytes', 'end true'],
  ])
})

t.test('what ends a connection', async (t) => {
  const cases: [name: string, input: Buffer[], code: number][] = [
    ['no preface', [Buffer.from('GET / HTTP/1.1\r\n')], PROTOCOL_ERROR],
    ['a preface whose last octet is wrong', [PREFACE.subarray(0, -1), Buffer.from('x')], PROTOCOL_ERROR],
    ['another frame than SETTINGS first', [PREFACE, frame(PING, 0, 0, Buffer.alloc(8))], PROTOCOL_ERROR],
    ['an answer to SETTINGS first', [PREFACE, frame(SETTINGS, Flag.ACK, 0)], PROTOCOL_ERROR],
    ['a frame that is too large', [START, frame(HEADERS, 0, 1, Buffer.alloc(LARGEST_FRAME + 1))], FRAME_SIZE_ERROR],
    ['the same of DATA', [START, frame(DATA, 0, 1, Buffer.alloc(LARGEST_FRAME + 1))], FRAME_SIZE_ERROR],
    ['padding without a length', [START, frame(DATA, Flag.PADDED, 1)], FRAME_SIZE_ERROR],
    ['more padding than the frame has', [START, frame(DATA, Flag.PADDED, 1, Buffer.from([2, 0]))], PROTOCOL_ERROR],
  ]
  for (const [name, input, code] of cases) {
    const told = read(input)
    t.equal(told.at(-1), `violation ${code}`, name)
    t.same(readOctets(input), told, `${name}, octet by octet`)
  }
})

t.test('a frame is refused by its head, before its payload comes', async (t) => {
  const head = frame(HEADERS, 0, 1, Buffer.alloc(LARGEST_FRAME + 1)).subarray(0, 9)
  t.equal(read([START, head]).at(-1), `violation ${FRAME_SIZE_ERROR}`)
})

t.test('frames of the largest size are read', async (t) => {
  const text = 'x'.repeat(LARGEST_FRAME)
  const told = read([START, frame(HEADERS, 0, 1, Buffer.from(text)), frame(DATA, 0, 1, Buffer.from(text))])
  t.same(told.slice(1), [`frame 1 0 1: ${text}`, `DATA of 1, ${LARGEST_FRAME} bytes`, text, 'end false'])
})

t.test('where it is cut does not matter', async (t) => {
  const random = new Random(1)
  for (let i = 0; i < 500; i++) {
    const frames: Buffer[] = [START]
    for (let left = random.below(8); left > 0; left--) frames.push(randomFrame(random))
    const whole = surroundedBy(0xff, Buffer.concat(frames))
    const told = read([whole])
    const cut = read(cutAnywhere(whole, random))
    if (JSON.stringify(cut) !== JSON.stringify(told)) t.same(cut, told, `input ${i}`)
  }
  t.pass('500 inputs')
})

t.test('it knows whether a frame other than DATA has begun', async (t) => {
  const cases: [name: string, input: Buffer, inFrame: boolean][] = [
    ['nothing', START, false],
    ['one octet of a head', Buffer.concat([START, Buffer.from([0])]), true],
    ['HEADERS without its end', Buffer.concat([START, frame(HEADERS, 0, 1, Buffer.alloc(9)).subarray(0, -1)]), true],
    ['whole HEADERS', Buffer.concat([START, frame(HEADERS, 0, 1, Buffer.alloc(9))]), false],
    ['DATA without its end', Buffer.concat([START, frame(DATA, 0, 1, Buffer.alloc(9)).subarray(0, -1)]), false],
  ]
  for (const [name, input, inFrame] of cases) {
    const parser = parserInto([])
    parser.push(input)
    t.equal(parser.inFrame, inFrame, name)
  }
})

function randomFrame(random: Random): Buffer {
  const type = random.pick([DATA, DATA, DATA, HEADERS, PING, 0xfa])
  const flags = random.pick([0, Flag.END_STREAM, Flag.PADDED, Flag.PADDED | Flag.END_STREAM])
  const text = 'x'.repeat(random.pick([0, 0, 1, 2, 10, 300, 5_000]))
  const isPadded = type === DATA && (flags & Flag.PADDED) !== 0
  // Now and then there is less than the padding should be.
  const payload = isPadded ? padded(text, random.below(20)).subarray(0, random.chance(0.1) ? 5 : undefined) : text
  return frame(type, flags, random.below(5), Buffer.from(payload))
}

/** What is told of the pieces, parts of DATA put together. */
function read(pieces: readonly Buffer[]): string[] {
  const told: string[] = []
  const parser = parserInto(told)
  try {
    for (const piece of pieces) parser.push(piece)
  } catch (error) {
    if (!(error instanceof ConnectionViolation)) throw error
    told.push(`violation ${error.code}`)
  }
  return told
}

function readOctets(pieces: readonly Buffer[]): string[] {
  const whole = Buffer.concat(pieces)
  return read(Array.from(whole, (_, at) => whole.subarray(at, at + 1)))
}

function parserInto(told: string[]): FrameParser {
  let inPart = false
  return new FrameParser({
    onDataFrame(stream, length) {
      told.push(`DATA of ${stream}, ${length} bytes`)
      inPart = false
    },
    onDataPart(slice) {
      const before = inPart ? told.pop()! : ''
      told.push(before + slice.toString('latin1'))
      inPart = true
    },
    onDataEnd(end) {
      told.push(`end ${end}`)
    },
    onFrame(type, flags, stream, bytes, start, end) {
      told.push(`frame ${type} ${flags} ${stream}: ${bytes.toString('latin1', start, end)}`)
    },
  })
}
