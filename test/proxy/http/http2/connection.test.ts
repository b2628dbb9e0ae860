import t from 'tap'
import { Flag, FrameType, PREFACE } from '../../../../src/http2/index.js'
import { framesOf } from '../../../support/http2-ledger.js'
import { Http2Visit } from '../../../support/http2-visit.js'
import { frame, hpack, type Field } from '../../../support/raw-http2.js'

const { HEADERS, SETTINGS, PING, GOAWAY } = FrameType
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
  const ping = framesOf(visit.written()).frames.find(({ type, flags }) => type === PING && flags === 0)!
  visit.come(Buffer.concat([frame(PING, Flag.ACK, 0, ping.payload), get(3), frame(PING, 0, 0, Buffer.alloc(8))]))
  await visit.settle()
  t.same(
    visit.requests.map(({ id }) => id),
    [1],
  )
  const goaway = framesOf(visit.written()).frames.find(({ type }) => type === GOAWAY)
  t.equal(goaway?.payload.readUInt32BE(0), 1, 'the visitor is told which one was the last')
  t.equal(visit.socket.writableFinished, true, 'the connection ends in good order')
  await visit.leave()
})
