import type { HttpRules } from '../../config/index.js'
import type { Clock } from '../../core/clock.js'
import { type Fields, singleField } from '../../core/http-fields.js'
import { AddressRule } from './address-rule.js'
import { BasicAuth } from './basic-auth.js'
import { BodyGuard } from './body-guard.js'
import { CircuitBreaker } from './circuit-breaker.js'
import type { PasswordQueue } from './password-queue.js'
import { TunnelRate, VisitorRate } from './rate-rule.js'
import { refusal, type Refusal } from './refusal.js'
import type { ByteBudget } from './webhook/growing-body.js'
import type { WebhookRequest } from './webhook/proof.js'
import { type WebhookCheck, WebhookRule } from './webhook/webhook-rule.js'

/** What the rules of all tunnels of a process share. */
export interface RuleContext {
  readonly clock: Clock
  /** Milliseconds since 1970, for signatures that say when they were made. */
  now(): number
  readonly passwords: PasswordQueue
  readonly webhookBudget: ByteBudget
}

/**
 * The rules of one `http` tunnel, made once and asked on every request, in this order:
 *
 * 1. `check`, with the head of the request;
 * 2. `webhook`, and what it answers, with the head and the body, where there is such a rule;
 * 3. `bodyGuard` for every other body, as its bytes pass;
 * 4. the breaker (`newBreaker`) of the upstream that was chosen, last before the request goes there.
 */
export class VisitorRules {
  readonly #rules: HttpRules
  readonly #clock: Clock
  readonly #addresses: AddressRule
  readonly #basicAuth: BasicAuth | null
  readonly #rate: TunnelRate | null
  readonly #visitorRate: VisitorRate | null
  readonly #webhook: WebhookRule | null

  constructor(rules: HttpRules, { clock, now, passwords, webhookBudget }: RuleContext) {
    const { cidrAllow, cidrDeny, basicAuth, rate, ratePerVisitor, webhook, maxBody } = rules
    this.#rules = rules
    this.#clock = clock
    this.#addresses = new AddressRule(cidrAllow, cidrDeny)
    this.#basicAuth = basicAuth.length === 0 ? null : new BasicAuth(basicAuth, { clock, passwords })
    this.#rate = rate === null ? null : new TunnelRate(rate, clock)
    this.#visitorRate = ratePerVisitor === null ? null : new VisitorRate(ratePerVisitor, clock)
    this.#webhook =
      webhook === null
        ? null
        : new WebhookRule(webhook, { budget: webhookBudget, maxBody: maxBody ?? Number.POSITIVE_INFINITY, now })
  }

  /**
   * Whether a request may pass, going by its head: address, announced length, rate of the visitor, login, rate of the
   * tunnel, which only counts what got so far. Null: it may. `address`: the visitor's IP address. A promise only while a
   * password is checked that was not seen before.
   */
  check(fields: Fields, address: string): Refusal | null | Promise<Refusal | null> {
    if (!this.#addresses.allows(address)) return refusal('UR_VISITOR_ADDRESS')
    const { maxBody } = this.#rules
    if (maxBody !== null && Number(singleField(fields, 'content-length') ?? 0) > maxBody) {
      return refusal('UR_BODY_TOO_LARGE')
    }
    const tooMany = this.#visitorRate?.take(address) ?? null
    if (tooMany !== null) return tooMany
    const login = this.#basicAuth?.check(fields, address) ?? null
    if (login instanceof Promise) return login.then((refused) => refused ?? this.#takeRate())
    return login ?? this.#takeRate()
  }

  /** The check of a request by its signature and body, or why it may not pass; null: there is no such rule. */
  webhook(request: WebhookRequest): WebhookCheck | Refusal | null {
    return this.#webhook?.begin(request) ?? null
  }

  /** Counts the body of one request; null: it may be of any length. What it does not let pass is UR_BODY_TOO_LARGE. */
  bodyGuard(): BodyGuard | null {
    const { maxBody } = this.#rules
    return maxBody === null ? null : new BodyGuard(maxBody)
  }

  /** A breaker for one upstream; null: there is no such rule. */
  newBreaker(): CircuitBreaker | null {
    const { circuitBreaker } = this.#rules
    return circuitBreaker === null ? null : new CircuitBreaker({ clock: this.#clock, threshold: circuitBreaker })
  }

  #takeRate(): Refusal | null {
    return this.#rate?.take() ?? null
  }
}
