import { connect } from 'node:net'
import t from 'tap'
import { HttpTunnels } from '../../support/http-tunnel.js'
import { RawUpstream } from '../../support/raw-upstream.js'
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  hpack,
  PING,
  PROTOCOL_ERROR,
  PUSH_PROMISE,
  RawHttp2,
  STREAM_CLOSED,
  type Field,
  type Outcome,
} from '../../support/raw-http2.js'
import { startNginx } from '../../support/real-servers.js'

const HOST = 'shop.localhost'
/** No more than this may be made of what should be one request. */
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'

/** A message of RFC 9113 §8, and what we make of it. */
interface Case {
  readonly name: string
  readonly frames: readonly Buffer[]
  /**
   * `refused`: 400 with the reason, and PROTOCOL_ERROR behind it; `reset`: an error of the stream or the connection, and no
   * answer; a status: an answer as to any request; or what the upstream gets.
   */
  readonly expected: 'refused' | 'reset' | 400 | 405 | { readonly seen?: RegExp; readonly unseen?: RegExp }
  /** Why nginx may refuse what we serve. */
  readonly unlikeNginx?: string
}

const pseudo = (method: string, path = '/x'): Field[] => [
  [':method', method],
  [':scheme', 'https'],
  [':path', path],
  [':authority', HOST],
]
const head = (fields: readonly Field[], flags = END_HEADERS) => frame(HEADERS, flags, 1, hpack(fields))
/** A request without a body. */
const whole = (...fields: Field[]) => [head(fields, END_HEADERS | END_STREAM)]
const get = (...fields: Field[]) => whole(...pseudo('GET'), ...fields)
const post = (...fields: Field[]) => head([...pseudo('POST'), ...fields])
const body = (text: string, flags = 0) => frame(DATA, flags, 1, Buffer.from(text, 'latin1'))
const trailers = (...fields: Field[]) => [post(), body('ab'), head(fields, END_HEADERS | END_STREAM)]
/** The pseudo-header fields of a GET but one, and others instead. */
const without = (name: string, ...others: Field[]) => whole(...pseudo('GET').filter(([n]) => n !== name), ...others)

const refused = (name: string, frames: readonly Buffer[]): Case => ({ name, frames, expected: 'refused' })
const reset = (name: string, frames: readonly Buffer[]): Case => ({ name, frames, expected: 'reset' })
const answered = (expected: 400 | 405, name: string, frames: readonly Buffer[]): Case => ({ name, frames, expected })
const served = (name: string, frames: readonly Buffer[], seen: RegExp, unseen?: RegExp): Case => ({
  name,
  frames,
  expected: { seen, ...(unseen && { unseen }) },
})
const unlikeNginx = (why: string, served: Case): Case => ({ ...served, unlikeNginx: why })

