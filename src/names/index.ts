export type { WatchRules } from './domain-watch.js'
export type { NameRules } from './gate.js'
export { Names, type NamesOptions } from './names.js'
export { type DnsRecord, lookForPointing, type PointingAnswer, type ProofAnswer } from './proof.js'
export {
  checkDomain,
  checkName,
  type CheckedName,
  type DomainAnswer,
  listReservations,
  removeReservation,
  type ReservationState,
  type ReservationView,
  reserveAny,
  type ReserveContext,
  reserveDomain,
  reservePort,
  type ReserveSettings,
  reserveSubdomain,
} from './operations.js'
