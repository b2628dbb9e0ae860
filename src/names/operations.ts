import { ConfigError, RefusedError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import { printable } from '../core/printable.js'
import { normaliseHost } from '../routing/index.js'
import type { AccountRecord, ReservationKind, ReservationRecord, Store } from '../store/index.js'
import { ReservationBook } from './book.js'
import { DnsClient } from '../dns/index.js'
import { noteAnswer, type ProofChange, type WatchRules } from './domain-watch.js'
import { NameGate, type NameRules } from './gate.js'
import {
  type DnsRecord,
  lookForPointing,
  lookForProof,
  newProof,
  pointingRecord,
  type PointingAnswer,
  type ProofAnswer,
  proofRecord,
} from './proof.js'
import { type ReservationState, stateOf } from './state.js'
import { unicodeName } from './unicode-name.js'

/** What the configuration of a server says to the operations on reservations. */
export interface ReserveSettings {
  /** The server's own name. */
  readonly domain: string
  readonly rules: NameRules
  readonly watch: WatchRules
  /** `listen.tcp_ports`: the ports that tunnels can have. */
  readonly ports: { find(port: number): unknown; toString(): string }
  readonly log: Logger
}

/** What the operations on reservations work with. */
export interface ReserveContext extends ReserveSettings {
  readonly store: Pick<Store, 'accounts' | 'reservations'>
  /** Told when what DNS says gives a reserved domain to its account, or takes it away. */
  onProof?(change: ProofChange, reservation: ReservationRecord): void
}

/** A reservation as operators and its account see it. */
export interface ReservationView extends ReservationRecord, Standing {
  readonly account: string
}

/** How a reservation stands with a server. */
export interface Standing {
  readonly state: ReservationState
  /** `failing`: from then on it lapses; otherwise null. */
  readonly lapsesAt: Date | null
  /** Domains: what their owner has to set in DNS. */
  readonly records: readonly DnsRecord[]
  /** Why it is of no use as the server is configured; null: it is. */
  readonly warning: string | null
}

/** What DNS says of a reserved domain. */
export interface DomainAnswer {
  readonly proof: ProofAnswer
  readonly pointing: PointingAnswer
}

/** Who may bind a name or port. */
export interface CheckedName {
  /** The whole host name, or the port in decimal. */
  readonly name: string
  /** The reservation that it falls under; null: there is none. */
  readonly reservation: ReservationView | null
  /** What DNS says, when that is the reservation of a domain. */
  readonly dns: DomainAnswer | null
  /** Why not everybody may bind it, when it is not reserved; null: everybody may. */
  readonly refusal: RefusedError | null
}

/** How long nobody else can reserve a domain that was reserved and not proved yet, ms: time to set a record. */
const UNPROVED_MS = 86_400_000

/**
 * Reserves a label below the server's domain (or the whole name) for an account, by its id or name.
 * Throws ConfigError UR_RESERVATION_INVALID; RefusedError UR_NAME_INVALID, UR_NAME_MIXED, UR_RESERVED, UR_ACCOUNT_NOT_FOUND.
 */
export async function reserveSubdomain(
  context: ReserveContext,
  label: string,
  account: string,
): Promise<ReservationView> {
  const { domain } = context
  const host = normaliseHost(label)
  const value = host?.endsWith(`.${domain}`) === true ? host.slice(0, -domain.length - 1) : host
  if (value === null || value.includes('.')) {
    throw invalid(
      label,
      `is no label below ${domain}. What to do: write one, such as shop; names below it come with it`,
    )
  }
  return reserve(context, { kind: 'subdomain', value, host: `${value}.${domain}` }, account)
}

/**
 * Reserves a domain outside of the server's own, with all names below it. It counts once its proof is found.
 * Throws as `reserveSubdomain`.
 */
export async function reserveDomain(context: ReserveContext, name: string, account: string): Promise<ReservationView> {
  const { domain } = context
  const host = normaliseHost(name.startsWith('*.') ? '' : name)
  if (host === null || !host.includes('.')) {
    throw invalid(name, 'is no domain. What to do: write one, such as shop.example.org; names below it come with it')
  }
  if (host === domain || host.endsWith(`.${domain}`) || domain.endsWith(`.${host}`)) {
    throw invalid(
      name,
      `has the server's own names in it, which nobody can prove to be his. What to do: write \`reserve subdomain\` for a name below ${domain}`,
    )
  }
  return reserve(context, { kind: 'domain', value: host, host, proof: newProof() }, account)
}

/** Reserves a public port. Throws as `reserveSubdomain`. */
export async function reservePort(context: ReserveContext, port: string, account: string): Promise<ReservationView> {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0
  if (number < 1 || number > 65_535) throw invalid(port, 'is no port. What to do: write a number from 1 to 65535')
  return reserve(context, { kind: 'port', value: String(number), host: null }, account)
}

/** Reserves what `kind` says. Throws as `reserveSubdomain`. */
export function reserveAny(
  context: ReserveContext,
  kind: ReservationKind,
  value: string,
  account: string,
): Promise<ReservationView> {
  return OF_KIND[kind](context, value, account)
}

const OF_KIND = { subdomain: reserveSubdomain, domain: reserveDomain, port: reservePort } as const

/** Every reservation, or those of one account by its id or name, oldest first. Throws RefusedError UR_ACCOUNT_NOT_FOUND. */
export async function listReservations(context: ReserveContext, account?: string): Promise<ReservationView[]> {
  const { accounts, reservations } = context.store
  const only = account === undefined ? undefined : await accounts.get(account)
  const [records, all] = await Promise.all([reservations.list(only?.id), accounts.list()])
  const names = new Map(all.map(({ id, name }) => [id, name]))
  return records.map((record) => viewOf(context, record, names.get(record.accountId) ?? record.accountId))
}

/**
 * Who may bind a name (a label below the server's domain, or a whole name) or port. The proof of a reserved domain is
 * looked for, and what was found counts. Throws ConfigError UR_RESERVATION_INVALID.
 */
export async function checkName(context: ReserveContext, name: string): Promise<CheckedName> {
  const target = targetOf(context, name)
  const book = await bookOf(context)
  const { host } = target
  const record =
    host === null ? book.holderOfPort(Number(target.value)) : (book.holderOf(host) ?? book.unprovedOf(host))
  if (record === null) {
    return { name: host ?? target.value, reservation: null, dns: null, refusal: refusalOf(context, book, host) }
  }
  const { name: account } = await context.store.accounts.get(record.accountId)
  if (record.kind !== 'domain') {
    return { name: host ?? target.value, reservation: viewOf(context, record, account), dns: null, refusal: null }
  }
  const { dns, proof } = await askDns(context, record)
  return { name: host ?? '', reservation: viewOf(context, { ...record, ...proof }, account), dns, refusal: null }
}

/** What DNS says of a reserved domain; what was found of the proof counts from now on. */
export async function checkDomain(context: ReserveContext, reservation: ReservationRecord): Promise<DomainAnswer> {
  return (await askDns(context, reservation)).dns
}

/** Gives up a reservation by its id, name or port; gives what it was. Throws RefusedError UR_RESERVATION_NOT_FOUND. */
export async function removeReservation(context: ReserveContext, what: string): Promise<ReservationRecord> {
  const found = await findReservation(context, what)
  await context.store.reservations.release(found.id)
  return found
}

/** A reservation by its id, name or port. Throws RefusedError UR_RESERVATION_NOT_FOUND. */
export async function findReservation(context: ReserveContext, what: string): Promise<ReservationRecord> {
  const { reservations } = context.store
  const found = what.startsWith('res_')
    ? (await reservations.list()).find(({ id }) => id === what)
    : await lookUp(context, what)
  if (!found) {
    throw new RefusedError(
      'UR_RESERVATION_NOT_FOUND',
      `No reservation has the id, name or port "${printable(what.slice(0, 253))}". ` +
        'What to do: `uniroutd reserve list` shows them.',
    )
  }
  return found
}

interface Target {
  readonly kind: ReservationKind
  readonly value: string
  /** Null for a port. */
  readonly host: string | null
}

function targetOf({ domain }: ReserveContext, name: string): Target {
  if (/^\d+$/.test(name)) return { kind: 'port', value: String(Number(name)), host: null }
  const host = normaliseHost(name.replace(/^\*\./, ''))
  if (host === null) throw invalid(name, 'is neither a host name nor a port')
  if (!host.includes('.') && host !== domain) return { kind: 'subdomain', value: host, host: `${host}.${domain}` }
  if (!host.endsWith(`.${domain}`)) return { kind: 'domain', value: host, host }
  return { kind: 'subdomain', value: host.slice(0, -domain.length - 1), host }
}

function lookUp(context: ReserveContext, name: string): Promise<ReservationRecord | null> {
  const { kind, value } = targetOf(context, name)
  return context.store.reservations.lookup(kind, value)
}

async function reserve(
  context: ReserveContext,
  { kind, value, host, proof }: Target & { readonly proof?: string },
  account: string,
): Promise<ReservationView> {
  const { accounts, reservations } = context.store
  const owner: AccountRecord = await accounts.get(account)
  if (host !== null) {
    const unicode = unicodeName(host)
    const book = await bookOf(context)
    const holder = book.holderOf(host)
    const other = holder === null || holder.accountId === owner.id ? book.lookalikeOf(unicode, owner.id) : holder
    if (other !== null) throw notFree(kind, value)
  }
  const before = kind === 'domain' ? await reservations.lookup(kind, value) : null
  const replaces = before !== null && isVacant(before) && before.accountId !== owner.id ? before.id : undefined
  const given = { accountId: owner.id, kind, value, ...(proof === undefined ? {} : { proof }) }
  return viewOf(context, await reservations.reserve(given, replaces), owner.name)
}

/** A domain that nobody has proved for long, or any more, keeps nobody else out. */
function isVacant({ verifiedAt, failingSince, createdAt }: ReservationRecord): boolean {
  return verifiedAt === null && (failingSince !== null || Date.now() - createdAt.getTime() > UNPROVED_MS)
}

async function bookOf({ store, domain }: ReserveContext): Promise<ReservationBook> {
  const book = new ReservationBook(domain)
  for (const record of await store.reservations.list()) book.set(record)
  return book
}

function refusalOf({ domain, rules }: ReserveContext, book: ReservationBook, host: string | null): RefusedError | null {
  try {
    if (host !== null) new NameGate(book, domain, rules).checkHost(host, '')
    return null
  } catch (error) {
    if (error instanceof RefusedError) return error
    throw error
  }
}

async function askDns(context: ReserveContext, record: ReservationRecord) {
  const { store, domain, watch, log, onProof } = context
  const dns = new DnsClient(watch)
  const [proof, pointing] = await Promise.all([
    lookForProof(dns, record.value, record.proof),
    lookForPointing(dns, record.value, domain),
  ])
  const noted = await noteAnswer(
    { reservations: store.reservations, log, rules: () => watch, ...(onProof !== undefined && { onProof }) },
    record,
    proof,
  )
  return { dns: { proof, pointing }, proof: noted }
}

function viewOf(context: ReserveContext, record: ReservationRecord, account: string): ReservationView {
  return { ...record, account, ...standingOf(context, record) }
}

/** How a reservation stands with a server of these settings. */
export function standingOf(settings: ReserveSettings, record: ReservationRecord): Standing {
  const { domain, watch, ports } = settings
  const { kind, value, proof, failingSince } = record
  const state = stateOf(record)
  const proofs = proof === null ? [] : [proofRecord(value, proof)]
  const records = kind === 'domain' ? [...proofs, pointingRecord(value, domain)] : []
  const lapsesAt =
    state === 'failing' && failingSince !== null ? new Date(failingSince.getTime() + watch.graceMs) : null
  const isOutside = kind === 'port' && ports.find(Number(value)) === undefined
  const warning = isOutside
    ? `port ${value} is not in listen.tcp_ports (${ports.toString()}), so no tunnel can have it`
    : null
  return { state, lapsesAt, records, warning }
}

function invalid(text: string, why: string): ConfigError {
  return new ConfigError('UR_RESERVATION_INVALID', `"${printable(text.slice(0, 253))}" ${why}.`)
}

function notFree(kind: ReservationKind, value: string): RefusedError {
  return new RefusedError(
    'UR_RESERVED',
    `The ${kind} "${printable(value)}" is not free, or looks too much like one that is not. What to do: choose another one.`,
  )
}
