import { RefusedError } from '../core/errors.js'
import type { ReservationBook } from './book.js'
import { looksOf } from './looks.js'
import { skeleton } from './skeleton.js'
import { unicodeName } from './unicode-name.js'

/** What the configuration says of names. */
export interface NameRules {
  /** Labels below the server's domain that nobody gets without a reservation. */
  readonly refusedLabels: readonly string[]
  /** Names outside of the server's domain: of whoever reserved and proved them, or any. */
  readonly customDomains: 'reserved' | 'any'
}

/**
 * Says which names and ports an account may have. Answers from memory, in microseconds. Only the account that has a
 * name is told more of it than that it is not free.
 */
export class NameGate {
  readonly #book: ReservationBook
  readonly #domain: string
  #customDomains: NameRules['customDomains'] = 'reserved'
  #refused: ReadonlySet<string> = new Set()

  /** `domain`: the server's own name, normalised. */
  constructor(book: ReservationBook, domain: string, rules: NameRules) {
    this.#book = book
    this.#domain = domain
    this.setRules(rules)
  }

  /** Puts other rules in force. */
  setRules({ refusedLabels, customDomains }: NameRules): void {
    this.#customDomains = customDomains
    this.#refused = new Set(refusedLabels.map(looksOf))
  }

  /**
   * `pattern`: a normalised host name, or `*.` and one. Throws RefusedError when it is not for the account: UR_NAME_TAKEN,
   * UR_NAME_REFUSED, UR_NAME_MIXED, UR_NAME_INVALID, UR_DOMAIN_UNRESERVED, UR_DOMAIN_UNPROVED.
   */
  checkHost(pattern: string, accountId: string): void {
    const wildcard = pattern.startsWith('*.')
    const host = wildcard ? pattern.slice(2) : pattern
    const unicode = unicodeName(host)
    const holder = this.#book.holderOf(host)
    const other =
      holder === null ? this.#book.lookalikeOf(unicode, accountId) : holder.accountId === accountId ? null : holder
    if (other !== null || (wildcard && this.#book.belowOf(host, accountId) !== null)) throw notFree(pattern)
    if (holder !== null) return
    if (host.endsWith(`.${this.#domain}`)) this.#checkLabels(host, unicode)
    else if (this.#customDomains === 'reserved') this.#checkDomain(host, accountId)
  }

  /** Whether a name outside of the server's domain, or one above it, is reserved and its proof was found. */
  isProved(host: string): boolean {
    return this.#book.holderOf(host) !== null
  }

  /** Throws RefusedError UR_PORT_TAKEN when the port is another account's. */
  checkPort(port: number, accountId: string): void {
    const holder = this.#book.holderOfPort(port)
    if (holder === null || holder.accountId === accountId) return
    throw new RefusedError('UR_PORT_TAKEN', `Port ${port} is not free; choose another, or none.`)
  }

  /** Whether a label below the server's domain, in Unicode, needs a reservation. */
  isRefused(label: string): boolean {
    // RFC 8552: names of services and of proofs, such as _acme-challenge.
    return label.startsWith('_') || this.#refused.has(skeleton(label))
  }

  #checkLabels(host: string, unicode: string): void {
    const labels = unicode.split('.')
    const below = labels.slice(0, labels.length - this.#domain.split('.').length)
    const refused = below.find((label) => this.isRefused(label))
    if (refused === undefined) return
    throw new RefusedError(
      'UR_NAME_REFUSED',
      `The name ${host} is kept back: this server gives "${refused}" to nobody unasked (names.refused_labels). ` +
        `Choose another name, or have the operator reserve it for you: uniroutd reserve subdomain ${below.at(-1)}`,
    )
  }

  #checkDomain(host: string, accountId: string): void {
    const unproved = this.#book.unprovedOf(host)
    if (unproved?.accountId === accountId) {
      throw new RefusedError(
        'UR_DOMAIN_UNPROVED',
        `The domain ${unproved.value} is reserved for your account, but the proof that it is yours has not been found ` +
          `in DNS: set the TXT record that \`uniroutd reserve check ${unproved.value}\` shows. The server looks again by itself.`,
      )
    }
    throw new RefusedError(
      'UR_DOMAIN_UNRESERVED',
      `The name ${host} is outside of ${this.#domain}, and not reserved for your account; have the operator do so: ` +
        `uniroutd reserve domain ${host} (or, on a server for yourself alone, set names.custom_domains to any)`,
    )
  }
}

function notFree(pattern: string): RefusedError {
  return new RefusedError(
    'UR_NAME_TAKEN',
    `The name ${pattern} is not free, or looks too much like one that is not; choose another.`,
  )
}
