import { X509Certificate } from 'node:crypto'
import {
  CLIENT_AUTHORITY_BOUNDS,
  type ClientAuthorities,
  doubledField,
  HTTP_BOUNDS,
  type HashedCredentials,
  type HeaderEdits,
  type HttpOptions,
  type HttpRules,
  isEditableField,
  type Network,
  ordered,
  parseHostPort,
  parseNetwork,
  parseWebhookProvider,
  type Rate,
  rulesSet,
  type Webhook,
} from '../config/index.js'
import { RefusedError } from '../core/errors.js'
import { isFieldValue } from '../core/http-fields.js'
import { printable } from '../core/printable.js'
import { Secret } from '../core/secret.js'
import type { HttpOptionsInit } from './messages.js'
import { shortText } from './short-text.js'

type RulesMessage = NonNullable<HttpOptionsInit['rules']>

/** How rules are called in `HttpRules.required`: as their fields there. */
const NAMES: Readonly<Record<keyof HttpRules, string>> = {
  basicAuth: 'basic_auth',
  cidrAllow: 'cidr_allow',
  cidrDeny: 'cidr_deny',
  maxBody: 'max_body',
  rate: 'rate',
  ratePerVisitor: 'rate_per_visitor',
  circuitBreaker: 'circuit_breaker',
  webhook: 'webhook',
  mutualTlsCa: 'mutual_tls_ca',
}

const KNOWN: ReadonlySet<string> = new Set(Object.values(NAMES))

/** What a scrypt hash may cost the server to check: 32 MiB, and some tenths of a second. */
const MAX_COST = { logN: 15, r: 8, p: 4 } as const
const SALT_BYTES = { min: 8, max: 64 } as const
const HASH_BYTES = { min: 16, max: 64 } as const

/** The options as they ride in `Bind`. They hold the secret of webhooks, so the message belongs in no log. */
export function encodeHttpOptions({
  hostHeader,
  requestHeaders,
  responseHeaders,
  rules,
}: HttpOptions): HttpOptionsInit {
  return {
    hostHeader: hostHeader ?? '',
    requestHeaders: encodeEdits(requestHeaders),
    responseHeaders: encodeEdits(responseHeaders),
    rules: encodeRules(rules),
  }
}

/**
 * What an agent asks for; null: nothing. An agent may send anything: every part is checked again.
 * Throws RefusedError: UR_BIND_INVALID, and UR_RULE_UNKNOWN for a rule that this version could not keep.
 */
export function decodeHttpOptions(message: HttpOptionsInit | null | undefined): HttpOptions {
  const host = message?.hostHeader ?? ''
  if (host !== '' && parseHostPort(host, 80) === undefined) throw invalid('the Host header is no host')
  const requestHeaders = decodeEdits(message?.requestHeaders)
  const doubled = doubledField(requestHeaders)
  if (doubled !== undefined) throw invalid(`the header field ${quoted(doubled)}, which is added and not removed`)
  return {
    hostHeader: host === '' ? null : host,
    requestHeaders,
    responseHeaders: decodeEdits(message?.responseHeaders),
    rules: decodeRules(message?.rules),
  }
}

function encodeEdits({ add, remove }: HeaderEdits): NonNullable<HttpOptionsInit['requestHeaders']> {
  const fields = add.flatMap((name, i) => (i % 2 === 0 ? [{ name, value: add[i + 1] ?? '' }] : []))
  return { add: fields, remove: [...remove] }
}

function decodeEdits(message: HttpOptionsInit['requestHeaders']): HeaderEdits {
  const remove = message?.remove ?? []
  const add = (message?.add ?? []).flatMap(({ name, value }) => [name ?? '', value ?? ''])
  const { fields, addedBytes, removedBytes } = HTTP_BOUNDS
  if (add.length > 2 * fields || remove.length > fields) throw invalid('too many header fields')
  if (bytesOf(add) > addedBytes || bytesOf(remove) > removedBytes) throw invalid('too long header fields')
  for (const name of [...add.filter((_, i) => i % 2 === 0), ...remove]) {
    if (!isEditableField(name)) throw invalid(`the header field ${quoted(name)}`)
  }
  if (!add.every(isFieldValue)) throw invalid('the value of a header field')
  return { add, remove }
}

function encodeRules(rules: HttpRules): RulesMessage {
  const { basicAuth, cidrAllow, cidrDeny, maxBody, rate, ratePerVisitor, circuitBreaker, webhook, mutualTlsCa } = rules
  return {
    required: rulesSet(rules).map((rule) => NAMES[rule]),
    basicAuth: basicAuth.map(({ user, salt, hash, cost }) => ({ user, salt, hash, ...cost })),
    cidrAllow: cidrAllow.map(networkText),
    cidrDeny: cidrDeny.map(networkText),
    ...(maxBody === null ? {} : { maxBody }),
    ...(rate === null ? {} : { rate }),
    ...(ratePerVisitor === null ? {} : { ratePerVisitor }),
    ...(circuitBreaker === null ? {} : { circuitBreaker }),
    ...(webhook === null ? {} : { webhook: { ...webhook, secret: webhook.secret.reveal() } }),
    mutualTlsCa: [...mutualTlsCa],
  }
}

