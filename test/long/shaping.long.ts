import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { eventually, within } from '../support/hang.js'
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
  const source = createServer((socket) => flood(socket))
  let taken = 0
  let open = 0
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

t.test('10 MB/s are 10 MB/s, and whoever is not limited is as fast as before', { timeout: 600_000 }, async (t) => {
  const [server, upstream] = await Promise.all([Server.start(t), endless(t)])
  const limited = JSON.parse(
    (await server.uniroutd('token', 'create', 'limited', '--bytes-per-second', '10MB', '--json')).out,
  ) as { token: string }
  for (const direction of ['down', 'up'] as const) {
    const upstreamPort = String(upstream.ports[direction])
    const slow = await Agent.start(t, server, ['tcp', upstreamPort], { token: limited.token })
    const fast = await Agent.start(t, server, ['tcp', upstreamPort])
    const flows = (port: number, streams: number) => measure(port, streams, direction, upstream)
    const alone = await flows(fast.port(), 1)
    for (const streams of [1, 50]) {
      const rate = await flows(slow.port(), streams)
      t.ok(Math.abs(rate / RATE - 1) < 0.05, `${direction}, ${streams} streams: ${(rate / 1e6).toFixed(2)} MB/s`)
    }
    if (direction === 'up') continue
    const [beside, held] = await Promise.all([flows(fast.port(), 1), flows(slow.port(), 50)])
    // What else the machine does counts in both.
    const least = Math.min(alone, await flows(fast.port(), 1))
    const text = `${(beside / 1e6).toFixed(0)} of ${(least / 1e6).toFixed(0)} MB/s`
    t.ok(beside > 0.6 * least, `not limited, beside 50 streams of ${(held / 1e6).toFixed(2)} MB/s: ${text}`)
    t.ok(Math.abs(held / RATE - 1) < 0.05, 'which keep theirs')
  }
})

/** Bytes a second that so many streams move together. */
async function measure(port: number, streams: number, direction: Direction, upstream: Endless): Promise<number> {
  await upstream.quiet()
  const sockets = Array.from({ length: streams }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  await within('the connections', Promise.all(sockets.map((socket) => once(socket, 'connect'))))
  let got = 0
  for (const socket of sockets) {
    if (direction === 'up') flood(socket)
    else socket.on('data', (chunk) => (got += chunk.length))
  }
  const moved = (): number => (direction === 'up' ? upstream.taken() : got)
  const [start, before] = [performance.now(), moved()]
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
  const rate = ((moved() - before) / (performance.now() - start)) * 1000
  for (const socket of sockets) socket.destroy()
  return rate
}
