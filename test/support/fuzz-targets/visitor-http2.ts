import { ErrorCode, errorName, Flag, FRAME_HEAD, FRAME_SIZE, FrameType } from '../../../src/http2/index.js'
import type { Http2Tunnel } from '../../../src/proxy/http/http2/tunnel.js'
import { cutAnywhere, mustEqual, surroundedBy, type FuzzTarget } from '../fuzz.js'
import { framesOf, Http2Ledger } from '../http2-ledger.js'
import { Http2Visit, type ToldRequest } from '../http2-visit.js'
import type { Random } from '../random.js'
import type { RawFrame } from '../raw-http2.js'
import { randomVisit, recordVisit } from '../recorded-http2.js'

/** Few streams, so that some are refused, and a header section that is easily too long. */
const LIMITS = { concurrentStreams: 8, headerBytes: 2_000, resetRate: 4 }
const LARGE = Buffer.alloc(50_000, 'large')

/**
 * The visitor's side of HTTP/2, against a visitor who sends anything: what is told of his requests does not depend on
 * how the bytes are cut and is what he sent, each request is closed once, and what he is answered keeps to the rules.
 */
export const visitorHttp2Target: FuzzTarget = {
  name: "a visitor's HTTP/2",
  corpus: await recordVisit(),
  generate: randomVisit,
  mustReach: [
    ...['answered', 'silent', 'PROTOCOL_ERROR', 'FLOW_CONTROL_ERROR', 'STREAM_CLOSED', 'FRAME_SIZE_ERROR'],
    ...['COMPRESSION_ERROR', 'ENHANCE_YOUR_CALM'],
  ],
  async run(input, random) {
    if (random.chance(0.5)) return frameByFrame(input, random)
    const whole = await atOnce([surroundedBy(0xff, input)], input)
    mustEqual((await atOnce(cutAnywhere(input, random), input)).told, whole.told, 'where it is cut does not matter')
    return whole.outcome
  },
}

/** All pieces come before anything is answered that waits for its turn. */
async function atOnce(pieces: readonly Buffer[], input: Buffer) {
  const visit = new Http2Visit(answer, LIMITS)
  const ledger = new Http2Ledger()
  const { frames, rest } = framesOf(input)
  for (const frame of frames) ledger.takeSent(frame)
  ledger.takeSent(filledUp(rest))
  for (const piece of pieces) visit.come(piece)
  await visit.settle()
  for (const bytes of visit.written()) ledger.takeAnswered(bytes, false)
  const told = visit.requests.map((request) => describe(request, ledger))
  for (const request of visit.requests) expectWhole(request, ledger)
  await visit.leave()
  for (const request of visit.requests) expectSent(request, ledger)
  return { told, outcome: outcomeOf(visit, ledger) }
}

/** Each frame comes when the one before it was dealt with; time goes by, and the visitor reads slowly. */
async function frameByFrame(input: Buffer, random: Random): Promise<string> {
  const visit = new Http2Visit(answer, LIMITS)
  const ledger = new Http2Ledger()
  const { frames, rest } = framesOf(input)
  const step = async (piece: Buffer, frame: RawFrame): Promise<void> => {
    ledger.takeSent(frame)
    visit.come(piece)
    await visit.settle()
    for (const bytes of visit.written()) ledger.takeAnswered(bytes, true)
    if (random.chance(0.02)) visit.connection.drain()
    if (random.chance(0.1)) visit.connection.look((visit.now += random.pick([1, 500, 100_000])))
    if (random.chance(0.1)) visit.socket.taking = !visit.socket.taking
    visit.socket.release()
  }
  let at = input.length - rest.length - frames.reduce((sum, { payload }) => sum + FRAME_HEAD + payload.length, 0)
  visit.come(input.subarray(0, at))
  for (const frame of frames) {
    const end = at + FRAME_HEAD + frame.payload.length
    await step(input.subarray(at, end), frame)
    at = end
  }
  await step(rest, filledUp(rest))
  for (let left = 3; left > 0; left--) {
    visit.socket.taking = true
    visit.socket.release()
    await visit.settle()
  }
  for (const bytes of visit.written()) ledger.takeAnswered(bytes, true)
  await visit.leave()
  for (const request of visit.requests) expectSent(request, ledger)
  return outcomeOf(visit, ledger)
}

/** A frame that is not whole as if it were, but that nothing ends with it: DATA is passed on as it comes. */
function filledUp(rest: Buffer): RawFrame {
  const head = Buffer.concat([rest.subarray(0, FRAME_HEAD), Buffer.alloc(FRAME_HEAD)])
  const length = head.readUIntBE(0, 3)
  // One that is larger is refused by its head.
  if (rest.length <= FRAME_HEAD || head[3] !== FrameType.DATA || length > FRAME_SIZE) {
    return { type: FrameType.PRIORITY, flags: 0, stream: 0, payload: Buffer.alloc(0) }
  }
  const [frame] = framesOf(Buffer.concat([rest, Buffer.alloc(FRAME_HEAD + length - rest.length)])).frames
  return { ...frame!, flags: frame!.flags & Flag.PADDED }
}

function outcomeOf({ socket, requests }: Http2Visit, { goaway, answered }: Http2Ledger): string {
  if (goaway !== null && goaway !== ErrorCode.NO_ERROR) return errorName(goaway)
  if (socket.writableEnded) return 'left'
  return requests.length > 0 && answered.size > 0 ? 'answered' : 'silent'
}

