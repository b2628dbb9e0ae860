import { deflateRawSync, gzipSync } from 'node:zlib'
import { costOf } from '../../../src/inspector/cost.js'
import { Http1Reader } from '../../../src/inspector/http1/reader.js'
import { play, type Step } from '../../inspector/support.js'
import type { FuzzTarget } from '../fuzz.js'

const BODY_LIMIT = 4_096
const BOOK_LIMIT = 256 * 1024
const FROM_UPSTREAM = 0x80

/** A frame of a WebSocket, masked by zeros where it goes to the upstream. */
function frame(first: number, payload: Buffer, masked: boolean): Buffer {
  const head = Buffer.from([first, payload.length | (masked ? 0x80 : 0), ...(masked ? [0, 0, 0, 0] : [])])
  return Buffer.concat([head, payload])
}

const deflated = deflateRawSync('hello, hello, hello', { finishFlush: 2 }).subarray(0, -4)
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const coded = gzipSync('{"token":"x","a":[1,2,{"b":"c"}]}')

const CONVERSATIONS: readonly (readonly Step[])[] = [
  [
    [
      '>',
      'POST /a?token=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 13\r\nContent-Type: application/json\r\n\r\n{"password":1',
    ],
    [
      '<',
      'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    [
      '<',
      Buffer.concat([Buffer.from(`${coded.length.toString(16)}\r\n`), coded, Buffer.from('\r\n0\r\nX-Sum: 1\r\n\r\n')]),
    ],
    ['>', 'GET /b HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\n\r\nHEAD /c HTTP/1.1\r\nHost: h\r\n\r\n'],
    [
      '<',
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 204 No Content\r\n\r\n',
    ],
  ],
  [
    ['>', 'GET /events HTTP/1.1\r\nHost: h\r\n\r\n'],
    [
      '<',
      'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: a\ndata: {"token":"x"}\n\ndata: b\r\ndata: c\r\n\r\n',
    ],
  ],
  [
    ['>', UPGRADE],
    ['<', `${SWITCH}Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n`],
    ['>', frame(0xc1, deflated, true)],
    [
      '<',
      Buffer.concat([
        frame(0x01, Buffer.from('par'), false),
        frame(0x89, Buffer.from('ping'), false),
        frame(0x80, Buffer.from('t'), false),
      ]),
    ],
    ['<', frame(0x88, Buffer.from([3, 232]), false)],
  ],
]

function encode(steps: readonly Step[]): Buffer {
  const parts: Buffer[] = []
  for (const [way, bytes] of steps) {
    if (bytes === undefined) continue
    const whole = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    for (let at = 0; at < whole.length; at += 127) {
      const part = whole.subarray(at, at + 127)
      parts.push(Buffer.from([part.length | (way === '<' ? FROM_UPSTREAM : 0)]), part)
    }
  }
  return Buffer.concat(parts)
}

function decode(input: Buffer): Step[] {
  const steps: Step[] = []
  for (let at = 0; at < input.length;) {
    const head = input[at]!
    const end = at + 1 + (head & 0x7f)
    steps.push([(head & FROM_UPSTREAM) === 0 ? '>' : '<', input.subarray(at + 1, end)])
    at = end
  }
  return steps
}

/** The inspector's reader of HTTP/1.1, WebSockets and events: an input is both directions of a connection, in pieces. */
export const inspectedHttp1Target: FuzzTarget = {
  name: 'inspected HTTP/1.1',
  corpus: CONVERSATIONS.map(encode),
  mustReach: ['done', 'cut', 'websocket', 'sse', 'nothing'],
  run(input, random) {
    const steps = decode(input)
    const { book, reader, exchanges } = play((sink) => new Http1Reader(sink), steps, {
      bodyLimit: BODY_LIMIT,
      limitBytes: BOOK_LIMIT,
      close: undefined,
      cut: (bytes) => {
        const at = random.below(bytes.length + 1)
        return [bytes.subarray(0, at), bytes.subarray(at)]
      },
    })
    if (random.chance(0.3)) reader.missed(random.chance(0.5) ? 'to-upstream' : 'to-visitor', random.below(200), 1_000)
    for (const step of steps.slice(0, 4)) {
      if (step[1] !== undefined) reader.toVisitor(Buffer.from(step[1] as Buffer), 1_001)
    }
    reader.close(random.chance(0.5) ? null : 'cut', 1_002)
    reader.close(null, 1_003)
    const kept = [...book.newestFirst()]
    const sum = kept.reduce((bytes, one) => bytes + costOf(one), 0)
    if (sum !== book.bytes) throw new Error(`the book counts ${book.bytes} bytes, and has ${sum}`)
    if (book.bytes > BOOK_LIMIT) throw new Error(`${book.bytes} bytes are kept`)
    for (const one of kept) {
      if (one.state === 'open') throw new Error('an exchange is open after the end of its connection')
      if (one.timeline.length > one.messages) throw new Error('more messages are kept than came')
    }
    const last = exchanges.at(-1)
    if (last === undefined) return 'nothing'
    return last.kind === 'http' ? last.state : last.kind
  },
}
