import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { eventually, within } from '../../support/hang.js'
import { call2, HttpTunnels, upstream } from '../../support/http-tunnel.js'
import {
  ACK,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  HEADERS,
  hpack,
  INTERNAL_ERROR,
  NO_ERROR,
  PING,
  PRIORITY,
  RawHttp2,
  RST_STREAM,
  uint32,
  WINDOW_UPDATE,
  type Field,
} from '../../support/raw-http2.js'

const HOST = 'shop.localhost'
const LIMITS = { http2_reset_rate: 50, http_header_timeout: '1s', http_body_timeout: '1s', http_idle_timeout: '1s' }
const fields = (method: string, path: string): Field[] => [
  [':method', method],
  [':scheme', 'https'],
  [':path', path],
  [':authority', HOST],
]

/** What the server has of visitors. */
async function numbers({ daemon }: HttpTunnels): Promise<{ connections: number; requests: number }> {
  const page = await (await fetch(`http://${daemon.addresses.metrics}/metrics`)).text()
  const of = (name: string) => Number(new RegExp(`^uniroute_${name} (\\d+)$`, 'm').exec(page)?.[1])
  return { connections: of('connections'), requests: of('http_requests_in_flight') }
}

async function nothingLeft(tunnels: HttpTunnels, responses: ReadonlySet<unknown>): Promise<void> {
  await eventually('nothing to be left', async () => {
    const { connections, requests } = await numbers(tunnels)
    const left = { connections, requests, answers: responses.size }
    if (Object.values(left).some((count) => count !== 0)) throw new Error(JSON.stringify(left))
  })
}

/** An upstream with an endless answer at /endless, and one that says a word and no more at /events. */
async function start(t: Test): Promise<{ tunnels: HttpTunnels; responses: Set<ServerResponse> }> {
  const responses = new Set<ServerResponse>()
  const chunk = Buffer.alloc(64 * 1024)
  const { port } = await upstream(t, (request, response) => {
    responses.add(response)
    response.once('close', () => responses.delete(response))
    request.resume()
    if (request.url === '/events') response.write('one')
    else if (request.url === '/word') response.setHeader('content-length', 4).end('word')
    else if (request.url === '/page') response.setHeader('content-length', chunk.length).end(chunk)
    else if (request.url === '/endless') {
      const more = (): void => {
        while (response.write(chunk));
      }
      response.on('drain', more)
      more()
    } else request.on('end', () => response.end('ok'))
  })
  const tunnels = await HttpTunnels.start(t, LIMITS)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
  return { tunnels, responses }
}

// Each waits most of its time for the time limit that it is about: they wait together.
t.jobs = 4

t.test('a connection without a request ends in its time, whatever else comes over it', async (t) => {
  const { tunnels } = await start(t)
  const visitor = () => new RawHttp2(tunnels.tls(HOST, ['h2']))
  const silent = visitor()
  const [unfinished, inPieces] = [visitor(), visitor()]
  await Promise.all([unfinished.settled(), inPieces.settled()])
  unfinished.write(frame(HEADERS, END_STREAM, 1, hpack(fields('GET', '/'))))
  const pinging = visitor()
  const block = hpack(fields('GET', '/'))
  inPieces.write(frame(HEADERS, END_STREAM | END_HEADERS, 1, block).subarray(0, 9))
  let sent = 0
  const timer = setInterval(() => {
    pinging.write(frame(PING, 0, 0, Buffer.alloc(8)))
    // The last byte never comes.
    if (sent < block.length - 1) inPieces.write(block.subarray(sent, ++sent))
  }, 50)
  t.teardown(() => clearInterval(timer))
  const late = tunnels.tls(HOST, ['h2'])
  await within('the end of one that never speaks', once(late.resume(), 'close'))
  t.equal(await silent.ended(), 0, 'one that only says SETTINGS')
  t.equal(await unfinished.ended(), 0, 'one that does not end its header section')
  t.equal(await inPieces.ended(), 0, 'one that sends it byte by byte')
  t.equal(await pinging.ended(), 0, 'one that sends PING')
})

t.test('a slow body is answered 408, and the connection goes on', async (t) => {
  const { tunnels } = await start(t)
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']))
  visitor.headers(1, [...fields('POST', '/'), ['content-length', '10']], END_HEADERS)
  visitor.write(frame(DATA, 0, 1, Buffer.from('abc')))
  const { statuses, body, reset } = await visitor.outcome(1)
  t.same(statuses, [408])
  t.match(body, /UR_HTTP_SLOW_VISITOR/)
  t.ok(reset === null || reset === 0, `and asks for no more of it: ${reset}`)
  visitor.headers(3, fields('GET', '/'))
  t.same((await visitor.outcome(3)).statuses, [200])
})

