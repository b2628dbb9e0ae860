import type { Socket } from 'node:net'
import { connectTo, exchange } from '../lib/sockets.js'
import { quantile } from '../lib/stats.js'
import { runFlow, startIperfServer } from './iperf.js'
import type { TunnelMeasurement } from './measurement.js'
import { warmUp } from './requests.js'

const MESSAGE = Buffer.alloc(64, 'e')
const PAUSE_MS = 2

/** Delay of a 64-byte echo on an idle session, and while one stream to the visitor takes all it can get. */
export const echo: TunnelMeasurement = {
  id: 'echo',
  figures: [
    { key: 'idle50', title: '64-byte echo, idle session, p50 µs', better: 'less', digits: 0 },
    { key: 'idle99', title: '64-byte echo, idle session, p99 µs', better: 'less', digits: 0 },
    { key: 'busy50', title: '64-byte echo beside a saturating stream, p50 µs', better: 'less', digits: 0 },
    { key: 'busy99', title: '64-byte echo beside a saturating stream, p99 µs', better: 'less', digits: 0 },
    { key: 'busyRate', title: 'that stream meanwhile, MB/s', better: 'more', digits: 0 },
  ],
  async run(tunnel, place, seconds) {
    await warmUp(tunnel, place)
    const server = await startIperfServer(place)
    const socket = await connectTo({ host: tunnel.host, port: tunnel.ports.echo })
    try {
      await echoes(socket, 500)
      const idle = await echoes(socket, seconds * 1000)
      const flow = runFlow(tunnel, place, { direction: 'down', seconds: seconds + 1, omit: 1, streams: 1 })
      const [busy, { bytesPerSecond }] = await Promise.all([echoesAfter(socket, 1500, seconds * 1000 - 500), flow])
      return {
        idle50: quantile(idle, 0.5),
        idle99: quantile(idle, 0.99),
        busy50: quantile(busy, 0.5),
        busy99: quantile(busy, 0.99),
        busyRate: bytesPerSecond / 1e6,
      }
    } finally {
      socket.destroy()
      await place.processes.end(server)
    }
  },
}

async function echoesAfter(socket: Socket, delayMs: number, forMs: number): Promise<number[]> {
  await new Promise((resolve) => setTimeout(resolve, delayMs))
  return echoes(socket, forMs)
}

/** Round trips in microseconds, one after the other with a short pause between them. */
async function echoes(socket: Socket, forMs: number): Promise<number[]> {
  const end = performance.now() + forMs
  const samples: number[] = []
  while (performance.now() < end) {
    samples.push((await exchange(socket, MESSAGE, MESSAGE.length)) * 1000)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
  return samples
}
