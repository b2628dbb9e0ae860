import type { Logger } from '../../core/logger.js'
import type { AuditRepository, TunnelRepository } from '../../store/index.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** How long the audit log goes back, and how many entries it has at most. */
export const AUDIT_KEPT = { ms: 365 * DAY_MS, entries: 100_000 }
/** How long tunnels that are gone stay in the history. */
export const HISTORY_KEPT_MS = 90 * DAY_MS

/** Deletes what is too old from the database, now and every hour. Returns what ends that. */
export function startPruning(
  audit: Pick<AuditRepository, 'prune'>,
  tunnels: Pick<TunnelRepository, 'prune'>,
  log: Logger,
): () => Promise<void> {
  let turn = Promise.resolve()
  const prune = async (): Promise<void> => {
    try {
      const entries = await audit.prune(new Date(Date.now() - AUDIT_KEPT.ms), AUDIT_KEPT.entries)
      const history = await tunnels.prune(new Date(Date.now() - HISTORY_KEPT_MS))
      if (entries + history > 0) log.info({ audit: entries, tunnels: history }, 'old records deleted')
    } catch (error) {
      log.warn({ error }, 'old records could not be deleted; it is tried again in an hour')
    }
  }
  const next = (): void => void (turn = turn.then(prune))
  next()
  const timer = setInterval(next, HOUR_MS).unref()
  return () => {
    clearInterval(timer)
    return turn
  }
}
