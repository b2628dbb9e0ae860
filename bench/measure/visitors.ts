import type { Socket } from 'node:net'
import { memoryOf } from '../lib/proc.js'
import { connectTo, exchange } from '../lib/sockets.js'
import { bothEnds, type TunnelMeasurement } from './measurement.js'

const VISITORS = 2000
const AT_ONCE = 50
const SETTLE_MS = 2000

/** Memory of an idle tunnel, and what each of 2,000 visitors adds who sent one byte, got it back, and stay. */
export const visitors: TunnelMeasurement = {
  id: 'visitors',
  figures: [
    { key: 'idle', title: 'memory of an idle tunnel, both ends, MiB (RSS)', better: 'less', digits: 1 },
    { key: 'rss', title: 'memory per idle visitor (2,000), both ends, KiB (RSS)', better: 'less', digits: 1 },
    { key: 'pss', title: 'the same, KiB (PSS)', better: 'less', digits: 1 },
  ],
  only: (column) => column !== 'direct',
  async run(tunnel) {
    const pids = bothEnds(tunnel)
    const sockets: Socket[] = []
    await settle()
    const before = memoryOf(pids)
    try {
      while (sockets.length < VISITORS) {
        const batch = await Promise.all(Array.from({ length: AT_ONCE }, () => visit(tunnel.host, tunnel.ports.echo)))
        sockets.push(...batch)
      }
      await settle()
      const lost = sockets.filter((socket) => socket.closed).length
      if (lost > 0) throw new Error(`${lost} of ${VISITORS} idle connections were closed`)
      const after = memoryOf(pids)
      const each = (key: 'rss' | 'pss'): number => (after[key] - before[key]) / VISITORS
      return { idle: before.rss / 1024, rss: each('rss'), pss: each('pss') }
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  },
}

async function visit(host: string, port: number): Promise<Socket> {
  const socket = await connectTo({ host, port }, 20_000)
  await exchange(socket, Buffer.from('!'), 1, 20_000)
  return socket
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
}
