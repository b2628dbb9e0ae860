import { fileURLToPath } from 'node:url'
import { memoryOf } from '../lib/proc.js'
import type { TunnelMeasurement } from './measurement.js'

const SESSIONS = 1000
const SETTLE_MS = 3000
const part = fileURLToPath(new URL('../parts/agents.js', import.meta.url))

/** What each of 1,000 idle sessions, with one tunnel each, adds to the memory of the server. */
export const sessions: TunnelMeasurement = {
  id: 'sessions',
  figures: [
    { key: 'rss', title: 'server memory per idle session (1,000), KiB (RSS)', better: 'less', digits: 1 },
    { key: 'pss', title: 'the same, KiB (PSS)', better: 'less', digits: 1 },
  ],
  only: (column) => column === 'uniroute',
  async run(tunnel, place) {
    if (tunnel.uniroute === undefined) throw new Error('only our own server is asked for this')
    const { tls, ca, token } = tunnel.uniroute
    const server = tunnel.server.map((program) => program.pid)
    await settle()
    const before = memoryOf(server)
    const command = [process.execPath, part, tls, ca, String(SESSIONS)]
    const agents = place.processes.start('agents', command, { env: { ...process.env, BENCH_TOKEN: token } })
    try {
      await agents.line('online ', 120_000)
      await settle()
      const after = memoryOf(server)
      return { rss: (after.rss - before.rss) / SESSIONS, pss: (after.pss - before.pss) / SESSIONS }
    } finally {
      await place.processes.end(agents)
    }
  },
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
}
