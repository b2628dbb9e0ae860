import { ReservationBook } from '../../src/names/book.js'
import { NameGate, type NameRules } from '../../src/names/gate.js'
import type { ReservationKind, ReservationRecord } from '../../src/store/index.js'

export const DOMAIN = 'tunnels.example.com'

let last = 0

/** A reservation as the database gives it; a domain is proved unless told otherwise. */
export function record(
  accountId: string,
  kind: ReservationKind,
  value: string,
  given: Partial<ReservationRecord> = {},
): ReservationRecord {
  const proved = kind === 'domain' ? new Date() : null
  return {
    id: `res_${++last}`,
    accountId,
    kind,
    value,
    createdAt: new Date(),
    proof: kind === 'domain' ? 'uniroute-proof=0' : null,
    verifiedAt: proved,
    failingSince: null,
    ...given,
  }
}

/** A gate over a book with these reservations. */
export function gateOf(records: readonly ReservationRecord[], rules: Partial<NameRules> = {}) {
  const book = new ReservationBook(DOMAIN)
  for (const each of records) book.set(each)
  const gate = new NameGate(book, DOMAIN, { refusedLabels: ['www', 'admin'], customDomains: 'reserved', ...rules })
  return { book, gate }
}
