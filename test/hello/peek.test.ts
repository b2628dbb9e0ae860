import t, { type Test } from 'tap'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { peek, type PeekOptions } from '../../src/hello/peek.js'
import { encodeProxyHeader } from '../../src/hello/proxy-header.js'
import { UniRouteError } from '../../src/core/errors.js'
import { buildHello, extension, sni } from '../support/client-hello.js'
import { RECORDED_HELLOS } from '../support/recorded-hellos.js'

const HELLO = RECORDED_HELLOS.node.bytes
const CLIENT = { sni: 'tunnels.example.com', alpn: ['uniroute/1'], ech: false }
const EVENTS = ['data', 'readable', 'end', 'close', 'error', 'timeout']

interface Visit {
  readonly visitor: Socket
  readonly accepted: Socket
}

let server: Server
const sockets = new Set<Socket>()

t.before(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
t.afterEach(() => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
})
t.teardown(() => {
  server.close()
})

async function visit(): Promise<Visit> {
  const connection = once(server, 'connection') as Promise<[Socket]>
  const visitor = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  const [accepted] = await connection
  for (const socket of [visitor, accepted]) {
    sockets.add(socket)
    socket.on('error', () => {})
  }
  return { visitor, accepted }
}

/** Listeners by event, Node's own among them. */
const listeners = (socket: Socket): Record<string, number> =>
  Object.fromEntries(EVENTS.map((event) => [event, socket.listenerCount(event)]))

async function refused(t: Test, visit: Visit, options: PeekOptions, code: string): Promise<Error> {
  const before = listeners(visit.accepted)
  const error = await peek(visit.accepted, options).then(
    () => t.fail('resolved'),
    (error: unknown) => error,
  )
  if (!(error instanceof UniRouteError)) throw error
  t.equal(error.code, code)
  t.same(listeners(visit.accepted), before, `no listener is left after ${code}`)
  return error
}

t.test('gives everything back, paused and without listeners', async (t) => {
  const { visitor, accepted } = await visit()
  const before = listeners(accepted)
  visitor.write(Buffer.concat([HELLO, Buffer.from('early')]))
  t.same(await peek(accepted), { hello: CLIENT, proxy: null })
  t.same(listeners(accepted), before)
  t.ok(accepted.isPaused())
  t.same(accepted.read(), Buffer.concat([HELLO, Buffer.from('early')]))
  visitor.write('later')
  accepted.resume()
  t.same(await once(accepted, 'data'), [Buffer.from('later')], 'the socket can be read on')
})