/** What is told of a request, as far as it does not depend on when an answer has left. */
function describe(request: ToldRequest, ledger: Http2Ledger): unknown {
  const { id, exchange, tunnel } = request
  const { method, target, scheme, authority, headers, body, expectsContinue, upgrade } = exchange.head
  const answered = ledger.answered.get(id)
  // Of a body that is broken off it depends on the pieces how much was told before.
  const isSteady = tunnel === null && !/slow|abort/.test(target) && (answered?.reset ?? null) === null
  return {
    ...{ id, method, target, scheme, authority, headers, body, expectsContinue, upgrade },
    ...(isSteady && { sent: request.body.toString('latin1'), trailers: request.trailers }),
    answer: answered?.heads[0],
  }
}

/** What has ended both ways was not broken off. */
function expectWhole({ id, tunnel }: ToldRequest, { answered, sent }: Http2Ledger): void {
  const { ended = false, reset = null } = answered.get(id) ?? {}
  const isWhole = ended && reset === null && sent.get(id)?.ended === true
  if (isWhole && tunnel !== null && (tunnel as Http2Tunnel).aborted) throw new Error(`tunnel ${id} was broken off`)
}

/** What is told of a request is what was sent of it. */
function expectSent(request: ToldRequest, ledger: Http2Ledger): void {
  const { id, exchange, body, trailers } = request
  const { head } = exchange
  const sent = ledger.sent.get(id)
  if (sent === undefined) throw new Error(`nobody made request ${id}`)
  const data = Buffer.concat(sent.data)
  if (!data.subarray(0, body.length).equals(body)) throw new Error(`the body of ${id} is another one`)
  if (trailers !== null) {
    if (!sent.ended) throw new Error(`the body of ${id} is told to be over, and is not`)
    if (body.length !== data.length)
      throw new Error(`${body.length} of ${data.length} bytes are told to be all of ${id}`)
    if (typeof head.body === 'number' && head.body !== data.length)
      throw new Error(`the body of ${id} has another length`)
  }
  // Who is told of a body that does not come takes the next request for it.
  const length = Number(new Map(pairs(head.headers)).get('content-length') ?? 0)
  if (length !== (typeof head.body === 'number' ? head.body : 0)) throw new Error(`two lengths of the body of ${id}`)
  const texts = [head.method, head.target, head.authority, ...head.headers, ...(trailers ?? []), head.upgrade ?? '']
  if (texts.some((text) => /[\r\n\0]/.test(text))) throw new Error(`a line ends in a field of ${id}`)
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!])
}

/** An answer as the path of the request has it. */
function answer(request: ToldRequest): void {
  const { exchange } = request
  const [, kind = ''] = /^\/([a-z-]*)/.exec(exchange.head.target) ?? []
  if (exchange.head.upgrade !== null && kind !== 'now') return goOver(request)
  ANSWERS[kind]?.(request)
}

/** By another protocol, in which he gets back what he sends. */
function goOver(request: ToldRequest): void {
  process.nextTick(() => {
    if (request.closes > 0) return
    const tunnel = request.switchProtocols()
    tunnel.pipe(tunnel)
  })
}

const ANSWERS: Readonly<Record<string, (request: ToldRequest) => void>> = {
  '': ({ exchange }) => exchange.respond(204, [], '', 'none'),
  now({ exchange }) {
    exchange.respond(200, ['Content-Type', 'text/plain', 'content-length', '5'], '', 5)
    exchange.write(Buffer.from('hello'))
    exchange.end([])
  },
  later({ exchange }) {
    exchange.resume()
    exchange.inform(103, ['link', '</a>'])
    process.nextTick(() => {
      exchange.respond(200, ['Set-Cookie', 'a=b', 'x-own', 'c'], '', 'unknown')
      exchange.write(Buffer.from('some of it'))
      process.nextTick(() => exchange.end(['x-trailer', 'd']))
    })
  },
  echo(request) {
    const { exchange } = request
    exchange.respond(200, ['content-type', 'application/grpc'], '', 'unknown')
    request.onPart = (chunk) => exchange.write(Buffer.from(chunk))
    request.onWhole = () => exchange.end(['grpc-status', '0'])
    exchange.resume()
  },
  whole(request) {
    const { exchange } = request
    exchange.inform(100, [])
    request.onWhole = () => exchange.respond(200, [], '', 0)
    exchange.resume()
  },
  large(request) {
    const { exchange } = request
    let left = 5
    request.onRoom = () => {
      while (left-- > 0) if (!exchange.write(LARGE)) return
      exchange.end([])
    }
    exchange.respond(200, [], '', 'unknown')
    request.onRoom()
  },
  slow(request) {
    const { exchange } = request
    request.onPart = () => {
      exchange.pause()
      process.nextTick(() => exchange.resume())
    }
    request.onWhole = () => exchange.respond(200, [], '', 'none')
    exchange.resume()
  },
  never: ({ exchange }) => exchange.resume(),
  kept: () => undefined,
  abort(request) {
    request.exchange.resume()
    request.abort()
  },
  'abort-later'(request) {
    const { exchange } = request
    exchange.resume()
    exchange.respond(200, [], '', 'unknown')
    exchange.write(Buffer.from('some of it'))
    request.onPart = () => request.abort()
    process.nextTick(() => process.nextTick(() => request.abort()))
  },
  leave({ exchange }) {
    exchange.leave()
    exchange.respond(200, ['x-large', 'v'.repeat(20_000)], '', 'none')
  },
}