t.test('many answers that are not read are broken off', async (t) => {
  const { tunnels, responses } = await start(t)
  const STREAMS = 100
  /** SETTINGS_INITIAL_WINDOW_SIZE: 0 */
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']), Buffer.from([0, 4, 0, 0, 0, 0]))
  const streams = Array.from({ length: STREAMS }, (_, i) => 2 * i + 1)
  for (const stream of streams) visitor.headers(stream, fields('GET', '/endless'))
  const outcomes = await Promise.all(streams.map((stream) => visitor.outcome(stream)))
  t.ok(outcomes.every(({ reset }) => reset === INTERNAL_ERROR))
  t.equal(visitor.goaway, null, 'what we break off is not held against the visitor')
  t.equal((await call2(tunnels.http2(HOST), '/')).status, 200, 'another one is served')
  await eventually('the upstream to be left', async () => {
    if (responses.size > 0) throw new Error(`${responses.size} answers`)
  })
})

t.test('so are those of known length, and those that are whole, when the visitor does not take the rest', async (t) => {
  const { tunnels } = await start(t)
  /** SETTINGS_INITIAL_WINDOW_SIZE: 1 */
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']), Buffer.from([0, 4, 0, 0, 0, 1]))
  visitor.headers(1, fields('GET', '/page'))
  visitor.headers(3, fields('GET', '/'))
  t.equal((await visitor.outcome(1)).reset, INTERNAL_ERROR)
  t.equal((await visitor.outcome(3)).reset, INTERNAL_ERROR)
  t.equal((await numbers(tunnels)).requests, 0)
})

t.test('an answer that the visitor gives up without an error is over, and its connection goes on', async (t) => {
  const { tunnels } = await start(t)
  /** SETTINGS_INITIAL_WINDOW_SIZE: 1 */
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']), Buffer.from([0, 4, 0, 0, 0, 1]))
  visitor.headers(1, fields('GET', '/word'))
  await visitor.until('its first byte', () => visitor.frames.find(({ type }) => type === DATA))
  t.equal((await numbers(tunnels)).requests, 1)
  visitor.write(frame(RST_STREAM, 0, 1, uint32(NO_ERROR)))
  await eventually('its end', async () => {
    if ((await numbers(tunnels)).requests > 0) throw new Error('it is in flight')
  })
  visitor.headers(3, fields('HEAD', '/word'))
  t.same((await visitor.outcome(3)).statuses, [200])
})

t.test('a visitor who does not even read from his socket is let go', async (t) => {
  const { tunnels, responses } = await start(t)
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']))
  visitor.write(frame(WINDOW_UPDATE, 0, 0, uint32(0x7fff0000)))
  visitor.headers(1, fields('GET', '/endless'))
  visitor.write(frame(WINDOW_UPDATE, 0, 1, uint32(0x7fff0000)))
  await visitor.until('an answer', () => (visitor.frames.some(({ type }) => type === DATA) ? true : undefined))
  visitor.socket.pause()
  t.equal((await numbers(tunnels)).requests, 1)
  await nothingLeft(tunnels, responses)
})

t.test('after an error of the whole connection nothing stays', async (t) => {
  const { tunnels, responses } = await start(t)
  const ERRORS = [
    // A frame inside a header section.
    Buffer.concat([frame(HEADERS, 0, 3, hpack(fields('GET', '/'))), frame(PING, 0, 0, Buffer.alloc(8))]),
    // A stream that depends on itself.
    frame(PRIORITY, 0, 1, Buffer.from([0, 0, 0, 1, 0])),
  ]
  const strike = async (bytes: Buffer): Promise<void> => {
    const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']))
    visitor.headers(1, fields('GET', '/events'))
    await visitor.until('an event', () => (visitor.frames.some(({ type }) => type === DATA) ? true : undefined))
    visitor.write(bytes)
    await visitor.until('GOAWAY', () => (visitor.goaway === null ? undefined : true))
    visitor.socket.destroy()
  }
  await Promise.all(ERRORS.map(strike))
  t.equal((await numbers(tunnels)).requests, 0, 'the requests are over at once')
  await nothingLeft(tunnels, responses)
})

t.test('a visitor who waits for events is asked whether he is there', async (t) => {
  const { tunnels } = await start(t)
  const visitor = new RawHttp2(tunnels.tls(HOST, ['h2']))
  visitor.headers(1, fields('GET', '/events'))
  const asked = () => visitor.frames.filter(({ type, flags }) => type === PING && (flags & ACK) === 0).length
  await visitor.until('another PING', () => (asked() >= 2 ? true : undefined))
  t.notOk(visitor.closed, 'he answers, and stays')
  visitor.answersPings = false
  t.equal(await visitor.ended(), 0, 'he answers no more')
})
