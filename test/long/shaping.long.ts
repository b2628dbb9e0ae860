import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { eventually, pause, within } from '../support/hang.js'
import { listen } from '../support/places.js'
import { Agent, Server } from '../support/product.js'

const RATE = 10_000_000
const SECONDS = 10
const CHUNK = Buffer.alloc(64 * 1024)

type Direction = 'down' | 'up'

interface Endless {
  readonly ports: Record<Direction, number>
  /** Bytes that the one that takes has got. */
  taken(): number
  /** Nothing is on its way to it any more. */
  quiet(): Promise<void>
}

/** An upstream that sends, and one that takes, without end. */
async function endless(t: Test): Promise<Endless> {
  let taken = 0
  let open = 0
  const source = createServer((socket) => {
    open++
    socket.on('close', () => open--)
    flood(socket)
  })
  const sink = createServer((socket) => {
    open++
    socket.on('close', () => open--)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => (taken += chunk.length))
  })
  t.teardown(() => [source, sink].forEach((server) => server.close()))
  return {
    ports: { down: await listen(source), up: await listen(sink) },
    taken: () => taken,
    quiet: () => eventually('the end of all connections', () => must(open === 0)),
  }
}

function must(isSo: boolean): Promise<void> {
  return isSo ? Promise.resolve() : Promise.reject(new Error('not yet'))
}

function flood(socket: Socket): void {
  socket.on('error', () => undefined)
  const more = (): void => {
    while (!socket.destroyed && socket.write(CHUNK));
  }
  socket.on('drain', more)
  more()
}

t.test('10 MB/s are 10 MB/s, on one and on 50 streams, both ways', { timeout: 600_000 }, async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), endless(t)])
  const token = await limitedToken(server)
  for (const direction of ['down', 'up'] as const) {
    const agent = await Agent.start(t, server, ['tcp', String(upstream.ports[direction])], { token })
    for (const streams of [1, 50]) {
      const rate = await measure(agent.port(), streams, direction, upstream)
      t.ok(Math.abs(rate / RATE - 1) < 0.05, `${direction}, ${streams} streams: ${(rate / 1e6).toFixed(2)} MB/s`)
    }
  }
})

/** Beside which one who is not limited is measured: 50 streams of 10 MB/s together. */
const LOADS = ['shaped', 'even'] as const
const ROUNDS = 8
/** How long a load runs before it is measured beside: windows and buffers are filled at once. */
const SETTLE_MS = 1_000
const BESIDE_MS = 2_000
/** The shaper may cost the neighbour so much more than the same bytes do that nobody shapes. */
const LEAST_SHARE = 0.75

t.test('whoever is not limited is as fast beside 50 shaped streams as beside 50 that send no more', async (t) => {
  const [server, upstream, paced] = await Promise.all([Server.start(t), endless(t), evenSource(t)])
  const token = await limitedToken(server)
  const [shaped, even, free] = await Promise.all([
    Agent.start(t, server, ['tcp', String(upstream.ports.down)], { token }),
    Agent.start(t, server, ['tcp', String(paced)]),
    Agent.start(t, server, ['tcp', String(upstream.ports.down)]),
  ])
  const ports = { shaped: shaped.port(), even: even.port() }
  const moved = { shaped: { free: 0, load: 0, ms: 0 }, even: { free: 0, load: 0, ms: 0 } }
  for (let round = 0; round < ROUNDS; round++) {
    // Each comes first as often as second: what else the machine does counts in both.
    for (const load of round % 2 === 0 ? LOADS : [...LOADS].reverse()) {
      const [one, many] = [await download(free.port(), 1), await download(ports[load], 50)]
      await pause(SETTLE_MS)
      const [start, before] = [performance.now(), [one.bytes(), many.bytes()] as const]
      await pause(BESIDE_MS)
      moved[load].free += one.bytes() - before[0]
      moved[load].load += many.bytes() - before[1]
      moved[load].ms += performance.now() - start
      one.end()
      many.end()
      await upstream.quiet()
    }
  }
  const speed = (load: 'shaped' | 'even', of: 'free' | 'load') => moved[load][of] / moved[load].ms / 1000
  const texts = LOADS.map(
    (load) => `${speed(load, 'free').toFixed(0)} MB/s beside ${load} ${speed(load, 'load').toFixed(2)}`,
  )
  const share = speed('shaped', 'free') / speed('even', 'free')
  t.ok(share > LEAST_SHARE, `${texts.join(', ')}: ${(share * 100).toFixed(0)} %`)
  t.ok(Math.abs(speed('shaped', 'load') / 10 - 1) < 0.1, 'the shaped ones keep their rate')
})

async function limitedToken(server: Server): Promise<string> {
  const made = await server.uniroutd('token', 'create', 'limited', '--bytes-per-second', '10MB', '--json')
  return (JSON.parse(made.out) as { token: string }).token
}

/** An upstream that sends RATE to all of its connections together, by turns. Gives its port. */
async function evenSource(t: Test): Promise<number> {
  const open: Socket[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('close', () => open.splice(open.indexOf(socket), 1))
    open.push(socket)
  })
  let [turn, due, at] = [0, 0, performance.now()]
  const timer = setInterval(() => {
    const now = performance.now()
    due = Math.min(RATE / 10, due + ((now - at) * RATE) / 1000)
    at = now
    for (; due >= CHUNK.length && open.length > 0; due -= CHUNK.length) open[turn++ % open.length]?.write(CHUNK)
  }, 10)
  t.teardown(() => {
    clearInterval(timer)
    server.close()
  })
  return listen(server)
}

/** Visitors that read for as long as they are there. */
async function download(port: number, streams: number): Promise<{ bytes(): number; end(): void }> {
  const sockets = await connections(port, streams)
  let bytes = 0
  for (const socket of sockets) socket.on('data', (chunk) => (bytes += chunk.length))
  return { bytes: () => bytes, end: () => sockets.forEach((socket) => socket.destroy()) }
}

async function connections(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  await within('the connections', Promise.all(sockets.map((socket) => once(socket, 'connect'))))
  return sockets
}

/** Bytes a second that so many streams move together. */
async function measure(port: number, streams: number, direction: Direction, upstream: Endless): Promise<number> {
  await upstream.quiet()
  const sockets = await connections(port, streams)
  let got = 0
  for (const socket of sockets) {
    if (direction === 'up') flood(socket)
    else socket.on('data', (chunk) => (got += chunk.length))
  }
  const moved = (): number => (direction === 'up' ? upstream.taken() : got)
  const [start, before] = [performance.now(), moved()]
  await pause(SECONDS * 1000)
  const rate = ((moved() - before) / (performance.now() - start)) * 1000
  for (const socket of sockets) socket.destroy()
  return rate
}
