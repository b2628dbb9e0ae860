import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { Http1Reader } from '../../../src/inspector/http1/reader.js'
import { Http2Call } from '../../../src/inspector/http2/http2-call.js'
import type { Answer, Exchange } from '../../../src/inspector/exchange.js'
import { InflationBudget } from '../../../src/inspector/record/inflation-budget.js'
import { Random } from '../../support/random.js'
import { play, type PlayOptions, type Step } from '../support.js'

const random = new Random(7)
const randomBytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.u32() & 0xff))

const SECRET = 'hunter2-of-nobody-else'
/** Words that do not repeat, so that compressed ones are long. */
const words = randomBytes(6_000).toString('hex').match(/.{8}/g)!.join(' ')
const text = `{"password":"${SECRET}","note":"${words}"}`
const plainText = text.replace(SECRET, '[redacted]')
const CODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }

function answer(body: Buffer, coding: string, options: PlayOptions = {}, type = 'application/json'): Answer {
  const fields = `Content-Type: ${type}\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}`
  const steps: Step[] = [
    ['>', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['<', Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n`), body])],
  ]
  return play((sink) => new Http1Reader(sink), steps, options).exchanges[0]!.response!
}

const kept = ({ body }: { body: readonly Buffer[] }): string => Buffer.concat(body).toString('latin1')

for (const [coding, code] of Object.entries(CODERS)) {
  t.test(`of a broken ${coding} what could be decoded is kept, without secrets`, async (t) => {
    const whole = code(Buffer.from(text))
    const broken = Buffer.from(whole)
    broken.fill(0xff, broken.length >> 1, (broken.length >> 1) + 64)
    const message = answer(broken, coding)
    t.match(kept(message), /^\{"password":"\[redacted\]","note":"/)
    t.ok(kept(message).length > text.length / 4, `${kept(message).length} of ${text.length} bytes`)
    t.equal(kept(message).slice(0, 1_000), plainText.slice(0, 1_000))
    t.match(message, { codings: [], truncated: true, redacted: true, problem: new RegExp(`its ${coding} is broken`) })
    t.notMatch(kept(message), SECRET)
  })

  t.test(`what stands behind the end of ${coding} is not kept: it is searched by nobody`, async (t) => {
    const message = answer(
      Buffer.concat([code(Buffer.from('{"a":1}')), Buffer.from(`{"password":"${SECRET}"}`)]),
      coding,
    )
    t.equal(kept(message), '{"a":1}')
    t.match(message, { codings: [], truncated: true })
    t.ok(message.problem)
    t.same(answer(code(Buffer.from('{"a":1}')), coding), {
      ...answer(code(Buffer.from('{"a":1}')), coding),
      problem: null,
      codings: [coding],
    })
  })
}

t.test('text that is not compressed is shown as what it is', async (t) => {
  const message = answer(Buffer.from(text), 'gzip')
  t.equal(kept(message), plainText)
  t.match(message, { codings: [], truncated: false, problem: /no valid gzip, though its Content-Encoding says so/ })
})

t.test('of what is neither what it says nor text nothing is kept: another decoder might read it', async (t) => {
  for (const [says, body] of [
    ['gzip', deflateSync(text)],
    ['gzip', deflateRawSync(text)],
    ['br', gzipSync(text)],
    ['deflate', gzipSync(text)],
  ] as const) {
    const message = answer(body, says)
    t.notMatch(kept(message), SECRET)
    t.ok(kept(message).length < 100, `${kept(message).length} bytes`)
    t.match(message, { truncated: true, problem: new RegExp(`no valid ${says}|its ${says} is broken`) })
  }
})

t.test('twice compressed, with one of them broken', async (t) => {
  const twice = gzipSync(brotliCompressSync(text))
  t.match(answer(twice, 'br, gzip'), { redacted: true, problem: null, codings: [] })
  twice.fill(0xff, twice.length >> 1, (twice.length >> 1) + 64)
  const message = answer(twice, 'br, gzip')
  t.match(kept(message), /^\{"password":"\[redacted\]"/)
  t.match(message.problem, /its gzip is broken/)
})

t.test('to look for the valid beginning takes no more than may be decompressed', async (t) => {
  const body = gzipSync(Buffer.concat([Buffer.alloc(6_000_000, 'large '), randomBytes(2_000)]))
  body.fill(0xff, body.length - 500, body.length - 400)
  const spent: number[] = []
  const inflation = new InflationBudget()
  const { spend } = inflation
  inflation.spend = (bytes) => {
    spent.push(bytes)
    spend.call(inflation, bytes)
  }
  const message = answer(body, 'gzip', { context: { inflation } })
  t.match(message.problem, /gzip/)
  const sum = spent.reduce((all, bytes) => all + Math.max(0, bytes), 0)
  t.ok(sum <= 32 * 1024 * 1024 + 8_000_000, `${sum} bytes in ${spent.length} tries`)
})

function grpcBody(coding: string, frames: readonly [flags: number, payload: Buffer][]): Exchange {
  const steps = Buffer.concat(
    frames.map(([flags, payload]) => {
      const prefix = Buffer.alloc(5)
      prefix[0] = flags
      prefix.writeUInt32BE(payload.length, 1)
      return Buffer.concat([prefix, payload])
    }),
  )
  const fields: [string, string][] = [
    [':method', 'POST'],
    [':path', '/s/M'],
    ['content-type', 'application/grpc'],
    ['grpc-encoding', coding],
  ]
  let call: Http2Call
  const { exchanges } = play((sink) => {
    call = new Http2Call(sink, fields, 1_000_000, 0)
    call.requestData(steps, 1)
    call.requestEnd([], 2)
    return new Http1Reader(sink)
  }, [])
  return exchanges[0]!
}

t.test('the body of a gRPC call is kept with its messages decompressed, and without their secrets', async (t) => {
  const token = `ghp_${'a1B2'.repeat(9)}`
  const message = Buffer.from(`a note with ${token} in it`)
  const { request } = grpcBody('gzip', [
    [0, Buffer.from('one')],
    [1, gzipSync(message)],
    [0, Buffer.from('three')],
  ])
  const body = Buffer.concat(request.body)
  t.match(body.toString('latin1'), /one.*a note with \[redacted\] in it.*three/s)
  t.match(request, { redacted: true, truncated: false })
  for (const [coding, payload] of [
    ['gzip', Buffer.concat([gzipSync(message).subarray(0, 30), Buffer.alloc(20, 0xff)])],
    ['zstd', gzipSync(message)],
  ] as const) {
    const part = grpcBody(coding, [
      [0, Buffer.from('one ')],
      [1, payload],
      [0, Buffer.from('three')],
    ]).request
    t.match(part, { truncated: true }, coding)
    t.equal(Buffer.concat(part.body).toString('latin1'), '\0\0\0\0\x04one ', coding)
  }
  const whole = grpcBody('gzip', [[1, gzipSync('plain')]]).request
  t.equal(Buffer.concat(whole.body).toString('latin1'), '\0\0\0\0\x05plain')
  t.throws(() => gunzipSync(Buffer.concat(whole.body)))
})
