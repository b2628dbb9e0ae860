import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { eventually, within } from '../../support/hang.js'
import { everything, HttpTunnels, upstream } from '../../support/http-tunnel.js'

const HOST = 'shop.localhost'
const get = (path: string, ...fields: string[]) =>
  [`GET ${path} HTTP/1.1`, `Host: ${HOST}`, ...fields, '', ''].join('\r\n')

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A tunnel to an upstream that answers so. */
async function start(t: Test, answer: Answer, limits = {}) {
  const { port, server } = await upstream(t, answer)
  const tunnels = await HttpTunnels.start(t, limits)
  await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop', http: { scheme: 'both' } })
  return { tunnels, server }
}

/** Answers with the path, and the body behind it. */
const echo: Answer = (request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => response.end(`${request.url}${body}`))
}

t.test('requests that come before their answers are served in their order', async (t) => {
  const { tunnels } = await start(t, (request, response) => {
    // The first ones take longest.
    const turns = Math.max(0, 20 - 4 * Number(request.url?.slice(1)))
    const wait = (left: number): void => void (left > 0 ? setImmediate(wait, left - 1) : echo(request, response))
    wait(turns)
  })
  const posts = [0, 1, 2].map(
    (i) => `POST /${i} HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n`,
  )
  const text = posts.join('') + [3, 4, 5].map((i) => get(`/${i}`)).join('') + get('/6', 'Connection: close')
  for (const pieces of [[text], [...text], text.match(/[^]{1,50}/g) ?? []]) {
    const socket = tunnels.tls(HOST)
    for (const piece of pieces) socket.write(piece)
    const bodies = (await within('all answers', everything(socket))).match(/(?<=\r\n)\/\d(?:ab)?/g)
    t.same(bodies, ['/0ab', '/1ab', '/2ab', '/3', '/4', '/5', '/6'], `in ${pieces.length} pieces`)
  }
})

t.test('more requests than are read ahead', async (t) => {
  const { tunnels } = await start(t, echo)
  const count = 200
  const socket = tunnels.tls(HOST)
  for (let i = 0; i < count; i++) socket.write(get('/x', `X-Padding: ${'p'.repeat(1_000)}`))
  socket.write(get('/y', 'Connection: close'))
  const answers = await within('all answers', everything(socket))
  t.equal(answers.match(/\r\n\/x/g)?.length, count)
  t.match(answers, /\/y$/)
})

t.test('how long a connection lives by what both say', async (t) => {
  const { tunnels } = await start(t, (request, response) => {
    // Nobody knows how long it is.
    if (request.url === '/open') return void response.writeHead(200).write('open', () => response.end('ed'))
    echo(request, response)
  })
  const raw = (text: string) => tunnels.raw(HOST, text)
  t.match(await raw(get('/a', 'Connection: close')), /\r\nConnection: close\r\n/)
  t.match(await raw(`GET /a HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`), /^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n/)
  const kept = `GET /a HTTP/1.0\r\nHost: ${HOST}\r\nConnection: keep-alive\r\n\r\n`
  t.match(
    await raw(kept + `GET /open HTTP/1.0\r\nHost: ${HOST}\r\nConnection: keep-alive\r\n\r\n`),
    /\r\nConnection: keep-alive\r\n[^]*HTTP\/1\.1 200 (?![^]*chunked)[^]*\r\nConnection: close\r\n\r\nopened$/,
    'without a length, HTTP/1.0 reads until the end',
  )
  t.match(await raw(get('/a') + get('/b', 'Connection: close')), /\r\nKeep-Alive: timeout=75\r\n/)
  const upgrade = get('/c', 'Connection: Upgrade', 'Upgrade: echo')
  const answers = await raw(upgrade + get('/smuggled'))
  t.match(answers, /^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n[^]*\/c$/, 'an upgrade that nobody wants')
  t.notMatch(answers, /smuggled/, 'what came behind it may be of the other protocol')
})

