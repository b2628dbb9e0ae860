import t from 'tap'
import { ErrorCode, Flag, FrameType, PREFACE } from '../../../../src/http2/index.js'
import type { Http2Tunnel } from '../../../../src/proxy/http/http2/tunnel.js'
import { framesOf } from '../../../support/http2-ledger.js'
import { Http2Visit } from '../../../support/http2-visit.js'
import { frame, hpack, uint32 } from '../../../support/raw-http2.js'

const { DATA, HEADERS, RST_STREAM, SETTINGS, WINDOW_UPDATE } = FrameType
const { END_STREAM, END_HEADERS } = Flag
/** INITIAL_WINDOW_SIZE: 3 bytes. */
const SMALL_WINDOW = Buffer.from('000400000003', 'hex')
const UPGRADE = hpack([
  [':method', 'CONNECT'],
  [':protocol', 'x'],
  [':scheme', 'https'],
  [':authority', 'x'],
  [':path', '/'],
])

t.test('what ends both ways is whole, though the socket takes its last frame later', async (t) => {
  const { visit, tunnel } = await echo(Buffer.alloc(0))
  visit.socket.taking = false
  visit.come(frame(DATA, END_STREAM, 1, Buffer.from('hello')))
  await visit.settle()
  visit.socket.taking = true
  visit.socket.release()
  await visit.settle()
  t.same(answered(visit), ['hello', 'the end'])
  t.same([tunnel.aborted, tunnel.rstCode], [false, ErrorCode.NO_ERROR])
  await visit.leave()
})

t.test('what waits for the window of a visitor is not lost where both ways have ended', async (t) => {
  const { visit, tunnel } = await echo(SMALL_WINDOW)
  visit.come(frame(DATA, END_STREAM, 1, Buffer.from('hello')))
  await visit.settle()
  t.same(answered(visit), ['hel'])
  visit.come(frame(WINDOW_UPDATE, 0, 1, uint32(10)))
  await visit.settle()
  t.same(answered(visit), ['lo', 'the end'])
  t.same([tunnel.aborted, tunnel.rstCode], [false, ErrorCode.NO_ERROR])
  await visit.leave()
})

t.test('who is gone before the last frame has left has broken it off', async (t) => {
  const { visit, tunnel } = await echo(SMALL_WINDOW)
  visit.come(frame(DATA, END_STREAM, 1, Buffer.from('hello')))
  await visit.settle()
  await visit.leave()
  t.equal(tunnel.aborted, true)
})

t.test('a tunnel that is destroyed is reset', async (t) => {
  const { visit, tunnel } = await echo(Buffer.alloc(0))
  tunnel.destroy()
  await visit.settle()
  t.same(answered(visit), [`reset ${ErrorCode.CANCEL}`])
  await visit.leave()
})

/** A visitor, with those SETTINGS, whose request has gone over to a protocol that gives back what comes. */
async function echo(settings: Buffer) {
  const visit = new Http2Visit((request) => {
    const tunnel = request.switchProtocols()
    tunnel.pipe(tunnel)
  })
  visit.come(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, settings), frame(HEADERS, END_HEADERS, 1, UPGRADE)]))
  await visit.settle()
  visit.written()
  return { visit, tunnel: visit.requests[0]!.tunnel as Http2Tunnel }
}

/** What was answered since, in words. */
function answered(visit: Http2Visit): string[] {
  return framesOf(Buffer.concat(visit.written())).frames.flatMap(({ type, flags, payload }) => {
    if (type === RST_STREAM) return [`reset ${payload.readUInt32BE(0)}`]
    if (type !== DATA) return []
    const text = payload.length > 0 ? [payload.toString('latin1')] : []
    return flags & END_STREAM ? [...text, 'the end'] : text
  })
}
