import { type CircuitBreaker, type RuleContext, VisitorRules } from '../../access/visitor-rules/index.js'
import { asksForNothing, type HttpOptions, type HttpRules, rulesSet } from '../../config/index.js'
import { type RandomIds, RequestHeaders, ResponseHeaders } from './headers/index.js'
import type { HttpTarget, TargetMember, TargetPool } from './target.js'

/** What an agent asked for the requests that it gets. */
export interface Policy {
  /** Null: every request passes. */
  readonly rules: VisitorRules | null
  readonly breaker: CircuitBreaker | null
  readonly requestHeaders: RequestHeaders
  readonly responseHeaders: ResponseHeaders
}

/** Rules as they were made for a tunnel. */
interface Made {
  readonly tunnel: HttpTarget
  readonly rules: VisitorRules
}

const NO_EDITS = { add: [], remove: [] }
const PSEUDONYM = 'uniroute'

/**
 * The policies of all `http` tunnels. Each agent of a pool has its own, for the requests that it gets; what their rules
 * count they count together where they are the same, and an agent that comes back finds its counts as it left them.
 */
export class Policies {
  readonly #context: RuleContext
  readonly #ids: RandomIds
  /** Of whoever asks for nothing. */
  readonly #plain: Policy
  readonly #byTunnel = new WeakMap<HttpTarget, Policy>()
  /** Of the agents that are behind a pool, and of the last one that was. */
  readonly #made = new WeakMap<TargetPool, readonly Made[]>()
  /** Of the agent that came last. */
  readonly #last = new WeakMap<TargetPool, VisitorRules | null>()

  constructor(context: RuleContext, ids: RandomIds) {
    this.#context = context
    this.#ids = ids
    this.#plain = { rules: null, breaker: null, ...this.#headers(null, NO_EDITS, NO_EDITS) }
  }

  /**
   * What holds for a request that `member` is to get. Undefined: nobody can get it now. Then the rules are those of
   * somebody who may come back: not everybody may wait for him.
   */
  of(pool: TargetPool, member: TargetMember | undefined): Policy {
    const tunnel = member?.tunnel ?? pool.members[0]?.tunnel
    if (tunnel !== undefined) return this.#byTunnel.get(tunnel) ?? this.#add(pool, tunnel)
    return { ...this.#plain, rules: this.#last.get(pool) ?? null }
  }

  #add(pool: TargetPool, tunnel: HttpTarget): Policy {
    const options = tunnel.http?.options
    const policy = options === undefined || asksForNothing(options) ? this.#plain : this.#make(pool, tunnel, options)
    this.#byTunnel.set(tunnel, policy)
    this.#last.set(pool, policy.rules)
    return policy
  }

  #make(pool: TargetPool, tunnel: HttpTarget, options: HttpOptions): Policy {
    const { hostHeader, requestHeaders, responseHeaders } = options
    const rules = rulesSet(options.rules).length === 0 ? null : this.#rulesFor(pool, tunnel, options.rules)
    return {
      rules,
      breaker: rules?.newBreaker() ?? null,
      ...this.#headers(hostHeader, requestHeaders, responseHeaders),
    }
  }

  #rulesFor(pool: TargetPool, tunnel: HttpTarget, asked: HttpRules): VisitorRules {
    const made = this.#made.get(pool) ?? []
    const others = made.map((each) => each.rules)
    const rules =
      others.find((other) => other.isFor(asked)) ?? new VisitorRules(asked, this.#context, others.toReversed())
    this.#made.set(pool, [...made.filter((each) => each.tunnel.bound), { tunnel, rules }])
    return rules
  }

  #headers(
    host: string | null,
    requests: HttpOptions['requestHeaders'],
    responses: HttpOptions['responseHeaders'],
  ): Pick<Policy, 'requestHeaders' | 'responseHeaders'> {
    const common = { host, pseudonym: PSEUDONYM, ids: this.#ids }
    return {
      requestHeaders: new RequestHeaders({ ...common, edits: requests }),
      responseHeaders: new ResponseHeaders(responses),
    }
  }
}
