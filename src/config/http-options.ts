import type { Secret } from '../core/secret.js'
import type { Network } from './addresses.js'
import type { ClientAuthorities } from './client-authorities.js'

/** What a user wants of the fields of requests, or of responses. First those to remove go, then those to add are added. */
export interface HeaderEdits {
  /** Flat: name, value, name, value… A field that is there already stays beside the one that is added. */
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** How often something may happen: so often at once, and over time so many times a second. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

/** A user whom basic auth lets in, as given to the agent. */
export interface Credentials {
  readonly user: string
  readonly password: Secret
}

/** A user whom basic auth lets in, as the server knows him: the password's scrypt hash (RFC 7914). */
export interface HashedCredentials {
  readonly user: string
  readonly salt: Buffer
  readonly hash: Buffer
  readonly cost: ScryptCost
}

/** scrypt takes 128 × 2^logN × r bytes of memory, and p times the time. */
export interface ScryptCost {
  readonly logN: number
  readonly r: number
  readonly p: number
}

/** Who signs webhooks: a service, or `hmac` for any other that signs the body alone with HMAC-SHA256. */
export const WEBHOOK_PROVIDERS = ['stripe', 'github', 'slack', 'shopify', 'twilio', 'hmac'] as const
export type WebhookProvider = (typeof WEBHOOK_PROVIDERS)[number]

/** How the signatures of webhooks are verified. */
export interface Webhook {
  readonly provider: WebhookProvider
  readonly secret: Secret
  /** `hmac`: the field that has the signature, in lower case; empty for the others. */
  readonly header: string
}

/** Which requests reach the upstream of an `http` tunnel; each one is checked. Null, or an empty list: no such rule. */
export interface HttpRules<User = HashedCredentials> {
  readonly basicAuth: readonly User[]
  readonly cidrAllow: readonly Network[]
  readonly cidrDeny: readonly Network[]
  /** Bytes of a request's body. */
  readonly maxBody: number | null
  readonly rate: Rate | null
  readonly ratePerVisitor: Rate | null
  /** The share of failures, above 0 and up to 1, from which on requests are kept from an upstream for a while. */
  readonly circuitBreaker: number | null
  readonly webhook: Webhook | null
  /** Authorities of which one has to vouch for the visitor's certificate (mutual TLS). */
  readonly mutualTlsCa: ClientAuthorities
}

/** The rules that are there. */
export function rulesSet(rules: HttpRules<unknown>): (keyof HttpRules)[] {
  return (Object.keys(rules) as (keyof HttpRules)[]).filter((rule) => {
    const value = rules[rule]
    return Array.isArray(value) ? value.length > 0 : value !== null
  })
}

/** What a user may say of the requests and responses of an `http` tunnel. */
export interface HttpOptions<User = HashedCredentials> {
  /** What the upstream gets as `Host`; null: what the visitor sent. */
  readonly hostHeader: string | null
  readonly requestHeaders: HeaderEdits
  readonly responseHeaders: HeaderEdits
  readonly rules: HttpRules<User>
}

/** Whether nothing is asked for: requests and responses are treated as those of any tunnel. */
export function asksForNothing(options: HttpOptions<unknown>): boolean {
  const { hostHeader, requestHeaders, responseHeaders, rules } = options
  const edits = [requestHeaders, responseHeaders].flatMap(({ add, remove }) => [...add, ...remove])
  return hostHeader === null && edits.length === 0 && rulesSet(rules).length === 0
}
