import type { ConnectionEnd, ConnectionInfo } from '../agent/index.js'
import type { ConnectionNote, InspectedTunnel } from './messages.js'

/** How often they are told, ms. */
const TOLD_MS = 50
/** Told at once; of more the oldest are left out. */
const MOST = 2_000

/** Collects what becomes of connections through tunnels. */
export class ConnectionNotes {
  readonly #tell: (notes: readonly ConnectionNote[]) => void
  /** Connections that are open and were told of, and the kind of their tunnel, which may be gone when they end. */
  readonly #open = new Map<string, InspectedTunnel['kind']>()
  #notes: ConnectionNote[] = []
  #timer: NodeJS.Timeout | null = null

  constructor(tell: (notes: readonly ConnectionNote[]) => void) {
    this.#tell = tell
  }

  opened({ id, tunnel, visitor }: ConnectionInfo, kind: InspectedTunnel['kind']): void {
    const fresh = { bytesIn: 0, bytesOut: 0, durationMs: null, problem: null }
    this.#open.set(id, kind)
    this.#add({ kind, began: { id, tunnel, visitor: withoutPort(visitor), startedAt: Date.now(), ...fresh } })
  }

  closed({ id, bytesIn, bytesOut, durationMs, error }: ConnectionEnd): void {
    const kind = this.#open.get(id)
    this.#open.delete(id)
    if (kind !== undefined)
      this.#add({ id, kind, ended: { bytesIn, bytesOut, durationMs, problem: error?.message ?? null } })
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #add(note: ConnectionNote): void {
    this.#notes.push(note)
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const notes = this.#notes.slice(-MOST)
      this.#notes = []
      this.#tell(notes)
    }, TOLD_MS).unref()
  }
}

/** `IP:PORT` or `[IP]:PORT` without the port. */
export function withoutPort(address: string): string {
  const colon = address.lastIndexOf(':')
  return colon < 0 ? address : address.slice(0, colon).replace(/^\[|\]$/g, '')
}