function decodeRules(message: RulesMessage | null | undefined): HttpRules {
  const required = new Set(message?.required ?? [])
  for (const name of required) if (!KNOWN.has(name)) throw unknownRule(name)
  const rules: HttpRules = {
    basicAuth: decodeUsers(message?.basicAuth ?? []),
    cidrAllow: decodeNetworks(message?.cidrAllow ?? []),
    cidrDeny: decodeNetworks(message?.cidrDeny ?? []),
    maxBody: required.has(NAMES.maxBody) || message?.maxBody ? (message?.maxBody ?? 0) : null,
    rate: decodeRate(message?.rate),
    ratePerVisitor: decodeRate(message?.ratePerVisitor),
    circuitBreaker: message?.circuitBreaker ? decodeShare(message.circuitBreaker) : null,
    webhook: decodeWebhook(message?.webhook),
    mutualTlsCa: decodeAuthorities(message?.mutualTlsCa ?? []),
  }
  const set = new Set(rulesSet(rules).map((rule) => NAMES[rule]))
  for (const name of required) if (!set.has(name)) throw invalid(`the rule ${name} is announced, and empty`)
  return rules
}

function decodeUsers(message: NonNullable<RulesMessage['basicAuth']>): HashedCredentials[] {
  if (message.length > HTTP_BOUNDS.credentials) throw invalid('too many users for basic auth')
  const users = message.map(({ user, salt, hash, logN, r, p }) => ({
    user: user ?? '',
    salt: Buffer.from(salt ?? []),
    hash: Buffer.from(hash ?? []),
    cost: { logN: logN ?? 0, r: r ?? 0, p: p ?? 0 },
  }))
  for (const { user, salt, hash, cost } of users) {
    const { logN, r, p } = cost
    const affordable = isWithin(logN, 10, MAX_COST.logN) && isWithin(r, 1, MAX_COST.r) && isWithin(p, 1, MAX_COST.p)
    const sound =
      isWithin(salt.length, SALT_BYTES.min, SALT_BYTES.max) && isWithin(hash.length, HASH_BYTES.min, HASH_BYTES.max)
    if (user === '' || user.includes(':') || Buffer.byteLength(user) > HTTP_BOUNDS.userBytes || !affordable || !sound) {
      throw invalid('a user for basic auth')
    }
  }
  if (new Set(users.map(({ user }) => user)).size < users.length) throw invalid('a user for basic auth comes twice')
  return users
}

function decodeNetworks(texts: readonly string[]): Network[] {
  if (texts.length > HTTP_BOUNDS.networks) throw invalid('too many networks')
  return texts.map((text) => {
    const network = parseNetwork(text)
    if (network === undefined) throw invalid(`the network ${quoted(text)}`)
    return network
  })
}

function networkText({ address, prefix }: Network): string {
  return `${address}/${prefix}`
}

function decodeRate(message: RulesMessage['rate']): Rate | null {
  if (!message) return null
  const { burst = 0, perSecond = 0 } = message
  const { perSecond: most } = HTTP_BOUNDS
  if (!burst || !perSecond || !(burst >= 1 && burst <= most && perSecond > 0 && perSecond <= most))
    throw invalid('a rate')
  return { burst, perSecond }
}

function decodeShare(share: number): number {
  if (!(share > 0 && share <= 1)) throw invalid('the share of the circuit breaker')
  return share
}

function decodeWebhook(message: RulesMessage['webhook']): Webhook | null {
  if (!message) return null
  const { provider, secret, header } = message
  const named = parseWebhookProvider(header ? `${provider}:${header}` : (provider ?? ''))
  if (named === undefined) throw invalid(`the provider of webhooks ${quoted(provider)}`)
  if (!secret || secret.length > HTTP_BOUNDS.secret) throw invalid('the secret of webhooks')
  return { ...named, secret: new Secret(secret) }
}

function decodeAuthorities(certificates: readonly Uint8Array[]): ClientAuthorities {
  const { certificates: most, bytes } = CLIENT_AUTHORITY_BOUNDS
  const found = certificates.map((der) => Buffer.from(der))
  if (found.length > most || found.reduce((sum, { length }) => sum + length, 0) > bytes) {
    throw invalid('too many authorities for certificates')
  }
  if (!found.every(isAuthority)) throw invalid('an authority for certificates is none')
  return ordered(found)
}

function isAuthority(der: Buffer): boolean {
  try {
    const { ca, raw } = new X509Certificate(der)
    return ca && raw.equals(der)
  } catch {
    return false
  }
}

function bytesOf(texts: readonly string[]): number {
  return Buffer.byteLength(texts.join(''))
}

function isWithin(number: number, min: number, max: number): boolean {
  return Number.isInteger(number) && number >= min && number <= max
}

function quoted(text: string | null | undefined): string {
  return `"${printable(shortText(text ?? '')).slice(0, 100)}"`
}

function invalid(what: string): RefusedError {
  return new RefusedError('UR_BIND_INVALID', `The rules of the tunnel make no sense: ${what}. Update the agent.`)
}

function unknownRule(name: string): RefusedError {
  return new RefusedError(
    'UR_RULE_UNKNOWN',
    `This server does not know the rule ${quoted(name)} and could not keep it. Update the server, or leave the rule out.`,
  )
}
