import type { ReservationRecord } from '../store/index.js'

/**
 * How a reservation stands. Subdomains and ports are `reserved`. Domains: `unproved` (the proof was never found), `proved`,
 * `failing` (it is missing, within the grace time), `lapsed` (for longer: the account has the domain no more, until the
 * proof is back).
 */
export type ReservationState = 'reserved' | 'unproved' | 'proved' | 'failing' | 'lapsed'

/** How a reservation stands now. */
export function stateOf({ kind, verifiedAt, failingSince }: ReservationRecord): ReservationState {
  if (kind !== 'domain') return 'reserved'
  if (verifiedAt === null) return failingSince === null ? 'unproved' : 'lapsed'
  return failingSince === null ? 'proved' : 'failing'
}
