import t from 'tap'
import type { Exchange } from '../../../src/inspector/exchange.js'
import { Http1Reader } from '../../../src/inspector/http1/reader.js'
import { Http2Call } from '../../../src/inspector/http2/http2-call.js'
import { play, type PlayOptions, type Step } from '../support.js'
import { frame, UPGRADE, upgraded } from '../websocket/frame.js'

const TOKEN = `ghp_${'a1B2c3'.repeat(6)}`
const BASIC = Buffer.from('ada:hunter2-of-nobody').toString('base64')

const of = (steps: readonly Step[], options: PlayOptions = {}): Exchange =>
  play((sink) => new Http1Reader(sink), steps, options).exchanges[0]!

/** All that is kept, as text. */
function everything(exchange: Exchange): string {
  const { request, response } = exchange
  const fields = [request, response].map((message) => [message?.fields, message?.trailers])
  return JSON.stringify({ ...exchange, fields }, (_, value: unknown) => {
    const bytes = value as { type?: string; data?: number[] } | null
    return bytes?.type === 'Buffer' ? Buffer.from(bytes.data!).toString('latin1') : value
  })
}

const request = (line: string, fields: string): Step => ['>', `${line} HTTP/1.1\r\n${fields}\r\n`]
const NO_CONTENT = 'HTTP/1.1 204 No Content\r\n\r\n'

const CONVERSATIONS: Readonly<Record<string, readonly Step[]>> = {
  'the method': [request(`${TOKEN} /`, 'Host: h\r\n'), ['<', NO_CONTENT]],
  'the target': [request(`GET /a/${TOKEN}?${TOKEN}=1&x=${TOKEN}#${TOKEN}`, 'Host: h\r\n'), ['<', NO_CONTENT]],
  'the host': [request('GET /', `Host: ${TOKEN}.example.com\r\n`), ['<', NO_CONTENT]],
  'a user in the host': [request('GET /', `Host: ${TOKEN}:x@h\r\n`), ['<', NO_CONTENT]],
  'the request id': [request('GET /', `Host: h\r\nX-Request-Id: ${TOKEN}\r\n`), ['<', NO_CONTENT]],
  'the visitor': [request('GET /', `Host: h\r\nX-Forwarded-For: ${TOKEN}\r\n`), ['<', NO_CONTENT]],
  'any field': [
    request('GET /', `Host: h\r\nX-Auth: Basic ${BASIC}\r\nX-A: %67${TOKEN.slice(1)}\r\n`),
    ['<', NO_CONTENT],
  ],
  'the reason': [request('GET /', 'Host: h\r\n'), ['<', `HTTP/1.1 500 No ${TOKEN}\r\nContent-Length: 0\r\n\r\n`]],
  'the name of a coding': [
    request('GET /', 'Host: h\r\n'),
    ['<', `HTTP/1.1 200 OK\r\nContent-Encoding: ${TOKEN}\r\nContent-Length: 1\r\n\r\nx`],
  ],
  'a trailer': [
    request('GET /', 'Host: h\r\n'),
    ['<', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Auth-Token: ${TOKEN}\r\nX-B: ${TOKEN}\r\n\r\n`],
  ],
  'the name and the id of an event': [
    request('GET /', 'Host: h\r\n'),
    [
      '<',
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\nevent: ${TOKEN}\nid: ${TOKEN}\ndata: Basic ${BASIC}\n\n`,
    ],
    ['<|'],
  ],
  'the reason of a close': [
    ['>', UPGRADE],
    ['<', upgraded()],
    ['<', frame(0x88, Buffer.concat([Buffer.from([3, 232]), Buffer.from(`no ${TOKEN} or Basic ${BASIC}`)]))],
  ],
  'a ping': [
    ['>', UPGRADE],
    ['<', upgraded()],
    ['<', frame(0x89, TOKEN)],
  ],
  'names of parts': [
    request(
      'POST /',
      `Host: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${85 + 2 * TOKEN.length}\r\n`,
    ),
    [
      '>',
      `--b\r\nContent-Disposition: form-data; name="${TOKEN}"; filename="${TOKEN}"\r\n\r\nx\r\n--b--`.padEnd(
        85 + 2 * TOKEN.length,
      ),
    ],
    ['<', NO_CONTENT],
  ],
}

for (const [where, steps] of Object.entries(CONVERSATIONS)) {
  t.test(`a secret in ${where} is not kept`, async (t) => {
    const exchange = of(steps, { close: null })
    const text = everything(exchange)
    t.match(exchange.state, /done|cut/)
    t.notMatch(text, TOKEN.slice(4))
    t.notMatch(text, BASIC)
    t.ok(where === 'the visitor' || text.includes('[redacted]'), text.slice(0, 300))
  })
}

t.test('a field that is named by --inspect-redact is not kept as the request id either', async (t) => {
  const steps: Step[] = [request('GET /', 'Host: h\r\nX-Request-Id: of-ada\r\n'), ['<', NO_CONTENT]]
  t.equal(of(steps, { headers: ['X-Request-Id'] }).requestId, '[redacted]')
})

t.test('trailers of gRPC-Web and the message of a status are redacted as fields are', async (t) => {
  const { exchanges } = play((sink) => {
    const fields: [string, string][] = [
      [':method', 'POST'],
      [':path', '/s/M'],
      ['content-type', 'application/grpc-web'],
    ]
    const call = new Http2Call(sink, fields, 1_000_000, 0)
    call.requestEnd([], 1)
    call.answer(
      [
        [':status', '200'],
        ['content-type', 'application/grpc-web'],
      ],
      1,
    )
    const text = Buffer.from(`grpc-status: 16\r\ngrpc-message: no ${TOKEN}\r\nx-auth-token: abc\r\n`)
    call.answerData(Buffer.concat([Buffer.from([0x80, 0, 0, 0, text.length]), text]), 2)
    call.answerEnd([['grpc-message', `%6eo %${TOKEN.charCodeAt(0).toString(16)}${TOKEN.slice(1)}`]], 3)
    return new Http1Reader(sink)
  }, [])
  const [message] = exchanges[0]!.timeline
  t.equal(message!.payload.toString(), 'grpc-status: 16\r\ngrpc-message: no [redacted]\r\nx-auth-token:[redacted]\r\n')
  t.same(exchanges[0]!.response!.trailers, [
    { name: 'grpc-message', value: '[redacted]', redacted: true, secret: null },
  ])
})
