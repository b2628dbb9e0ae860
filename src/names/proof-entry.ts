import type { AuditEntry, ReservationRecord } from '../store/index.js'
import type { ProofChange } from './domain-watch.js'

/** What the audit log says when a reserved domain became its account's, or is no more, by what DNS says. */
export function proofEntry(actor: string, change: ProofChange, reservation: ReservationRecord): AuditEntry {
  const { id, accountId, value, failingSince } = reservation
  const since = failingSince === null ? {} : { missing_since: failingSince.toISOString() }
  return {
    actor,
    action: `reservation.${change}`,
    object: id,
    details: { account: accountId, domain: value, ...since },
  }
}
