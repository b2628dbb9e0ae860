import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import tls from 'node:tls'
import { peek } from '../../src/hello/peek.js'
import { Authority } from '../support/certificates.js'
import { HANG_MS, within } from '../support/hang.js'
import { RECORDED_HELLOS } from '../support/recorded-hellos.js'

/*
 * After a peek, Node's native TLS takes the socket over by `tlsServer.emit('connection', socket)`. Between the client
 * and the server stands a relay that hands the first flight on in two pieces, so that every cut is tried.
 */

const NAME = 'db.example.com'
let authority: Authority
let tlsServer: tls.Server
let front: Server
let arrived: (socket: Socket) => void = () => {}
let greeted: string | null = null

t.before(async () => {
  authority = await Authority.create(t, 'hello tests')
  const pair = await authority.issue([NAME])
  tlsServer = tls.createServer(
    { key: await readFile(pair.key), cert: await readFile(pair.cert), ALPNProtocols: ['echo'] },
    (socket) => socket.on('error', () => {}).pipe(socket),
  )
  front = createServer((socket) => {
    socket.on('error', () => {})
    arrived(socket)
    peek(socket).then(
      ({ hello }) => {
        greeted = hello.sni
        tlsServer.emit('connection', socket)
      },
      (error: unknown) => {
        greeted = String(error)
        socket.destroy()
      },
    )
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
})
t.after(() => {
  front.close()
  tlsServer.close()
})

/** A port that leads to the front; the first flight goes on in pieces, each only after the one before was read. */
async function cuttingRelay(pieces: (flight: Buffer) => Buffer[]): Promise<Server> {
  const relay = createServer((client) => {
    const peer = new Promise<Socket>((resolve) => (arrived = resolve))
    const onward = connect({ port: (front.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
    client
      .on('error', () => onward.destroy())
      .once('data', async (flight) => {
        client.pause()
        const socket = await peer
        let sent = 0
        for (const piece of pieces(flight)) {
          onward.write(piece)
          sent += piece.length
          while (socket.bytesRead < sent && !socket.destroyed) await new Promise(setImmediate)
        }
        client.pipe(onward)
      })
    onward.on('error', () => client.destroy()).pipe(client)
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  return relay
}

async function nodeEcho(port: number): Promise<string> {
  const ca = await readFile(authority.ca)
  const client = tls.connect({ port, host: '127.0.0.1', servername: NAME, ca, ALPNProtocols: ['echo'] })
  client.write('ping')
  const [answer] = (await once(client, 'data')) as [Buffer]
  client.destroy()
  return answer.toString()
}

t.test('Node, cut at every byte of its hello', { timeout: 2 * HANG_MS }, async (t) => {
  let cut = 1
  let length = Infinity
  const relay = await cuttingRelay((flight) => {
    length = flight.length
    return [flight.subarray(0, cut), flight.subarray(cut)]
  })
  t.teardown(() => relay.close())
  const { port } = relay.address() as AddressInfo
  for (; cut < length; cut++) {
    greeted = null
    const answer = await within(`the echo with a cut at ${cut}`, nodeEcho(port))
    if (answer !== 'ping' || greeted !== NAME) t.fail(`cut at ${cut}: ${answer}, ${greeted}`)
  }
  t.ok(cut > 200, `${cut - 1} cuts`)
})

/** One `openssl s_client` that verifies the certificate and name, sends a line and returns all it printed. */
async function opensslEcho(port: number): Promise<string> {
  const verify = ['-CAfile', authority.ca, '-verify_return_error', '-verify_hostname', NAME]
  const to = ['-connect', `127.0.0.1:${port}`, '-servername', NAME, '-alpn', 'echo']
  const client = spawn('openssl', ['s_client', ...to, ...verify, '-quiet', '-no_ign_eof'], { stdio: 'pipe' })
  let printed = ''
  client.stderr.resume()
  client.stdout.on('data', (chunk: Buffer) => {
    printed += chunk
    client.stdin.end()
  })
  client.stdin.write('ping over openssl\n')
  await once(client, 'close')
  return printed
}

t.test('openssl, cut at some bytes, and byte by byte', { timeout: 2 * HANG_MS }, async (t) => {
  const everyByte = (flight: Buffer) => Array.from(flight, (byte) => Buffer.from([byte]))
  const cuts = [1, 2, 4, 5, 6, 8, 9, 10, 43, 44, 76, 100, 150, 200, 250]
  const ways = [everyByte, ...cuts.map((cut) => (flight: Buffer) => [flight.subarray(0, cut), flight.subarray(cut)])]
  for (const way of ways) {
    const relay = await cuttingRelay(way)
    greeted = null
    const printed = await within('openssl', opensslEcho((relay.address() as AddressInfo).port))
    t.match(printed, /ping over openssl/)
    t.equal(greeted, NAME)
    relay.close()
  }
})

t.test('a socket that goes before the rest of its hello came', async (t) => {
  const socket = connect((front.address() as AddressInfo).port, '127.0.0.1')
  const gone = once(socket, 'close')
  greeted = null
  socket.end(RECORDED_HELLOS.openssl13.bytes.subarray(0, 50))
  socket.resume()
  await within('the front to close', gone)
  t.match(greeted, /before a complete TLS ClientHello/)
})
