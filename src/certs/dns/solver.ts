import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { CertificateError, UniRouteError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'
import { DnsFailure, type DnsLookup, isWithin } from '../../dns/index.js'
import type { Challenge, ChallengeSolver, ChallengeType } from '../challenge.js'
import type { Propagation } from './propagation.js'
import type { DnsProvider } from './provider.js'

export interface DnsSolverOptions {
  readonly provider: DnsProvider
  readonly lookup: DnsLookup
  /** null: authorities are told at once. */
  readonly propagation: Propagation | null
  /** The domains whose records the provider can set, with all below them; null: any. */
  readonly domains: readonly string[] | null
  /** How long the removal of a record may take, ms. */
  readonly cleanUpMs: number
  readonly log: Logger
}

/** A TXT record that is wanted, by one or several challenges. */
interface Shown {
  readonly place: string
  readonly value: string
  users: number
  /** It may be there: an answer that does not come says nothing. */
  isTried: boolean
  isAdded: boolean
}

/** One `show` that was not yet followed by its `remove`; null: it has not come as far as a record. */
interface Claim {
  shown: Shown | null
}

/** The records of one name. */
interface Place {
  readonly records: Map<string, Shown>
  /** Tells `removed`. */
  readonly events: EventEmitter
  /** The end of what is done there: one thing at a time. */
  last: Promise<unknown>
}

/** The value of the TXT record for a challenge (RFC 8555 §8.4). */
export function dnsProof(keyAuthorization: string): string {
  return createHash('sha256').update(keyAuthorization).digest('base64url')
}

/**
 * Proofs by `dns-01` (RFC 8555 §8.4), for names and wildcards. The record is written where the aliases of
 * `_acme-challenge.NAME` lead, so that a zone may leave its proofs to another one.
 */
export class DnsSolver implements ChallengeSolver {
  readonly #options: DnsSolverOptions
  readonly #places = new Map<string, Place>()
  readonly #claims = new Map<string, readonly Claim[]>()

  constructor(options: DnsSolverOptions) {
    this.#options = options
  }

  kindsFor(name: string): readonly ChallengeType[] {
    const { domains } = this.#options
    const base = name.replace(/^\*\./, '')
    return domains === null || domains.some((domain) => isWithin(base, domain)) ? ['dns-01'] : []
  }

  async show(challenge: Challenge, signal: AbortSignal): Promise<void> {
    const { propagation } = this.#options
    const claim: Claim = { shown: null }
    const key = keyOf(challenge)
    this.#claims.set(key, [...(this.#claims.get(key) ?? []), claim])
    const name = await this.#placeOf(`_acme-challenge.${challenge.name}`, signal)
    claim.shown = this.#want(name, dnsProof(challenge.keyAuthorization))
    await this.#add(claim.shown, signal)
    await propagation?.wait(name, claim.shown.value, signal)
  }

  async remove(challenge: Challenge): Promise<void> {
    const shown = this.#takeClaim(keyOf(challenge))
    if (shown === null) return
    const place = this.#place(shown.place)
    await this.#inTurn(place, async () => {
      shown.users--
      if (shown.users > 0) return
      // Whoever wants it from now on adds it anew.
      place.records.delete(shown.value)
      await this.#takeAway(shown)
      place.events.emit('removed')
    })
    if (place.records.size === 0) this.#places.delete(shown.place)
  }

  /** Of several orders with the same challenge any: each of them removes it once. */
  #takeClaim(key: string): Shown | null {
    const claims = this.#claims.get(key) ?? []
    const claim = claims.find(({ shown }) => shown === null) ?? claims[0]
    const others = claims.filter((each) => each !== claim)
    if (others.length > 0) this.#claims.set(key, others)
    else this.#claims.delete(key)
    return claim?.shown ?? null
  }

  #want(name: string, value: string): Shown {
    const { records } = this.#place(name)
    const shown = records.get(value) ?? { place: name, value, users: 0, isTried: false, isAdded: false }
    shown.users++
    records.set(value, shown)
    return shown
  }

  #place(name: string): Place {
    const known = this.#places.get(name)
    if (known !== undefined) return known
    const events = new EventEmitter().setMaxListeners(0)
    const place = { records: new Map<string, Shown>(), events, last: Promise.resolve() }
    this.#places.set(name, place)
    return place
  }

  async #add(shown: Shown, signal: AbortSignal): Promise<void> {
    const { provider } = this.#options
    const place = this.#place(shown.place)
    for (;;) {
      const isDone = await this.#inTurn(place, async () => {
        signal.throwIfAborted()
        if (shown.isAdded) return true
        const kept = [...place.records.values()].filter(({ isTried }) => isTried).length
        if (provider.concurrentValues !== null && kept >= provider.concurrentValues) return false
        shown.isTried = true
        await provider.addTxt(shown.place, shown.value, signal)
        shown.isAdded = true
        return true
      })
      if (isDone) return
      await once(place.events, 'removed', { signal }).catch(() => signal.throwIfAborted())
    }
  }

  async #takeAway({ place, value, isTried }: Shown): Promise<void> {
    const { provider, cleanUpMs, log } = this.#options
    if (!isTried) return
    try {
      await provider.removeTxt(place, value, AbortSignal.timeout(cleanUpMs))
    } catch (error) {
      const code = error instanceof UniRouteError ? error.code : null
      log.warn({ code, error, name: place, value }, 'a TXT record could not be removed; remove it by hand')
    }
  }

  #inTurn<T>(place: Place, work: () => Promise<T>): Promise<T> {
    const turn = place.last.then(work)
    place.last = turn.catch(() => {})
    return turn
  }

  /** Where the aliases of the name lead, and have to lead for this provider. */
  async #placeOf(name: string, signal: AbortSignal): Promise<string> {
    const { provider, lookup, log } = this.#options
    const { delegation } = provider
    try {
      const target = await lookup.target(name, signal)
      if (target === delegation || (delegation === null && target === name)) return target
      if (delegation === null) return (await lookup.isFromWildcard(name, target, signal)) ? name : target
      const is = target === name ? 'it is no alias' : `it leads to ${target}`
      const message = `set a CNAME record for ${name} that leads to ${delegation}; now ${is}`
      throw new CertificateError('UR_DNS_DELEGATION', message)
    } catch (error) {
      if (!(error instanceof DnsFailure)) throw error
      log.warn({ name, error }, 'it is not known whether the name of a proof is an alias; it is taken for none')
      return delegation ?? name
    }
  }
}

function keyOf({ name, keyAuthorization }: Challenge): string {
  return `${name} ${keyAuthorization}`
}
