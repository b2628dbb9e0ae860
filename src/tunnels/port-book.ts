import type { PortLease, PortOpener, TunnelTable } from './api.js'
import type { Tunnel } from './tunnel.js'

interface Entry {
  tunnel: Tunnel
  readonly lease: Promise<PortLease>
  /** Once the port listens. */
  open: PortLease | null
}

/** Which tunnel holds which public port. A port is claimed before it listens, so that two binds cannot race for it. */
export class PortBook {
  readonly #entries = new Map<number, Entry>()
  readonly #opener: PortOpener
  readonly #table: TunnelTable

  constructor(opener: PortOpener, table: TunnelTable) {
    this.#opener = opener
    this.#table = table
  }

  holder(port: number): Tunnel | undefined {
    return this.#entries.get(port)?.tunnel
  }

  /**
   * Gives the port to `tunnel`: opens it when it was free, otherwise hands it on with its listener.
   * Throws what the opener throws; the port is free then.
   */
  async give(port: number, tunnel: Tunnel): Promise<void> {
    let entry = this.#entries.get(port)
    if (entry === undefined) {
      entry = { tunnel, lease: this.#opener.open(port), open: null }
      this.#entries.set(port, entry)
    } else {
      entry.tunnel = tunnel
    }
    this.#table.setPort(port, tunnel)
    try {
      entry.open = await entry.lease
    } catch (error) {
      if (this.#entries.get(port) === entry) this.#entries.delete(port)
      this.#table.deletePort(port, entry.tunnel)
      throw error
    }
  }

  /** Closes the tunnel's port, unless it was handed on. */
  release(tunnel: Tunnel): void {
    const port = tunnel.port
    if (port === null) return
    const entry = this.#entries.get(port)
    if (entry?.tunnel !== tunnel) return
    this.#entries.delete(port)
    this.#table.deletePort(port, tunnel)
    // At once where that can be: the agent's next message may ask for the same port.
    if (entry.open !== null) return entry.open.close()
    // A failure to open was told to whoever asked for the port.
    entry.lease.then(
      (lease) => lease.close(),
      () => undefined,
    )
  }
}