t.test('a visitor who waits for 100 and gets the answer instead', async (t) => {
  const { tunnels, server } = await start(t, echo)
  server.on('checkContinue', (_: unknown, response: ServerResponse) => response.writeHead(403).end())
  const head = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: ${get('/x').length}\r\n\r\n`
  const socket = tunnels.tls(HOST)
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  socket.on('error', () => undefined)
  const end = once(socket, 'close')
  socket.write(head)
  await eventually('the answer', () =>
    text.includes('\r\n\r\n') ? Promise.resolve() : Promise.reject(new Error(`got ${text}`)),
  )
  // A request, or the body: nobody can tell.
  socket.write(get('/x'))
  await within('the end', end)
  t.match(text, /^HTTP\/1\.1 403 [^]*\r\nConnection: close\r\n/)
  t.equal(text.match(/HTTP\/1\.1 /g)?.length, 1)
})

t.test('an answer before the request is whole: the rest is let go by, and the connection goes on', async (t) => {
  const { tunnels } = await start(t, (request, response) => {
    request.on('error', () => undefined)
    if (request.url === '/no') response.writeHead(413, { 'content-length': 0 }).end()
    else echo(request, response)
  })
  const socket = tunnels.tls(HOST)
  const answers = everything(socket)
  let seen = ''
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString()))
  const size = 1_000_000
  socket.write(`POST /no HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${size}\r\n\r\nsome`)
  await eventually('413', () => (seen.includes(' 413 ') ? Promise.resolve() : Promise.reject(new Error(seen))))
  socket.write(Buffer.alloc(size - 4))
  socket.write(get('/next', 'Connection: close'))
  t.match(await within('both answers', answers), /^HTTP\/1\.1 413 [^]*HTTP\/1\.1 200 [^]*\/next$/)

  const stuck = await tunnels.raw(HOST, `POST /no HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 9\r\n\r\nsome`)
  t.match(stuck, /^HTTP\/1\.1 413 /, 'and ends when the rest does not come')
})

t.test('connections without a request end in their time', async (t) => {
  const limits = { http_idle_timeout: '1s', http_header_timeout: '2s' }
  const { tunnels } = await start(t, echo, limits)
  t.equal(await tunnels.raw(HOST, ''), '', 'nothing was sent, and nothing is answered')
  t.equal(await tunnels.raw(HOST, '\r\n\r\n'), '', 'empty lines are nothing')
  t.match(await tunnels.raw(HOST, get('/a')), /^HTTP\/1\.1 200 [^]*\/a$/, 'after an answer')
  t.match(await tunnels.raw(HOST, 'GET / HT'), /^HTTP\/1\.1 408 [^]*UR_HTTP_SLOW_VISITOR/)
  const plain = connect(tunnels.plainPort, '127.0.0.1')
  plain.write('SSH-2.0-OpenSSH\r\n')
  t.match(await within('the answer to another protocol', everything(plain)), /^HTTP\/1\.1 400 /)
})

t.test('a visitor who ends his side is gone, and the upstream is told', async (t) => {
  let told = (): void => undefined
  const gone = new Promise<void>((resolve) => (told = resolve))
  let asked = (): void => undefined
  const request = new Promise<void>((resolve) => (asked = resolve))
  const { tunnels } = await start(t, (request, response) => {
    response.once('close', told)
    asked()
  })
  const socket = tunnels.tls(HOST)
  socket.on('error', () => undefined)
  socket.write(get('/wait'))
  await within('the request', request)
  socket.end()
  await within('the end of the request', gone)
})

t.test('a stopping server lets answers end, and closes what waits', async (t) => {
  let finish = (): void => undefined
  let begin = (): void => undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const { tunnels } = await start(t, (request, response) => {
    if (request.url !== '/slow') return echo(request, response)
    response.write('begin ')
    finish = () => response.end('end')
    begin()
  })
  const idle = tunnels.tls(HOST)
  idle.write(get('/a'))
  await within('an answer', once(idle, 'data'))
  const busy = tunnels.tls(HOST)
  const answer = everything(busy)
  busy.write(get('/slow'))
  await within('the request', begun)
  const idleEnd = once(idle, 'close')
  const drained = tunnels.daemon.drain(20_000)
  await within('the end of what waits', idleEnd)
  finish()
  t.match(await within('the answer', answer), /begin [^]*end\r\n0\r\n\r\n$/)
  await within('the end of the server', drained)
})
