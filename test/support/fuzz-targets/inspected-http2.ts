import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Http2Reader } from '../../../src/inspector/http2/http2-reader.js'
import { RecordedSink, type Told } from '../../inspector/recorded-sink.js'
import { cutAnywhere, mustEqual, type FuzzTarget } from '../fuzz.js'
import { recordConnection, type Piece } from '../recorded-connection.js'

/** Before each piece: its direction, and its length. */
const HEAD = 3

/** What a reader may not tell more of than came, whatever it reads: field compression unfolds, within its bound. */
const MOST_TOLD = 32 * 1024 * 1024

/** The inspector's reader of HTTP/2: an input is both directions of a connection, piece by piece. */
export const inspectedHttp2Target: FuzzTarget = {
  name: 'inspected HTTP/2',
  corpus: [encode(await recordCalls())],
  mustReach: ['read', 'broken'],
  run(input, random) {
    const pieces = decode(input)
    const whole = read(pieces)
    const cut = pieces.flatMap(({ toUpstream, bytes }) =>
      cutAnywhere(bytes, random).map((part) => ({ toUpstream, bytes: part })),
    )
    const again = read(cut)
    mustEqual(again.told.map(withoutPieces), whole.told.map(withoutPieces), 'where it is cut does not matter')
    const told = whole.told.reduce(
      (sum, { head, answer }) => sum + head.fields.concat(answer?.fields ?? []).join('').length,
      0,
    )
    if (told > MOST_TOLD) throw new Error(`${told} bytes of fields out of ${input.length}`)
    return whole.skipped.length > 0 ? 'broken' : 'read'
  },
}

function read(pieces: readonly Piece[]): RecordedSink {
  const sink = new RecordedSink()
  const reader = new Http2Reader(sink, 1000)
  for (const { toUpstream, bytes } of pieces) {
    if (toUpstream) reader.toUpstream(bytes, 0)
    else reader.toVisitor(bytes, 0)
  }
  reader.close(null, 0)
  return sink
}

function withoutPieces(told: Told): unknown {
  return {
    ...told,
    messages: told.messages.map(({ payload, ...rest }) => ({ ...rest, payload: payload.toString('hex') })),
  }
}

function encode(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(
    pieces.flatMap(({ toUpstream, bytes }) => {
      const head = Buffer.alloc(HEAD)
      head[0] = Number(toUpstream)
      head.writeUInt16BE(bytes.length, 1)
      return [head, bytes]
    }),
  )
}

function decode(input: Buffer): Piece[] {
  const pieces: Piece[] = []
  for (let at = 0; at + HEAD <= input.length;) {
    const end = at + HEAD + input.readUInt16BE(at + 1)
    pieces.push({ toUpstream: (input[at]! & 1) === 1, bytes: input.subarray(at + HEAD, end) })
    at = end
  }
  return pieces
}

/** Calls of a real client, with gRPC's framing, trailers, resets, and fields by index. */
async function recordCalls(): Promise<Piece[]> {
  const work: (() => unknown)[] = []
  const owner = { teardown: (undo: () => unknown) => work.push(undo) }
  const server = http2.createServer()
  server.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.pipe(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  work.push(() => server.close())
  const { port, pieces } = await recordConnection(owner, (server.address() as AddressInfo).port)
  const client = http2.connect(`http://127.0.0.1:${port}`)
  for (let i = 0; i < 3; i++) {
    const call = client.request({
      ':method': 'POST',
      ':path': '/a.B/C',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    call.end(Buffer.from([0, 0, 0, 0, 2, 8, i]))
    await text(call)
  }
  const given = client.request({ ':method': 'POST', ':path': '/a.B/D' })
  given.on('error', () => undefined)
  given.close(http2.constants.NGHTTP2_CANCEL)
  await once(given, 'close')
  client.close()
  await once(client, 'close')
  for (const undo of work.reverse()) undo()
  return pieces
}