t.test('on a socket that was accepted paused', async (t) => {
  const paused = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(paused, 'listening')
  const visitor = connect((paused.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(paused, 'connection')) as [Socket]
  visitor.write(HELLO)
  t.same((await peek(accepted)).hello, CLIENT)
  t.same(accepted.read(), HELLO)
  visitor.destroy()
  accepted.destroy()
  paused.close()
})

t.test('a hello and the end of writing together', async (t) => {
  const { visitor, accepted } = await visit()
  visitor.end(HELLO)
  t.same((await peek(accepted)).hello, CLIENT)
  const got: Buffer[] = []
  accepted.on('data', (chunk: Buffer) => got.push(chunk)).resume()
  await once(accepted, 'end')
  t.same(Buffer.concat(got), HELLO, 'all bytes, then the end')
})

t.test('byte by byte', async (t) => {
  const { visitor, accepted } = await visit()
  const peeked = peek(accepted)
  for (let at = 0; at < HELLO.length; at++) {
    const next = once(accepted, 'data')
    visitor.write(HELLO.subarray(at, at + 1))
    await next
  }
  t.same((await peeked).hello, CLIENT)
  t.same(accepted.read(), HELLO)
})

t.test('behind a PROXY header, which is consumed', async (t) => {
  const source = { address: '192.0.2.1', port: 1 }
  const destination = { address: '192.0.2.2', port: 2 }
  for (const version of [1, 2] as const) {
    const header = encodeProxyHeader(version, { source, destination })
    const bytes = Buffer.concat([header, HELLO])
    for (const cut of [0, 1, 10, header.length - 1, header.length, header.length + 1, header.length + 40]) {
      const { visitor, accepted } = await visit()
      const peeked = peek(accepted, { trustedProxy: true })
      if (cut > 0) {
        const first = once(accepted, 'data')
        visitor.write(bytes.subarray(0, cut))
        await first
      }
      visitor.write(bytes.subarray(cut))
      t.same(await peeked, { hello: CLIENT, proxy: { version, command: 'proxy', source, destination } })
      t.same(accepted.read(), HELLO, `version ${version} cut at ${cut}`)
    }
  }
})

t.test('what is no hello', async (t) => {
  const cases: [string | Buffer, PeekOptions, string][] = [
    ['GET / HTTP/1.1\r\n\r\n', {}, 'UR_HELLO_PLAIN_HTTP'],
    ['SSH-2.0-OpenSSH\r\n', {}, 'UR_HELLO_NOT_TLS'],
    [Buffer.from([22, 9]), {}, 'UR_HELLO_INVALID'],
    [buildHello({ extensions: [sni('a_b')] }), {}, 'UR_HELLO_INVALID'],
    [HELLO, { maxBytes: 64 }, 'UR_HELLO_TOO_LONG'],
    [buildHello({ extensions: [extension(21, Buffer.alloc(20000))] }), {}, 'UR_HELLO_TOO_LONG'],
    [HELLO, { trustedProxy: true }, 'UR_PROXY_HEADER_INVALID'],
    ['PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n\r\n', { trustedProxy: true }, 'UR_HELLO_PLAIN_HTTP'],
    ['PROXY UNKNOWN\r\n', {}, 'UR_PROXY_HEADER_UNTRUSTED'],
    ['PROXY UNKNOWN\r\nPROXY UNKNOWN\r\n', { trustedProxy: true }, 'UR_HELLO_NOT_TLS'],
  ]
  for (const [bytes, options, code] of cases) {
    const made = await visit()
    made.visitor.write(bytes)
    await refused(t, made, options, code)
    made.accepted.end('bye')
    t.same(await once(made.visitor, 'data'), [Buffer.from('bye')], 'the socket can still be answered')
  }
})

t.test('silence and a half hello end at the deadline', async (t) => {
  t.match(await refused(t, await visit(), { timeoutMs: 30 }, 'UR_HELLO_TIMEOUT'), { message: /within 30 ms; 0 bytes/ })
  const made = await visit()
  made.visitor.write(HELLO.subarray(0, 100))
  t.match(await refused(t, made, { timeoutMs: 60 }, 'UR_HELLO_TIMEOUT'), { message: /100 bytes/ })
})

t.test('closed early', async (t) => {
  const ended = await visit()
  ended.visitor.end(HELLO.subarray(0, 7))
  t.match(await refused(t, ended, {}, 'UR_HELLO_CLOSED'), { message: /after 7 bytes/ })

  const reset = await visit()
  const rejected = refused(t, reset, {}, 'UR_HELLO_CLOSED')
  reset.visitor.resetAndDestroy()
  t.match(await rejected, { message: /ECONNRESET/ })

  const destroyed = await visit()
  const pending = refused(t, destroyed, {}, 'UR_HELLO_CLOSED')
  destroyed.accepted.destroy()
  await pending
  await refused(t, destroyed, {}, 'UR_HELLO_CLOSED')
})

t.test('a thousand silent connections cost little and all end at the deadline', async (t) => {
  const COUNT = 1000
  const visits: Visit[] = []
  for (let i = 0; i < COUNT; i++) visits.push(await visit())
  const { heapUsed } = process.memoryUsage()
  const peeks = visits.map(({ accepted }) =>
    peek(accepted, { timeoutMs: 200 }).catch((error: UniRouteError) => error.code),
  )
  const each = (process.memoryUsage().heapUsed - heapUsed) / COUNT
  t.ok(each < 8192, `${Math.round(each)} bytes of heap for each`)
  t.same(new Set(await Promise.all(peeks)), new Set(['UR_HELLO_TIMEOUT']))
  for (const { accepted } of visits) {
    if (accepted.listenerCount('data') > 0 || !accepted.isPaused()) t.fail('a listener was left')
  }
})
