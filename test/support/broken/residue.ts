import { eventually } from '../hang.js'
import { memoryOf, openDescriptors, residentBytes } from '../memory.js'
import type { Server } from '../product.js'
import type { Process } from '../processes.js'

/** What a process holds. */
export interface Held {
  readonly descriptors: number
  /** Live objects and buffers, bytes. */
  readonly memory: number
  /** Bytes that the system has given it. */
  readonly resident: number
}

/** What must be nothing when no request is there. */
const NOTHING = [
  'uniroute_streams',
  'uniroute_http_requests_in_flight',
  'uniroute_http_requests_held',
  'uniroute_http_requests_held_bytes',
  'uniroute_held_sessions',
]

/** Waits until the server has no stream and no request left; `closeIdle` ends the connections that it keeps for more. */
export function settled(server: Server, closeIdle: () => void): Promise<void> {
  return eventually('every request and stream to be over', async () => {
    closeIdle()
    for (const name of NOTHING) {
      const value = await server.metric(name)
      if (value !== 0) throw new Error(`${name} is ${value}`)
    }
  })
}

/** What a process, started with TELLS_MEMORY, holds once it has no more descriptors than `before`. */
export async function heldBy(process: Process, before: Held | null): Promise<Held> {
  const descriptors = await eventually(`the sockets of ${process.name} to be closed`, async () => {
    const open = await openDescriptors(process.pid)
    if (before !== null && open > before.descriptors) throw new Error(`${open}, and there were ${before.descriptors}`)
    return open
  })
  return { descriptors, memory: await memoryOf(process), resident: await residentBytes(process.pid) }
}
