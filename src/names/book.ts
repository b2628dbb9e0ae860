import type { NumberName } from '../metrics/index.js'
import type { ReservationRecord } from '../store/index.js'
import { looksOf } from './looks.js'
import { skeleton } from './skeleton.js'
import { stateOf } from './state.js'

interface Entry {
  readonly record: ReservationRecord
  /** The host name that it is for; null for ports. */
  readonly host: string | null
  readonly looks: string | null
}

/**
 * All reservations, in memory. A domain counts only while its proof does: what nobody has proved keeps nobody out.
 * Look-ups are a few steps in maps, one for each label of the name.
 */
export class ReservationBook {
  readonly #domain: string
  readonly #byId = new Map<string, Entry>()
  /** Those that count. */
  readonly #hosts = new Map<string, Entry>()
  readonly #ports = new Map<number, ReservationRecord>()
  /** By what the name looks like; several may look the same when they are of one account. */
  readonly #looks = new Map<string, Set<Entry>>()
  /** By the name one label above. */
  readonly #below = new Map<string, Set<Entry>>()
  /** Domains without a proof. */
  readonly #unproved = new Map<string, ReservationRecord>()

  /** `domain`: the server's own name, normalised; reserved subdomains are below it. */
  constructor(domain: string) {
    this.#domain = domain
  }

  get size(): number {
    return this.#byId.size
  }

  /** Those of domains, with and without a proof. */
  domains(): ReservationRecord[] {
    const domains: ReservationRecord[] = []
    for (const { record } of this.#byId.values()) if (record.kind === 'domain') domains.push(record)
    return domains
  }

  /** How many there are of each kind, and how many domains stand how; for the metrics page. */
  numbers(): Partial<Record<NumberName, number>> {
    const kinds = { subdomain: 0, domain: 0, port: 0 }
    const states = { reserved: 0, proved: 0, failing: 0, lapsed: 0, unproved: 0 }
    for (const { record } of this.#byId.values()) {
      kinds[record.kind]++
      states[stateOf(record)]++
    }
    return {
      reservedSubdomains: kinds.subdomain,
      reservedDomains: kinds.domain,
      reservedPorts: kinds.port,
      domainsProved: states.proved,
      domainsFailing: states.failing,
      domainsLapsed: states.lapsed,
      domainsUnproved: states.unproved,
    }
  }

  /** Adds a reservation, or puts it in the place of what it was. */
  set(record: ReservationRecord): void {
    this.delete(record.id)
    const { id, kind, value, verifiedAt } = record
    if (kind === 'port') {
      this.#byId.set(id, { record, host: null, looks: null })
      this.#ports.set(Number(value), record)
      return
    }
    const host = kind === 'subdomain' ? `${value}.${this.#domain}` : value
    const entry = { record, host, looks: looksOf(host) }
    this.#byId.set(id, entry)
    if (kind === 'domain' && verifiedAt === null) {
      this.#unproved.set(host, record)
      return
    }
    this.#hosts.set(host, entry)
    add(this.#looks, entry.looks, entry)
    add(this.#below, parentOf(host), entry)
  }

  delete(id: string): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) return
    this.#byId.delete(id)
    const { record, host, looks } = entry
    if (host === null || looks === null) {
      deleteIf(this.#ports, Number(record.value), (each) => each.id === id)
      return
    }
    deleteIf(this.#unproved, host, (each) => each.id === id)
    deleteIf(this.#hosts, host, (each) => each === entry)
    remove(this.#looks, looks, entry)
    remove(this.#below, parentOf(host), entry)
  }

  /** The reservation of a name, or the nearest one above it. Whoever had the server's own name would not have all below. */
  holderOf(host: string): ReservationRecord | null {
    for (let name = host; name !== '' && name !== this.#domain; name = parentOf(name)) {
      const entry = this.#hosts.get(name)
      if (entry !== undefined) return entry.record
    }
    return null
  }

  /** A reservation of another account whose name may be taken for this one, given in Unicode, or for one above it. */
  lookalikeOf(unicode: string, accountId: string): ReservationRecord | null {
    if (this.#looks.size === 0) return null
    for (let name = skeleton(unicode); name !== ''; name = parentOf(name)) {
      for (const { record } of this.#looks.get(name) ?? []) if (record.accountId !== accountId) return record
    }
    return null
  }

  /** A reservation of another account one label below the name: what the wildcard of the name would take as well. */
  belowOf(host: string, accountId: string): ReservationRecord | null {
    for (const { record } of this.#below.get(host) ?? []) if (record.accountId !== accountId) return record
    return null
  }

  /** The reservation of a name, or the nearest one above it, that is not proved and so does not count. */
  unprovedOf(host: string): ReservationRecord | null {
    for (let name = host; name !== ''; name = parentOf(name)) {
      const record = this.#unproved.get(name)
      if (record !== undefined) return record
    }
    return null
  }

  holderOfPort(port: number): ReservationRecord | null {
    return this.#ports.get(port) ?? null
  }
}

function parentOf(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}

function add<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([value]))
  else set.add(value)
}

function remove<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  set?.delete(value)
  if (set?.size === 0) map.delete(key)
}

function deleteIf<K, V>(map: Map<K, V>, key: K, test: (value: V) => boolean): void {
  const value = map.get(key)
  if (value !== undefined && test(value)) map.delete(key)
}
