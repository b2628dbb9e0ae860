import { ProtocolError } from '../../../src/core/errors.js'
import {
  Control,
  decodeMessage,
  DelimitedReader,
  encodeDelimited,
  Kind,
  MAX_MESSAGE_BYTES,
  NoticeLevel,
  Preface,
  PrefaceReply,
  StreamAccept,
  StreamOpen,
  type MessageType,
} from '../../../src/protocol/index.js'
import { cutAnywhere, mustEqual, surroundedBy, type FuzzTarget } from '../fuzz.js'

const TYPES: readonly MessageType<unknown, never>[] = [Control, Preface, PrefaceReply, StreamOpen, StreamAccept]

const hello = { protocol: 1, agentVersion: '0.1.0', token: 'unr_x', instanceId: 'i', capabilities: ['a', 'b'] }

export const messagesTarget: FuzzTarget = {
  name: 'protocol messages',
  corpus: [
    Buffer.concat([
      encodeDelimited(Control, { bind: { request: 1, kind: Kind.KIND_TCP, name: 'tcp-5432', remotePort: 20001 } }),
      encodeDelimited(Control, { bound: { request: 1, tunnelId: 7, publicUrl: 'tcp://example.com:20001' } }),
      encodeDelimited(Control, { refused: { request: 2, code: 'UR_PORT_TAKEN', message: 'taken', retryable: true } }),
    ]),
    Buffer.concat([
      encodeDelimited(Control, { unbind: { tunnelId: 7 } }),
      encodeDelimited(Control, { carriers: { wanted: 3 } }),
      encodeDelimited(Control, { drain: { graceMs: 30_000, reason: 'restart', instead: ['b.example.com:443'] } }),
      encodeDelimited(Control, { notice: { level: NoticeLevel.WARNING, text: 'x'.repeat(300) } }),
      encodeDelimited(Control, { stats: { visitorsTotal: 9, bytesIn: 2 ** 40, bytesOut: 1 } }),
    ]),
    encodeDelimited(Preface, { hello }),
    encodeDelimited(Preface, { attach: { sessionId: 's', secret: Buffer.alloc(32, 5), protocol: 1, returns: true } }),
    encodeDelimited(PrefaceReply, { welcome: { protocol: 1, sessionId: 's', limits: { streams: 9 }, carrier: 3 } }),
    encodeDelimited(PrefaceReply, { refused: { code: 'UR_TOKEN_INVALID', message: 'no' } }),
    encodeDelimited(StreamOpen, { tunnelId: 7, kind: Kind.KIND_TLS, visitorAddress: '192.0.2.1', sni: 'a.example' }),
    encodeDelimited(StreamAccept, { result: 2, detail: 'connection refused' }),
  ],
  mustReach: ['read', 'waiting', 'UR_PROTOCOL_MESSAGE', 'UR_PROTOCOL_TOO_LARGE'],
  run(input, random) {
    const type = random.pick(TYPES)
    const whole = readAll(type, [surroundedBy(0x00, input)])
    const pieces = cutAnywhere(input, random).map((piece) => surroundedBy(0xff, piece))
    mustEqual(readAll(type, pieces), whole, 'the result depends on the cut, or on memory outside the input')
    return whole.outcome
  },
}

/** Every message that comes out of the pieces, written again, and how it ended. */
function readAll(type: MessageType<unknown, never>, pieces: Buffer[]): { messages: string[]; outcome: string } {
  const reader = new DelimitedReader(type.name)
  const messages: string[] = []
  let left = 0
  try {
    for (const piece of pieces) {
      reader.push(piece)
      for (let body = reader.next(); body !== null; body = reader.next()) messages.push(writtenAgain(type, body))
      left = reader.buffered
      if (left > MAX_MESSAGE_BYTES + 3 + piece.length) throw new Error(`${left} bytes are held`)
    }
  } catch (error) {
    if (error instanceof ProtocolError) return { messages, outcome: error.code }
    throw error
  }
  return { messages, outcome: left > 0 ? 'waiting' : 'read' }
}

/** A message as we would send it; reading that again must give the same. */
function writtenAgain(type: MessageType<unknown, never>, body: Buffer): string {
  const written = type.encode(decodeMessage(type, body) as never)
  const again = type.encode(decodeMessage(type, Buffer.from(written)) as never)
  mustEqual(Buffer.from(again).toString('latin1'), Buffer.from(written).toString('latin1'), 'not the same twice')
  return Buffer.from(written).toString('latin1')
}
