import { fileURLToPath } from 'node:url'
import type { Place } from '../lib/place.js'
import type { Tunnel } from '../tools/tool.js'

const part = fileURLToPath(new URL('../parts/agents.js', import.meta.url))

/** Runs `measure` with the pids of our own server while so many idle agents are bound to it; `onlineMs`: limit against hangs. */
export async function withIdleAgents<T>(
  tunnel: Tunnel,
  place: Place,
  { count, onlineMs }: { readonly count: number; readonly onlineMs: number },
  measure: (server: readonly number[]) => Promise<T>,
): Promise<T> {
  const { tls, ca, token } = ownServer(tunnel)
  const command = [process.execPath, part, tls, ca, String(count)]
  const agents = place.processes.start('agents', command, { env: { ...process.env, BENCH_TOKEN: token } })
  try {
    await agents.line('online ', onlineMs)
    return await measure(pidsOf(tunnel))
  } finally {
    await place.processes.end(agents)
  }
}

export function pidsOf({ server }: Tunnel): number[] {
  return server.map((program) => program.pid)
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function ownServer({ uniroute }: Tunnel): NonNullable<Tunnel['uniroute']> {
  if (uniroute === undefined) throw new Error('only our own server is asked for this')
  return uniroute
}
