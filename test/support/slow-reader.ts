import type { Test } from 'tap'
import { pause, within } from './hang.js'
import { MemoryWatch, residentBytes } from './memory.js'
import { Agent, Server } from './product.js'
import { drain, pump, RandomSource, startUpstream, visit, type Sum } from './pumps.js'

const MIB = 1024 ** 2
/** What each process may grow by. */
const GROWTH = 32 * MIB
const WARM_UP = 64 * MIB
const WARM_UPS = 16

/**
 * A visitor opens a download of `total` bytes, reads 1 MiB, and then nothing for `stalled` ms. Meanwhile the memory of
 * server and agent is watched and other visitors of the same session go on; at last the slow one reads the rest.
 */
export async function slowReader(t: Test, { total, stalled }: { total: number; stalled: number }): Promise<void> {
  const server = await Server.start(t)
  let size = WARM_UP
  let sent: Promise<Sum> = Promise.reject(new Error('nobody connected'))
  sent.catch(() => undefined)
  const source = await startUpstream(t, (socket) => {
    socket.resume()
    const sum = pump(socket, new RandomSource(size))
    sum.catch(() => undefined)
    if (size === total) sent = sum
  })
  const agent = await Agent.start(t, server, ['tcp', String(source.port), '--connections', '1'])

  // The same downloads first, without a slow reader: what a process grows by under load alone is not what one costs.
  const alone: number[] = []
  while (alone.length < WARM_UPS) {
    const visitor = await visit(agent.port())
    const { result, ms } = await timed(() => drain(visitor))
    t.equal(result.bytes, WARM_UP)
    alone.push(ms)
  }
  const aloneMs = median(alone)
  const pids = { server: server.process.pid, agent: agent.process.pid }
  const before = { server: await residentBytes(pids.server), agent: await residentBytes(pids.agent) }

  size = total
  const slow = await visit(agent.port())
  const received = drain(slow)
  received.catch(() => undefined)
  await within(
    'the first bytes',
    new Promise<void>((resolve) => void slow.on('data', () => slow.bytesRead > MIB && resolve())),
  )
  slow.pause()
  const watch = { server: new MemoryWatch(pids.server), agent: new MemoryWatch(pids.agent) }

  size = WARM_UP
  const end = performance.now() + stalled
  const times: number[] = []
  while (performance.now() < end) {
    const other = await visit(agent.port())
    times.push((await timed(() => drain(other))).ms)
    await pause(50)
  }

  for (const name of ['server', 'agent'] as const) {
    const grown = (await watch[name].stop()) - before[name]
    t.ok(grown < GROWTH, `the ${name} grew by ${(grown / MIB).toFixed(1)} MiB`)
  }
  const besideMs = median(times)
  t.ok(
    besideMs < aloneMs * 2,
    `${WARM_UP / MIB} MiB beside it take ${besideMs.toFixed(0)} ms, alone ${aloneMs.toFixed(0)} ms`,
  )

  slow.resume()
  const got = await within('the slow reader to read the rest', received, 300_000)
  t.same(got, await sent, 'the slow reader got every byte at last')
}

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1] ?? Infinity
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now()
  const result = await within('a download', work())
  return { result, ms: performance.now() - start }
}
