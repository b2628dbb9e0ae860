export type { ProofChange, WatchRules } from './domain-watch.js'
export type { NameRules } from './gate.js'
export { Names, type NamesOptions } from './names.js'
export { proofEntry } from './proof-entry.js'
export { type DnsRecord, lookForPointing, type PointingAnswer, type ProofAnswer } from './proof.js'
export { type ReservationState, stateOf } from './state.js'
export {
  checkDomain,
  checkName,
  type CheckedName,
  type DomainAnswer,
  findReservation,
  listReservations,
  removeReservation,
  type ReservationView,
  reserveAny,
  type ReserveContext,
  reserveDomain,
  reservePort,
  type ReserveSettings,
  reserveSubdomain,
  type Standing,
  standingOf,
} from './operations.js'
