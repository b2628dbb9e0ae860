import t from 'tap'
import { ErrorCode, Flag, FrameType, PREFACE } from '../../../../src/http2/index.js'
import { framesOf } from '../../../support/http2-ledger.js'
import { Http2Visit, type ToldRequest } from '../../../support/http2-visit.js'
import { frame, hpack, uint32, type Field } from '../../../support/raw-http2.js'

const { DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY } = FrameType
const START = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)])

const FIELDS: readonly Field[] = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':authority', 'x'],
  [':path', '/'],
]

const get = (stream: number): Buffer => frame(HEADERS, Flag.END_HEADERS | Flag.END_STREAM, stream, hpack(FIELDS))

t.test('what comes behind the answer to the last call is not served, and breaks nothing', async (t) => {
  const visit = new Http2Visit(({ exchange }) => {
    exchange.leave()
    exchange.respond(200, [], '', 'none')
  })
  visit.come(Buffer.concat([START, get(1)]))
  await visit.settle()
  const ping = framesOf(Buffer.concat(visit.written())).frames.find(({ type, flags }) => type === PING && flags === 0)!
  visit.come(Buffer.concat([frame(PING, Flag.ACK, 0, ping.payload), get(3), frame(PING, 0, 0, Buffer.alloc(8))]))
  await visit.settle()
  t.same(
    visit.requests.map(({ id }) => id),
    [1],
  )
  const goaway = framesOf(Buffer.concat(visit.written())).frames.find(({ type }) => type === GOAWAY)
  t.equal(goaway?.payload.readUInt32BE(0), 1, 'the visitor is told which one was the last')
  t.equal(visit.socket.writableFinished, true, 'the connection ends in good order')
  await visit.leave()
})

t.test('each size of the table that SETTINGS name counts, in its turn', async (t) => {
  const answer = ['x-own', 'of a name and a value that would be in the table']
  const visit = new Http2Visit(({ exchange }) => exchange.respond(204, ['date', '', ...answer], '', 'none'))
  visit.come(Buffer.concat([START, get(1)]))
  await visit.settle()
  visit.written()
  const sizes = Buffer.from('000100000000' + '000100001000', 'hex')
  visit.come(Buffer.concat([frame(SETTINGS, 0, 0, sizes), get(3)]))
  await visit.settle()
  const head = framesOf(Buffer.concat(visit.written())).frames.find(({ type }) => type === HEADERS)!
  // 0, and then 4,096 again (RFC 7541 §4.2): a decoder that has heard the one only would still look for entries.
  t.equal(head.payload.subarray(0, 4).toString('hex'), '203fe11f')
  t.ok(head.payload.includes('x-own'), 'what was in it is written again')
  await visit.leave()
})

t.test('a body that was broken off, or is not wanted any more, is not told to be whole', async (t) => {
  const endings: Record<string, (request: ToldRequest) => void> = {
    'broken off': (request) => request.abort(),
    'broken off in the middle': (request) => (request.onPart = () => request.abort()),
    answered: ({ exchange }) => exchange.respond(200, [], '', 'none'),
    'answered in the middle': (request) => (request.onPart = () => request.exchange.respond(200, [], '', 'none')),
  }
  for (const [name, end] of Object.entries(endings)) {
    const visit = new Http2Visit(() => undefined)
    const data = frame(DATA, 0, 1, Buffer.from('some of it'))
    visit.come(Buffer.concat([START, frame(HEADERS, Flag.END_HEADERS, 1, hpack(FIELDS)), data]))
    const [request] = visit.requests
    request!.exchange.resume()
    end(request!)
    await visit.settle()
    t.equal(request!.trailers, null, name)
    t.equal(request!.closes, 1, name)
    await visit.leave()
  }
})

t.test('bodies that nobody takes do not keep the end of a connection from the visitor', async (t) => {
  const visit = new Http2Visit(() => undefined)
  visit.come(START)
  const part = Buffer.alloc(16_384)
  // All of the window of each stream: together more than is kept before bodies have to wait.
  for (let stream = 1; stream < 20; stream += 2) {
    visit.come(frame(HEADERS, Flag.END_HEADERS, stream, hpack(FIELDS)))
    for (let i = 0; i < 64; i++) visit.come(frame(DATA, 0, stream, part))
  }
  await visit.settle()
  t.equal(visit.requests.length, 10)
  visit.written()
  visit.come(frame(PING, 0, 1, Buffer.alloc(8)))
  await visit.settle()
  const goaway = framesOf(Buffer.concat(visit.written())).frames.find(({ type }) => type === GOAWAY)
  t.equal(goaway?.payload.readUInt32BE(4), ErrorCode.PROTOCOL_ERROR)
  t.equal(visit.socket.writableFinished, true, 'it ends in good order')
  await visit.leave()
})

t.test('a request that the visitor takes back makes room for another one', async (t) => {
  const visit = new Http2Visit(() => undefined, { concurrentStreams: 1 })
  visit.come(Buffer.concat([START, get(1), get(3), frame(RST_STREAM, 0, 1, uint32(ErrorCode.CANCEL)), get(5)]))
  await visit.settle()
  t.same(
    visit.requests.map(({ id, closes }) => ({ id, closes })),
    [
      { id: 1, closes: 1 },
      { id: 5, closes: 0 },
    ],
  )
  const resets = framesOf(Buffer.concat(visit.written())).frames.filter(({ type }) => type === RST_STREAM)
  t.same(
    resets.map(({ stream, payload }) => [stream, payload.readUInt32BE(0)]),
    [[3, ErrorCode.REFUSED_STREAM]],
  )
  await visit.leave()
})

t.test('a defect of ours ends the connection as one, and is told', async (t) => {
  const defect = new TypeError('a defect')
  const visit = new Http2Visit(() => {
    throw defect
  })
  visit.come(Buffer.concat([START, get(1)]))
  await visit.settle()
  const goaway = framesOf(Buffer.concat(visit.written())).frames.find(({ type }) => type === GOAWAY)
  t.equal(goaway?.payload.readUInt32BE(4), ErrorCode.INTERNAL_ERROR)
  t.same(visit.defects, [defect])
  t.same(visit.malformed, ['UR_INTERNAL'])
  await visit.leave()
})
