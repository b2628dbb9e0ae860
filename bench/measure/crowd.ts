import { cpuSeconds, memoryOf } from '../lib/proc.js'
import { pause, withIdleAgents } from './idle-agents.js'
import type { TunnelMeasurement } from './measurement.js'

const AGENTS = 10_000
const SETTLE_MS = 5_000
const REST_MS = 20_000
/** Limit against hangs. */
const MS = 600_000

/** 10,000 agents with one tunnel each, which come as fast as they can and then do nothing but keep their connections. */
export const crowd: TunnelMeasurement = {
  id: 'crowd',
  figures: [
    { key: 'seconds', title: '10,000 agents bound at once: until the last one is, s', better: 'less', digits: 1 },
    { key: 'memory', title: 'the same, memory of the server then, MiB (RSS)', better: 'less', digits: 0 },
    { key: 'rest', title: 'the same, CPU of the server at rest, % of a core', better: 'less', digits: 1 },
  ],
  only: (column) => column === 'uniroute',
  async run(tunnel, place) {
    const start = performance.now()
    return withIdleAgents(tunnel, place, { count: AGENTS, onlineMs: MS }, async (server) => {
      const seconds = (performance.now() - start) / 1000
      await pause(SETTLE_MS)
      const memory = memoryOf(server).rss / 1024
      const [before, at] = [cpuSeconds(server), performance.now()]
      await pause(REST_MS)
      const rest = (cpuSeconds(server) - before) / ((performance.now() - at) / 1000)
      return { seconds, memory, rest: 100 * rest }
    })
  },
}
