import type { Clock } from '../core/clock.js'
import type { TunnelTable } from './api.js'
import type { Site } from './site.js'

/** Names that are remembered after their last agent has gone, and for how long, ms. */
const MOST = 4096
const REMEMBERED_MS = 3_600_000

/**
 * Host names of `http` tunnels without any agent. They are remembered for a while, so that visitors read that the agent
 * is away, and not that there is no such name; they are given to whoever asks for them.
 */
export class OfflineSites {
  readonly #table: TunnelTable
  readonly #clock: Clock
  /** Since when, ms of the clock; the oldest first. */
  readonly #sites = new Map<Site, number>()

  constructor(table: TunnelTable, clock: Clock) {
    this.#table = table
    this.#clock = clock
  }

  add(site: Site): void {
    const now = this.#clock.now()
    this.#sites.delete(site)
    this.#sites.set(site, now)
    for (const [oldest, since] of this.#sites) {
      if (this.#sites.size <= MOST && now - since < REMEMBERED_MS) return
      this.#sites.delete(oldest)
      this.#table.deleteHost(oldest.host, oldest)
    }
  }

  /** Frees the names that `isLost` says. */
  forget(isLost: (site: Site) => boolean): void {
    for (const site of this.#sites.keys()) {
      if (!isLost(site)) continue
      this.#sites.delete(site)
      this.#table.deleteHost(site.host, site)
    }
  }

  /** It has an agent again. */
  delete(site: Site): void {
    this.#sites.delete(site)
  }
}
