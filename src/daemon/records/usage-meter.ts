import type { Logger } from '../../core/logger.js'
import type { Amounts, UsageRecord, UsageRepository } from '../../store/index.js'
import type { Traffic } from '../../tunnels/index.js'
import { WriteBehind } from './write-behind.js'

/** Accounts and days that wait to be written; with the database gone for long, further ones are dropped. */
const MOST_ROWS = 50_000

export interface UsageMeterOptions {
  /** Running totals of accounts since the start, brought up to date. */
  traffic(): Iterable<[string, Traffic]>
  readonly usage: Pick<UsageRepository, 'add'>
  readonly log: Logger
  /** The time of the calendar, ms. Default `Date.now`. */
  readonly now?: () => number
  readonly retryMs?: number
}

const NOTHING: Amounts = { connections: 0, requests: 0, bytesIn: 0, bytesOut: 0 }

/** Adds up what accounts use, by day, and writes it with each look. The way of the bytes only counts. */
export class UsageMeter {
  readonly #options: UsageMeterOptions
  readonly #seen = new Map<string, Amounts>()
  readonly #writer: WriteBehind<UsageRecord>
  #waiting = new Map<string, UsageRecord>()
  #dropped = 0

  constructor(options: UsageMeterOptions) {
    this.#options = options
    const { usage, log, retryMs } = options
    this.#writer = new WriteBehind({
      what: 'usage of accounts',
      write: (batch) => usage.add(batch),
      most: MOST_ROWS,
      log,
      ...(retryMs === undefined ? {} : { retryMs }),
    })
  }

  /** Rows that are not written yet. */
  get waiting(): number {
    return this.#waiting.size + this.#writer.waiting
  }

  get dropped(): number {
    return this.#dropped + this.#writer.dropped
  }

  /** Takes what was used since the last look, for the day that it is now, and hands it on to be written. */
  look(): void {
    const { traffic, now = Date.now } = this.#options
    const day = new Date(now()).toISOString().slice(0, 10)
    for (const [accountId, used] of traffic()) {
      const { connections, requests, bytesIn, bytesOut } = used
      const before = this.#seen.get(accountId) ?? NOTHING
      const amounts = {
        connections: connections - before.connections,
        requests: requests - before.requests,
        bytesIn: bytesIn - before.bytesIn,
        bytesOut: bytesOut - before.bytesOut,
      }
      if (Object.values(amounts).every((amount) => amount === 0)) continue
      this.#seen.set(accountId, { connections, requests, bytesIn, bytesOut })
      this.#add({ accountId, day, ...amounts })
    }
    // While a write is under way, or fails, what comes is added up here: the rows stay as few as accounts and days.
    if (this.#writer.waiting > 0 || this.#waiting.size === 0) return
    const rows = this.#waiting
    this.#waiting = new Map()
    this.#writer.push(...rows.values())
  }

  /** Writes what is left; call it when the last visitor is gone, and before the store is closed. */
  async close(): Promise<void> {
    this.look()
    const rows = this.#waiting
    this.#waiting = new Map()
    this.#writer.push(...rows.values())
    await this.#writer.close()
  }

  #add(record: UsageRecord): void {
    const key = `${record.accountId} ${record.day}`
    const before = this.#waiting.get(key)
    if (before === undefined && this.#waiting.size >= MOST_ROWS) {
      this.#dropped++
      return
    }
    this.#waiting.set(key, {
      ...record,
      connections: record.connections + (before?.connections ?? 0),
      requests: record.requests + (before?.requests ?? 0),
      bytesIn: record.bytesIn + (before?.bytesIn ?? 0),
      bytesOut: record.bytesOut + (before?.bytesOut ?? 0),
    })
  }
}