const CASES: readonly Case[] = [
  // §8.1, §8.1.1
  served('a request', get(), /^GET \/x HTTP\/1\.1\r\nHost: shop\.localhost\r\n/),
  reset('trailers that do not end the stream', [post(), body('ab'), head([['x-t', '1']])]),
  reset('a second header section', [...get(), ...get()]),
  reset('another frame inside a header section', [
    frame(HEADERS, END_STREAM, 1, hpack(pseudo('GET'))),
    frame(PING, 0, 0, Buffer.alloc(8)),
  ]),
  reset('CONTINUATION of another stream', [
    frame(HEADERS, END_STREAM, 1, hpack(pseudo('GET'))),
    frame(CONTINUATION, END_HEADERS, 3, hpack([['x-a', '1']])),
  ]),
  served(
    'CONTINUATION',
    [frame(HEADERS, END_STREAM, 1, hpack(pseudo('GET'))), frame(CONTINUATION, END_HEADERS, 1, hpack([['x-c', '1']]))],
    /\r\nx-c: 1\r\n/,
  ),
  reset('less DATA than content-length', [post(['content-length', '4']), body('ab', END_STREAM)]),
  reset('more DATA than content-length', [post(['content-length', '4']), body(`abcd${SMUGGLED}`, END_STREAM)]),
  reset('more DATA than content-length, in two', [
    post(['content-length', '4']),
    body('abcd'),
    body(SMUGGLED, END_STREAM),
  ]),
  refused('no DATA, and a content-length', whole(...pseudo('POST'), ['content-length', '4'])),
  reset('less DATA than content-length, with trailers', [
    post(['content-length', '4']),
    body('ab'),
    head([['x-t', '1']], END_HEADERS | END_STREAM),
  ]),
  refused('two values of content-length', get(['content-length', '0'], ['content-length', '1'])),
  refused('content-length twice', get(['content-length', '0'], ['content-length', '0'])),
  refused('a list in content-length', get(['content-length', '0, 0'])),
  refused('a sign in content-length', get(['content-length', '+0'])),
  served(
    'as much DATA as content-length',
    [post(['content-length', '4']), body('ab'), body('cd', END_STREAM)],
    /\r\nContent-Length: 4\r\n[^]*\r\n\r\nabcd$/,
  ),
  served(
    'what looks like chunks is a body',
    [post(), body(`0\r\n\r\n${SMUGGLED}`, END_STREAM)],
    /\r\nTransfer-Encoding: chunked\r\n\r\n28\r\n0\r\n\r\nGET \/smuggled HTTP\/1\.1\r\nHost: x\r\n\r\n\r\n0\r\n\r\n$/,
  ),
  unlikeNginx(
    'it knows no trailers of requests',
    served('trailers', trailers(['x-t', '1']), /\r\n\r\n2\r\nab\r\n0\r\nx-t: 1\r\n\r\n$/),
  ),

  // §8.2, §8.2.1
  refused('an upper-case name', get(['X-A', '1'])),
  reset('an upper-case name in trailers', trailers(['X-A', '1'])),
  refused('a name with a space', get(['x-a b', '1'])),
  refused('a name with a colon', get(['x:a', '1'])),
  refused('a name with CR LF', get(['x-a: 1\r\ninjected', '1'])),
  refused('a name with a byte above 0x7f', get(['x-a\xe9', '1'])),
  refused('a name with NUL', get(['x-a\0', '1'])),
  refused('an empty name', get(['', 'x-a'])),
  refused('a value with CR LF', get(['x-a', '1\r\ninjected: 1'])),
  refused('a value with a request in it', get(['x-a', `1\r\n\r\n${SMUGGLED}`])),
  refused('a value with CR', get(['x-a', '1\rinjected: 1'])),
  refused('a value with LF', get(['x-a', '1\ninjected: 1'])),
  refused('a value with NUL', get(['x-a', '1\0'])),
  refused('a value with another control character', get(['x-a', '1\x01'])),
  refused('a value that begins with a space', get(['x-a', ' 1'])),
  refused('a value that ends with a space', get(['x-a', '1 '])),
  refused('a value that ends with a tab', get(['x-a', '1\t'])),
  reset('a trailer with CR LF', trailers(['x-a', `1\r\n\r\n${SMUGGLED}`])),

  // §8.2.2
  refused('connection', get(['connection', 'close, x-a'])),
  refused('keep-alive', get(['keep-alive', 'timeout=5'])),
  refused('proxy-connection', get(['proxy-connection', 'keep-alive'])),
  refused('transfer-encoding', [post(['transfer-encoding', 'chunked']), body(`0\r\n\r\n${SMUGGLED}`, END_STREAM)]),
  refused('upgrade', get(['upgrade', 'h2c'])),
  reset('connection in trailers', trailers(['connection', 'close'])),
  reset('content-length in trailers', trailers(['content-length', '3'])),
  reset('the right content-length in trailers', trailers(['content-length', '2'])),
  refused('te: gzip', get(['te', 'gzip'])),
  refused('te: trailers, gzip', get(['te', 'trailers, gzip'])),
  served('te: trailers', get(['te', 'trailers']), /\r\nTE: trailers\r\n[^]*\r\nConnection: TE\r\n/),

  // §8.2.3
  served('crumbs of cookie', get(['cookie', 'a=1'], ['cookie', 'b=2']), /\r\nCookie: a=1; b=2\r\n/),

  // §8.3
  refused('an unknown pseudo-header field', whole(...pseudo('GET'), [':x-a', '1'])),
  refused(':status in a request', whole(...pseudo('GET'), [':status', '200'])),
  refused('a pseudo-header field behind another one', without(':path', ['x-a', '1'], [':path', '/x'])),
  reset('a pseudo-header field in trailers', trailers([':path', '/y'])),
  reset(':status in trailers', trailers([':status', '200'])),
  ...pseudo('GET').map((field) => refused(`${field[0]} twice`, whole(field, ...pseudo('GET')))),

  // §8.3.1
  ...[':method', ':scheme', ':path'].map((name) => refused(`no ${name}`, without(name))),
  ...[':method', ':scheme', ':path'].map((name) => refused(`an empty ${name}`, without(name, [name, '']))),
  refused('neither :authority nor host', without(':authority')),
  refused('an empty :authority', without(':authority', [':authority', ''])),
  answered(400, ':authority with a user', without(':authority', [':authority', `me@${HOST}`])),
  refused(':authority with a space', without(':authority', [':authority', `${HOST} x`])),
  refused(':authority with CR LF', without(':authority', [':authority', `${HOST}\r\nx-a: 1`])),
  refused('host names another one than :authority', get(['host', 'other.localhost'])),
  refused('host twice', get(['host', HOST], ['host', 'other.localhost'])),
  unlikeNginx(
    'it takes :authority for a Host as well',
    served('host as :authority', get(['host', HOST]), /^GET \/x HTTP\/1\.1\r\nHost: shop\.localhost\r\n/, /\r\nhost: /),
  ),
  served('host alone', without(':authority', ['host', HOST]), /^GET \/x HTTP\/1\.1\r\nHost: shop\.localhost\r\n/),
  refused(':path with a space', whole(...pseudo('GET', '/x HTTP/1.1'))),
  refused(':path with CR LF', whole(...pseudo('GET', `/x HTTP/1.1\r\nHost: a\r\n\r\n${SMUGGLED}`))),
  refused(':path that is none', whole(...pseudo('GET', 'x'))),
  refused(':path in absolute form', whole(...pseudo('GET', 'http://other.localhost/x'))),
  refused(':path * of GET', whole(...pseudo('GET', '*'))),
  refused(':path with a fragment', whole(...pseudo('GET', '/x#y'))),
  unlikeNginx(
    'it takes no *',
    served(':path * of OPTIONS', whole(...pseudo('OPTIONS', '*')), /^OPTIONS \* HTTP\/1\.1\r\n/),
  ),
  refused(':method with a space', whole(...pseudo('GET /smuggled HTTP/1.1'))),
  refused(':method with CR LF', whole(...pseudo('GET\r\n'))),
  refused(':scheme with CR LF', without(':scheme', [':scheme', 'https\r\nx-a: 1'])),
  served('another :scheme', without(':scheme', [':scheme', 'ftp']), /\r\nX-Forwarded-Proto: https\r\n/, /ftp/),

  // §8.4
  reset('PUSH_PROMISE', [
    frame(PUSH_PROMISE, END_HEADERS, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), hpack(pseudo('GET'))])),
  ]),

  // §8.5, and RFC 8441 §4
  answered(405, 'CONNECT', whole([':method', 'CONNECT'], [':authority', `${HOST}:443`])),
  refused('CONNECT with :path', whole(...pseudo('CONNECT'))),
  refused('CONNECT without :authority', whole([':method', 'CONNECT'])),
  refused(':protocol of GET', whole(...pseudo('GET'), [':protocol', 'websocket'])),
  refused(':protocol without :path', whole([':method', 'CONNECT'], [':authority', HOST], [':protocol', 'websocket'])),
  refused(':protocol with CR LF', whole(...pseudo('CONNECT'), [':protocol', 'a\r\nx-a: 1'])),
  refused('an upgrade with a content-length', [
    head([...pseudo('CONNECT'), [':protocol', 'x'], ['content-length', '4']]),
  ]),
  unlikeNginx(
    'it knows no other protocols',
    served(
      'an upgrade with a content-length of 0',
      [head([...pseudo('CONNECT'), [':protocol', 'x'], ['content-length', '0']])],
      /^GET \/x HTTP\/1\.1\r\n[^]*\r\nContent-Length: 0\r\n/,
    ),
  ),
  refused('two protocols in :protocol', whole(...pseudo('CONNECT'), [':protocol', 'websocket, x-a'])),
  // An upstream that stays with HTTP/1.1 would take the next request for that body.
  refused(':protocol and content-length', [
    head([...pseudo('CONNECT'), [':protocol', 'x-a'], ['content-length', String(SMUGGLED.length)]]),
  ]),
  refused(':protocol and content-length, of a stream that is over', [
    ...whole(...pseudo('CONNECT'), [':protocol', 'x-a'], ['content-length', '4']),
  ]),
]

