import type { Clock } from '../../core/clock.js'
import type { Code } from '../../core/error-codes.js'
import type { Logger } from '../../core/logger.js'
import type { NumberName } from '../../metrics/index.js'
import type { AuditRecord, Store } from '../../store/index.js'
import type { Agents, Tunnel } from '../../tunnels/index.js'
import { AuditTrail } from './audit-trail.js'
import { startPruning } from './pruning.js'
import { TunnelHistory } from './tunnel-history.js'
import { UsageMeter } from './usage-meter.js'

export interface RecorderOptions {
  readonly store: Store
  readonly agents: () => Pick<Agents, 'accounts' | 'countTraffic'>
  /** Name of this server. */
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  /** Told of each entry that was written into the audit log from here. */
  onAudit(record: AuditRecord): void
}

/** What a running server writes down by itself: usage of accounts, history of tunnels, and a part of the audit log. */
export class Recorder {
  readonly audit: AuditTrail
  readonly #history: TunnelHistory
  readonly #usage: UsageMeter
  readonly #stopPruning: () => Promise<void>

  constructor({ store, agents, node, clock, log, onAudit }: RecorderOptions) {
    this.audit = new AuditTrail({ audit: store.audit, clock, log, onEntry: onAudit })
    this.#history = new TunnelHistory({ tunnels: store.tunnels, node, log })
    const traffic = () => {
      agents().countTraffic()
      return agents().accounts.entries()
    }
    this.#usage = new UsageMeter({ traffic, usage: store.usage, log })
    this.#stopPruning = startPruning(store.audit, store.tunnels, log)
  }

  /** Adds up what was used, and has it written. To be called every few seconds: as much is lost when the process is killed. */
  look(): void {
    this.#usage.look()
  }

  tunnelBound(tunnel: Tunnel): void {
    this.#history.bound(tunnel)
  }

  tunnelUnbound(tunnel: Tunnel, why: Code): void {
    this.#history.unbound(tunnel, why)
    if (why === 'UR_TAKEN_OVER') this.audit.takenOver(tunnel)
  }

  /** For the metrics page. */
  numbers(): Partial<Record<NumberName, number>> {
    return {
      usageWaiting: this.#usage.waiting,
      historyWaiting: this.#history.waiting,
      auditWaiting: this.audit.waiting,
      usageDropped: this.#usage.dropped,
      historyDropped: this.#history.dropped,
      auditDropped: this.audit.dropped,
    }
  }

  /** Writes what is left; call it when the last session is closed, and before the store is. */
  async close(): Promise<void> {
    await Promise.all([this.#usage.close(), this.#history.close(), this.audit.close(), this.#stopPruning()])
  }
}

/** Closes in the history what a process of this server's name left open that ended without a word. Throws StoreError. */
export async function closeLeftOpen({ tunnels }: Store, node: string, log: Logger): Promise<void> {
  const left = await tunnels.closeAllOf(node, 'crashed')
  if (left > 0) log.info({ tunnels: left }, 'tunnels of a process that ended without a word are closed in the history')
}
