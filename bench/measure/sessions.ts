import { memoryOf } from '../lib/proc.js'
import { pause, pidsOf, withIdleAgents } from './idle-agents.js'
import type { TunnelMeasurement } from './measurement.js'

const SESSIONS = 1000
const SETTLE_MS = 3000
/** Limit against hangs. */
const MS = 120_000

/** What each of 1,000 idle sessions, with one tunnel each, adds to the memory of the server. */
export const sessions: TunnelMeasurement = {
  id: 'sessions',
  figures: [
    { key: 'rss', title: 'server memory per idle session (1,000), KiB (RSS)', better: 'less', digits: 1 },
    { key: 'pss', title: 'the same, KiB (PSS)', better: 'less', digits: 1 },
  ],
  only: (column) => column === 'uniroute',
  async run(tunnel, place) {
    await pause(SETTLE_MS)
    const before = memoryOf(pidsOf(tunnel))
    return withIdleAgents(tunnel, place, { count: SESSIONS, onlineMs: MS }, async (server) => {
      await pause(SETTLE_MS)
      const after = memoryOf(server)
      return { rss: (after.rss - before.rss) / SESSIONS, pss: (after.pss - before.pss) / SESSIONS }
    })
  },
}