t.test('each MUST of RFC 9113 §8 about requests, beside nginx', async (t) => {
  const upstream = await RawUpstream.start(t)
  const behindNginx = await RawUpstream.start(t)
  const tunnels = await HttpTunnels.start(t)
  await tunnels.agent({ name: 'web', upstream: upstream.port, subdomain: 'shop' })
  const nginx = await startNginx(
    t,
    `server { listen 127.0.0.1:$PORT http2; location / { proxy_pass http://127.0.0.1:${behindNginx.port}; } }`,
  )
  for (const { name, frames, expected, unlikeNginx: why } of CASES) {
    const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']))
    visitor.write(...frames)
    const outcome = await visitor.outcome(1)
    // What is still on its way to the upstream is there before this.
    const next = new RawHttp2(tunnels.tls(HOST, ['h2']))
    next.headers(1, pseudo('GET', '/next'))
    t.same((await next.outcome(1)).statuses, [200], `${name}: others are served`)
    next.socket.destroy()
    const seen = upstream.taken().filter(({ text }) => !text.startsWith('GET /next '))

    if (typeof expected === 'object') {
      t.same(outcome.statuses, [200], name)
      t.equal(seen.length, 1, `${name}: one request`)
      t.ok(seen[0]?.whole, `${name}: it is whole`)
      t.match(seen[0]?.text, expected.seen ?? /^(?:GET|POST) \/x HTTP\/1\.1\r\n/, name)
      if (expected.unseen !== undefined) t.notMatch(seen[0]?.text, expected.unseen, name)
    } else {
      if (typeof expected === 'number') t.same(outcome.statuses, [expected], name)
      else if (expected === 'reset') t.ok(isError(outcome), `${name}: ${JSON.stringify(outcome)}`)
      else {
        t.same(outcome.statuses, [400], name)
        t.match(outcome.body, /^400\n\nThe request cannot be served: .+\.\nUR_HTTP_MALFORMED\n$/, name)
        t.equal(await visitor.resetOf(1), PROTOCOL_ERROR, `${name}: the stream is reset as well`)
      }
      t.notOk(
        seen.some(({ whole }) => whole),
        `${name}: the upstream gets no whole request`,
      )
    }
    t.notOk(
      seen.some(({ text }) => /^GET \/smuggled/m.test(text) && !text.includes('\r\n28\r\n')),
      `${name}: nor another one`,
    )

    const other = new RawHttp2(connect(nginx.port, '127.0.0.1'))
    other.write(...frames)
    const its = await other.outcome(1)
    other.socket.destroy()
    visitor.socket.destroy()
    t.comment(`${name}: nginx ${inWords(its)}, we ${inWords(outcome)}`)
    if (inWords(its) === 'served' || inWords(outcome) !== 'served') continue
    t.type(why, 'string', `${name}: nginx refuses it, and we have a reason to serve it`)
  }
})

/** RFC 9113 §5.1 has a code of its own for frames behind the end of a stream. */
function isError({ reset, goaway, statuses }: Outcome): boolean {
  const code = reset ?? goaway
  return (code === PROTOCOL_ERROR || code === STREAM_CLOSED) && statuses.length === 0
}

function inWords({ statuses, reset, goaway }: Outcome): string {
  const [status] = statuses
  if (status !== undefined) return status === 200 ? 'served' : String(status)
  if (reset !== null) return `reset ${reset}`
  return goaway === null ? 'closed' : `goaway ${goaway}`
}
