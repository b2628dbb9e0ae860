import { connect, createServer } from 'node:net'
import t from 'tap'
import { within } from '../../support/hang.js'
import { everything, HttpTunnels } from '../../support/http-tunnel.js'
import { listen } from '../../support/places.js'
import { startNginx } from '../../support/real-servers.js'

const HOST = 'shop.localhost'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok'

/** A request that is not what it seems: what we must answer, and (200) what the upstream may have seen of it. */
interface Case {
  readonly name: string
  readonly bytes: string
  readonly status: number
  readonly seen?: RegExp
  readonly unseen?: RegExp
}

const head = (...lines: string[]) =>
  ['POST /x HTTP/1.1', `Host: ${HOST}`, 'Connection: close', ...lines, '', ''].join('\r\n')
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'

const CASES: readonly Case[] = [
  {
    name: 'Content-Length and Transfer-Encoding',
    bytes: head('Content-Length: 4', 'Transfer-Encoding: chunked') + '0\r\n\r\n' + SMUGGLED,
    status: 400,
  },
  {
    name: 'Transfer-Encoding and Content-Length',
    bytes: head('Transfer-Encoding: chunked', 'Content-Length: 4') + '0\r\n\r\n' + SMUGGLED,
    status: 400,
  },
  {
    name: 'two values of Content-Length',
    bytes: head('Content-Length: 4', 'Content-Length: 5') + 'abcde',
    status: 400,
  },
  {
    name: 'the same Content-Length twice',
    bytes: head('Content-Length: 4', 'Content-Length: 4') + 'abcd',
    status: 400,
  },
  { name: 'a list in Content-Length', bytes: head('Content-Length: 4, 5') + 'abcde', status: 400 },
  { name: 'a sign in Content-Length', bytes: head('Content-Length: +4') + 'abcd', status: 400 },
  { name: 'a hexadecimal Content-Length', bytes: head('Content-Length: 0x4') + 'abcd', status: 400 },
  { name: 'a huge Content-Length', bytes: head('Content-Length: 99999999999999999999999') + 'abcd', status: 400 },
  { name: 'obs-fold', bytes: head('X-A: one', ' two', 'Content-Length: 0'), status: 400 },
  { name: 'obs-fold before Content-Length', bytes: head('X-A: one', '\tContent-Length: 4') + 'abcd', status: 400 },
  {
    name: 'a bare LF between fields',
    bytes: `POST /x HTTP/1.1\r\nHost: ${HOST}\nX-A: b\r\nContent-Length: 0\r\n\r\n`,
    status: 400,
  },
  { name: 'a bare LF as the end', bytes: `GET /x HTTP/1.1\nHost: ${HOST}\n\n`, status: 400 },
  { name: 'a bare CR in a value', bytes: head('X-A: b\rX-B: c', 'Content-Length: 0'), status: 400 },
  { name: 'NUL in a value', bytes: head('X-A: b\0c', 'Content-Length: 0'), status: 400 },
  { name: 'a space before the colon', bytes: head('Content-Length : 4') + 'abcd', status: 400 },
  { name: 'a name that is no token', bytes: head('X@(A): b', 'Content-Length: 0'), status: 400 },
  { name: 'Transfer-Encoding: xchunked', bytes: head('Transfer-Encoding: xchunked') + '0\r\n\r\n', status: 400 },
  {
    name: 'Transfer-Encoding: chunked, identity',
    bytes: head('Transfer-Encoding: chunked, identity') + '0\r\n\r\n',
    status: 400,
  },
  {
    name: 'Transfer-Encoding: gzip, chunked',
    bytes: head('Transfer-Encoding: gzip, chunked') + '0\r\n\r\n',
    status: 400,
  },
  {
    name: 'chunked twice',
    bytes: head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + '0\r\n\r\n',
    status: 400,
  },
  {
    name: 'Transfer-Encoding with a vertical tab',
    bytes: head('Transfer-Encoding: \x0bchunked') + '0\r\n\r\n',
    status: 400,
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0',
    bytes: `POST /x HTTP/1.0\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  { name: 'no size of a chunk', bytes: head('Transfer-Encoding: chunked') + 'zz\r\n', status: 400 },
  {
    name: 'a chunk that is longer than its size',
    bytes: head('Transfer-Encoding: chunked') + '1\r\nabc\r\n0\r\n\r\n',
    status: 400,
  },
  { name: 'a size with a bare LF', bytes: head('Transfer-Encoding: chunked') + '1\na\r\n0\r\n\r\n', status: 400 },
  { name: 'a huge size of a chunk', bytes: head('Transfer-Encoding: chunked') + 'ffffffffffffffffff\r\n', status: 400 },
  {
    name: 'Host twice',
    bytes: `GET /x HTTP/1.1\r\nHost: ${HOST}\r\nHost: other\r\nConnection: close\r\n\r\n`,
    status: 400,
  },
  { name: 'no Host', bytes: 'GET /x HTTP/1.1\r\nConnection: close\r\n\r\n', status: 400 },
  { name: 'a Host that is none', bytes: 'GET /x HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', status: 400 },
  {
    name: 'a target of another host',
    bytes: `GET http://other.localhost/x HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`,
    status: 400,
  },
  {
    name: 'a target that is no path',
    bytes: `GET x HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`,
    status: 400,
  },
  {
    name: 'a request line with a control character',
    bytes: `GET /x\x01 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
    status: 400,
  },
  { name: 'HTTP/2.0 in a request line', bytes: `GET /x HTTP/2.0\r\nHost: ${HOST}\r\n\r\n`, status: 400 },
  {
    name: 'a body behind an upgrade',
    bytes: head('Connection: Upgrade', 'Upgrade: foo', 'Content-Length: 4') + 'abcd',
    status: 400,
  },
  {
    name: 'the absolute form of its own host',
    bytes: `GET http://${HOST}/x HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`,
    status: 200,
    seen: /^GET \/x HTTP\/1\.1\r\n/,
  },
  {
    name: 'chunk extensions',
    bytes: head('Transfer-Encoding: chunked') + '2;a=b\r\nhi\r\n0\r\n\r\n',
    status: 200,
    seen: /Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n$/,
    unseen: /a=b/,
  },
  {
    name: 'Connection names a field',
    bytes: head('Connection: X-Secret', 'X-Secret: 1', 'Content-Length: 0'),
    status: 200,
    unseen: /x-secret/i,
  },
  {
    name: 'Transfer-Encoding: CHUNKED',
    bytes: head('Transfer-Encoding: CHUNKED') + '0\r\n\r\n',
    status: 200,
    seen: /Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n$/,
  },
]

