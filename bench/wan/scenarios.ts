import type { Place } from '../lib/place.js'
import { connectTo, exchange } from '../lib/sockets.js'
import { quantile } from '../lib/stats.js'
import { runFlow, startIperfServer } from '../measure/iperf.js'
import type { TunnelMeasurement } from '../measure/measurement.js'
import type { Tunnel } from '../tools/tool.js'

const DELAY_MS = 25
const RATE_MBIT = 500
/** What one round trip holds at full rate: the queue doubles the round trip when a sender fills it. */
const QUEUE_KB = 3200
/** Slow start and growing windows do not count. */
const OMIT_SECONDS = 2
const MBIT = 8 / 1e6

/** A measurement over a path with this loss and congestion control. */
export interface Scenario extends TunnelMeasurement {
  /** Arguments of path.sh. */
  path: readonly string[]
}

function pathOf(lossPercent: number, congestion: 'cubic' | 'bbr'): string[] {
  return [DELAY_MS, RATE_MBIT, QUEUE_KB, lossPercent].map(String).concat(congestion)
}

function flows(id: string, title: string, streams: number, direction: 'down' | 'up', path: string[]): Scenario {
  return {
    id,
    path,
    figures: [{ key: 'rate', title: `${title}, Mbit/s`, better: 'more', digits: 0 }],
    async run(tunnel, place, seconds) {
      const server = await startIperfServer(place)
      try {
        const flow = { direction, seconds, omit: OMIT_SECONDS, streams }
        return { rate: (await runFlow(tunnel, place, flow)).bytesPerSecond * MBIT }
      } finally {
        await place.processes.end(server)
      }
    },
  }
}

const newConnection: Scenario = {
  id: 'new-connection',
  path: pathOf(0, 'cubic'),
  figures: [{ key: 'p50', title: 'new connection and answer, ms', better: 'less', digits: 1 }],
  async run(tunnel, place) {
    const samples: number[] = []
    const { request, answerBytes } = await knownAnswer(tunnel, place)
    for (let count = 0; count < 10; count++) {
      await pause(200)
      const start = performance.now()
      const socket = await connectTo({ host: tunnel.host, port: tunnel.ports.http })
      await exchange(socket, request, answerBytes)
      samples.push(performance.now() - start)
      socket.destroy()
    }
    return { p50: quantile(samples, 0.5) }
  },
}

const smallBesideBulk: Scenario = {
  id: 'small-beside-bulk',
  path: pathOf(0, 'cubic'),
  figures: [
    { key: 'p99', title: 'small request beside a bulk flow, p99 ms', better: 'less', digits: 1 },
    { key: 'p50', title: 'the same, p50 ms', better: 'less', digits: 1 },
    { key: 'rate', title: 'the bulk flow meanwhile, Mbit/s', better: 'more', digits: 0 },
  ],
  async run(tunnel, place, seconds) {
    const { request, answerBytes } = await knownAnswer(tunnel, place)
    const server = await startIperfServer(place)
    try {
      const flow = runFlow(tunnel, place, { direction: 'down', seconds, omit: OMIT_SECONDS, streams: 1 })
      const one = async (): Promise<number[]> => {
        await pause(OMIT_SECONDS * 1000 + 500)
        const end = performance.now() + (seconds - 1) * 1000
        const socket = await connectTo({ host: tunnel.host, port: tunnel.ports.http })
        const samples: number[] = []
        while (performance.now() < end) {
          samples.push(await exchange(socket, request, answerBytes))
          await pause(10)
        }
        socket.destroy()
        return samples
      }
      const [samples, { bytesPerSecond }] = await Promise.all([Promise.all([one(), one(), one(), one()]), flow])
      const all = samples.flat()
      return { p99: quantile(all, 0.99), p50: quantile(all, 0.5), rate: bytesPerSecond * MBIT }
    } finally {
      await place.processes.end(server)
    }
  },
}

/** Rows of the second table, in its order. */
export const WAN: readonly Scenario[] = [
  newConnection,
  flows('flow-down', 'one flow to the visitor, no loss', 1, 'down', pathOf(0, 'cubic')),
  flows('flow-up', 'one flow to the upstream, no loss', 1, 'up', pathOf(0, 'cubic')),
  flows('flow-bbr', 'one flow to the visitor, 0.5 % loss, BBR', 1, 'down', pathOf(0.5, 'bbr')),
  flows('flow-cubic', 'one flow to the visitor, 0.05 % loss, cubic', 1, 'down', pathOf(0.05, 'cubic')),
  flows('flow-cubic-up', 'one flow to the upstream, 0.05 % loss, cubic', 1, 'up', pathOf(0.05, 'cubic')),
  flows('flow-cubic-lossy', 'one flow to the visitor, 0.5 % loss, cubic', 1, 'down', pathOf(0.5, 'cubic')),
  flows('eight-cubic', 'eight flows to the visitor, 0.05 % loss, cubic', 8, 'down', pathOf(0.05, 'cubic')),
  smallBesideBulk,
]

/** A request, and the length of its answer, which is always the same. */
async function knownAnswer(tunnel: Tunnel, place: Place): Promise<{ request: Buffer; answerBytes: number }> {
  const request = Buffer.from('GET / HTTP/1.1\r\nHost: bench\r\n\r\n')
  const direct = await connectTo({ host: place.upstreamHost, port: place.upstreams.http })
  const answerBytes = await new Promise<number>((resolve) => {
    direct.once('data', (chunk) => resolve(chunk.length)).write(request)
  })
  direct.destroy()
  // One visit through the tunnel, as any tunnel that is in use has seen.
  const first = await connectTo({ host: tunnel.host, port: tunnel.ports.http })
  await exchange(first, request, answerBytes)
  first.destroy()
  return { request, answerBytes }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
