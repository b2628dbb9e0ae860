import { isDeepStrictEqual } from 'node:util'
import type { HttpRules, Webhook } from '../../config/index.js'
import type { Clock } from '../../core/clock.js'
import { type Fields, singleField } from '../../core/http-fields.js'
import { AddressRule } from './address-rule.js'
import { BasicAuth } from './basic-auth.js'
import { BodyGuard } from './body-guard.js'
import { CertificateRule, type VisitorCertificate } from './certificate-rule.js'
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

/** What counts, or remembers. */
interface Parts {
  readonly basicAuth: BasicAuth | null
  readonly rate: TunnelRate | null
  readonly visitorRate: VisitorRate | null
  readonly webhook: WebhookRule | null
}

const NO_PARTS: Parts = { basicAuth: null, rate: null, visitorRate: null, webhook: null }

/**
 * The rules of one `http` tunnel, made once and asked on every request, in this order:
 *
 * 1. `certificate`, with what its connection shows;
 * 2. `check`, with the head of the request;
 * 3. `webhook`, and what it answers, with the head and the body, where there is such a rule;
 * 4. `bodyGuard` for every other body, as its bytes pass;
 * 5. the breaker (`newBreaker`) of the upstream that was chosen, last before the request goes there.
 */
export class VisitorRules {
  readonly #rules: HttpRules
  readonly #clock: Clock
  readonly #addresses: AddressRule
  readonly #certificates: CertificateRule | null
  readonly #parts: Parts

  /**
   * `others`: rules of the same address, of other agents or from before. What they counted counts on where a rule is the
   * same: an agent that comes back, or comes beside others, gives nobody more requests, guesses or replays.
   */
  constructor(rules: HttpRules, context: RuleContext, others: readonly VisitorRules[] = []) {
    const { clock, now, passwords, webhookBudget } = context
    const { cidrAllow, cidrDeny, basicAuth, rate, ratePerVisitor, webhook, maxBody, mutualTlsCa } = rules
    const like = (...names: (keyof HttpRules)[]): Parts => {
      const other = others.find((each) => areSame(rules, each.#rules, names))
      return other === undefined ? NO_PARTS : other.#parts
    }
    const webhookOptions = { budget: webhookBudget, maxBody: maxBody ?? Number.POSITIVE_INFINITY, now }
    this.#rules = rules
    this.#clock = clock
    this.#addresses = new AddressRule(cidrAllow, cidrDeny)
    this.#certificates = mutualTlsCa.length === 0 ? null : new CertificateRule(mutualTlsCa, now)
    this.#parts = {
      basicAuth:
        basicAuth.length === 0 ? null : (like('basicAuth').basicAuth ?? new BasicAuth(basicAuth, { clock, passwords })),
      rate: rate === null ? null : (like('rate').rate ?? new TunnelRate(rate, clock)),
      visitorRate:
        ratePerVisitor === null ? null : (like('ratePerVisitor').visitorRate ?? new VisitorRate(ratePerVisitor, clock)),
      webhook:
        webhook === null ? null : (like('webhook', 'maxBody').webhook ?? new WebhookRule(webhook, webhookOptions)),
    }
  }

  /** Whether it was made for rules that say the same. */
  isFor(rules: HttpRules): boolean {
    return areSame(rules, this.#rules, Object.keys(rules) as (keyof HttpRules)[])
  }

  /** Whether visitors have to show a certificate: one that passed is to be told to the upstream. */
  get asksForCertificate(): boolean {
    return this.#certificates !== null
  }

  /** Whether a request may pass, going by the certificate of its connection; null: it may. `shown`: null without TLS. */
  certificate(shown: VisitorCertificate | null): Refusal | null {
    return this.#certificates?.check(shown) ?? null
  }

  /**
   * Whether a request may pass, going by its head: address, announced length, rate of the visitor, login, rate of the
   * tunnel, which only counts what got so far. Null: it may. `address`: the visitor's IP address. `passed`: rules that let
   * this request pass before; what they share with these is not asked, and not counted, a second time. A promise only
   * while a password is checked that was not seen before.
   */
  check(fields: Fields, address: string, passed?: VisitorRules): Refusal | null | Promise<Refusal | null> {
    if (!this.#addresses.allows(address)) return refusal('UR_VISITOR_ADDRESS')
    const { maxBody } = this.#rules
    if (maxBody !== null && Number(singleField(fields, 'content-length') ?? 0) > maxBody) {
      return refusal('UR_BODY_TOO_LARGE')
    }
    const { basicAuth, rate, visitorRate } = this.#without(passed)
    const tooMany = visitorRate?.take(address) ?? null
    if (tooMany !== null) return tooMany
    const login = basicAuth?.check(fields, address) ?? null
    if (login instanceof Promise) return login.then((refused) => refused ?? rate?.take() ?? null)
    return login ?? rate?.take() ?? null
  }

  /** The check of a request by its signature and body, or why it may not pass; null: there is none. `passed`: as above. */
  webhook(request: WebhookRequest, passed?: VisitorRules): WebhookCheck | Refusal | null {
    return this.#without(passed).webhook?.begin(request) ?? null
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

  /** What is to be asked of a request that passed there. */
  #without(passed: VisitorRules | undefined): Parts {
    if (passed === undefined) return this.#parts
    const [own, asked] = [this.#parts, passed.#parts]
    return {
      basicAuth: own.basicAuth === asked.basicAuth ? null : own.basicAuth,
      rate: own.rate === asked.rate ? null : own.rate,
      visitorRate: own.visitorRate === asked.visitorRate ? null : own.visitorRate,
      webhook: own.webhook === asked.webhook ? null : own.webhook,
    }
  }
}

function areSame(a: HttpRules, b: HttpRules, names: readonly (keyof HttpRules)[]): boolean {
  return names.every((name) =>
    name === 'webhook' ? areSameWebhooks(a.webhook, b.webhook) : isDeepStrictEqual(a[name], b[name]),
  )
}

/** What a Secret holds cannot be seen from outside, so that any two would look the same. */
function areSameWebhooks(a: Webhook | null, b: Webhook | null): boolean {
  if (a === null || b === null) return a === b
  return a.provider === b.provider && a.header === b.header && a.secret.reveal() === b.secret.reveal()
}