t.test(
  'requests that can be read in two ways are answered 400, or the upstream gets them in one way only',
  async (t) => {
    let seen: string[] = []
    const server = createServer((socket) => {
      let text = ''
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        seen[seen.length - 1] = text
        if (/\r\n\r\n$/.test(text)) socket.end(ANSWER)
      })
      seen.push('')
    })
    t.teardown(() => server.close())
    const port = await listen(server)
    const tunnels = await HttpTunnels.start(t)
    await tunnels.agent({ name: 'web', upstream: port, subdomain: 'shop' })
    const nginx = await startNginx(
      t,
      `server { listen 127.0.0.1:$PORT; keepalive_timeout 1s; client_header_timeout 1s; client_body_timeout 1s;
        location / { proxy_pass http://127.0.0.1:${port}; proxy_read_timeout 1s; } }`,
    )
    for (const { name, bytes, status, seen: wanted, unseen } of CASES) {
      seen = []
      const socket = tunnels.tls(HOST)
      socket.write(Buffer.from(bytes, 'latin1'))
      const answer = await within(name, everything(socket))
      t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), name)
      t.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1, `${name}: one answer`)
      t.notMatch(seen.join(''), /smuggled/, `${name}: nothing came through`)
      if (wanted !== undefined) t.match(seen.join(''), wanted, name)
      if (unseen !== undefined) t.notMatch(seen.join(''), unseen, name)
      const got = JSON.stringify(seen.join(''))
      seen = []
      const other = connect(nginx.port, '127.0.0.1')
      other.on('error', () => undefined)
      // It takes who ends his side for gone.
      other.write(Buffer.from(bytes, 'latin1'))
      const its = await within(`${name} at nginx`, everything(other))
      t.comment(`${name}: we ${statusOf(answer)}, the upstream got ${got}`)
      t.comment(`${name}: nginx ${statusOf(its)}, the upstream got ${JSON.stringify(seen.join(''))}`)
      if (/^HTTP\/1\.1 (?:400|501|505) /.test(its)) t.equal(status, 400, `${name}: nginx refuses it too`)
    }
  },
)

function statusOf(answer: string): string {
  return answer.split(' ', 2)[1] ?? 'closed'
}
