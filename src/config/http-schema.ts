import type { z } from 'zod'
import { field, type KeyFacts, optional, section, type Value } from './field.js'
import { readClientAuthorities } from './client-authorities.js'
import type { Credentials, HeaderEdits, HttpOptions } from './http-options.js'
import {
  credentials,
  doubledField,
  fieldsToAdd,
  fieldsToRemove,
  hostHeader,
  HTTP_BOUNDS,
  rate,
  share,
  webhookProvider,
  webhookSecret,
} from './http-values.js'
import { type Override, plainSource, withOverrides } from './source.js'
import type { Upstream } from './upstream.js'
import { folderOf, type Problem, validate } from './validate.js'
import { networks, paths, size } from './values.js'
import type { KeyPath } from './walk.js'

const listOf = <T>(values: Value<readonly T[]>, facts: KeyFacts) => field(values, { ...facts, default: [] })

/** The keys of a tunnel of kind `http`, which are the flags of `uniroute http` too. */
export const httpKeys = {
  host_header: field(hostHeader, {
    doc: '`http`: the `Host` that the upstream gets: `preserve` the visitor’s, `rewrite` to the upstream’s own, or this one.',
    default: 'preserve',
  }),
  request_header_add: listOf(fieldsToAdd, {
    doc: '`http`: fields that the upstream gets beside the visitor’s.',
  }),
  request_header_remove: listOf(fieldsToRemove, {
    doc: '`http`: fields that the upstream does not get.',
  }),
  response_header_add: listOf(fieldsToAdd, {
    doc: '`http`: fields that visitors get beside the upstream’s.',
  }),
  response_header_remove: listOf(fieldsToRemove, {
    doc: '`http`: fields that visitors do not get.',
  }),
  basic_auth: listOf(credentials, {
    doc: '`http`: who may log in. The server gets a hash of the password.',
    secret: true,
  }),
  cidr_allow: listOf(networks, {
    doc: '`http`: networks from which visitors may come; none: from everywhere.',
  }),
  cidr_deny: listOf(networks, {
    doc: '`http`: networks from which visitors may not come, even if they are allowed.',
  }),
  max_body: optional(size('0B', '1024GiB'), { doc: '`http`: the largest body of a request.' }),
  rate: optional(rate, { doc: '`http`: how many requests the tunnel takes.' }),
  rate_per_visitor: optional(rate, { doc: '`http`: how many requests one visitor may send.' }),
  circuit_breaker: optional(share, {
    doc: '`http`: when this share of requests fails, the upstream gets none for a while.',
  }),
  verify_webhook: optional(webhookProvider, {
    doc: '`http`: only webhooks that this provider signed get through.',
  }),
  verify_webhook_secret: optional(webhookSecret, {
    doc: '`http`: the secret they are signed with.',
    secret: true,
  }),
  mutual_tls_ca: listOf(paths, {
    doc: '`http`: PEM files with the authorities of which one must vouch for the certificate of each visitor.',
    path: true,
  }),
} as const

/** The values of `httpKeys`. */
export type HttpKeys = { readonly [K in keyof typeof httpKeys]: z.infer<(typeof httpKeys)[K]> }

const alone = section('', httpKeys)

/** The values of the keys from flags alone. Throws ConfigError UR_CONFIG_VALUE, which names the flag. */
export function httpKeysFrom(flags: readonly Override[]): HttpKeys {
  return validate(alone, withOverrides(plainSource({}, 'command line'), flags), folderOf(null), (keys) =>
    checkHttpKeys('http', keys, (key) => [key]),
  )
}

/** What several keys must fulfil together, and that other kinds of tunnels have none of them. */
export function* checkHttpKeys(kind: string, keys: HttpKeys, at: (key: string) => KeyPath): Generator<Problem> {
  const problem = (key: keyof HttpKeys, message: string): Problem => ({
    code: 'UR_CONFIG_VALUE',
    path: at(key),
    message,
  })
  if (kind !== 'http') {
    for (const key of httpKeysSet(keys)) yield problem(key, 'is for tunnels of kind http')
    return
  }
  if (keys.verify_webhook !== null && keys.verify_webhook_secret === null) {
    yield problem('verify_webhook', 'needs verify_webhook_secret beside it: the secret that the provider shows')
  }
  if (keys.verify_webhook === null && keys.verify_webhook_secret !== null) {
    yield problem('verify_webhook_secret', 'needs verify_webhook beside it: who signs with that secret')
  }
  const doubled = doubledField(edits(keys.request_header_add, keys.request_header_remove))
  if (doubled !== undefined) {
    yield problem('request_header_add', `has ${doubled}, which the server sets; name it in request_header_remove too`)
  }
  for (const key of ['cidr_allow', 'cidr_deny'] as const) {
    if (keys[key].length > HTTP_BOUNDS.networks) yield problem(key, `has more than ${HTTP_BOUNDS.networks} networks`)
  }
}

/**
 * What is to be told to the server. `upstream`: whose name `host_header: rewrite` stands for. Reads the files of
 * `mutual_tls_ca`. Throws CertificateError UR_CLIENT_CA_….
 */
export function httpOptionsOf(keys: HttpKeys, upstream: Upstream): HttpOptions<Credentials> {
  const { verify_webhook: provider, verify_webhook_secret: secret } = keys
  return {
    hostHeader: hostFor(keys.host_header, upstream),
    requestHeaders: edits(keys.request_header_add, keys.request_header_remove),
    responseHeaders: edits(keys.response_header_add, keys.response_header_remove),
    rules: {
      basicAuth: keys.basic_auth,
      cidrAllow: keys.cidr_allow,
      cidrDeny: keys.cidr_deny,
      maxBody: keys.max_body,
      rate: keys.rate,
      ratePerVisitor: keys.rate_per_visitor,
      circuitBreaker: keys.circuit_breaker,
      webhook: provider === null || secret === null ? null : { ...provider, secret },
      mutualTlsCa: readClientAuthorities(keys.mutual_tls_ca),
    },
  }
}

function edits(add: HttpKeys['request_header_add'], remove: readonly string[]): HeaderEdits {
  return { add: add.flat(), remove }
}

/** The `Host` for an upstream as a client beside it would write it (RFC 9110 §7.2): without the port of its scheme. */
function hostFor(setting: string, upstream: Upstream): string | null {
  if (setting === 'preserve') return null
  if (setting !== 'rewrite') return setting
  if (upstream.kind === 'unix') return 'localhost'
  const host = upstream.host.includes(':') ? `[${upstream.host}]` : upstream.host
  return upstream.port === (upstream.kind === 'tls' ? 443 : 80) ? host : `${host}:${upstream.port}`
}

/** The keys that say something else than their defaults. */
function httpKeysSet(keys: HttpKeys): (keyof HttpKeys)[] {
  return (Object.keys(httpKeys) as (keyof HttpKeys)[]).filter((key) => isSet(key, keys))
}

function isSet(key: keyof HttpKeys, keys: HttpKeys): boolean {
  const value: string | number | object | null = keys[key]
  return Array.isArray(value) ? (value as readonly unknown[]).length > 0 : value !== null && value !== 'preserve'
}

/** Whether raw keys of a tunnel hold something that others must not read. */
export function holdsHttpSecret(tunnel: unknown): boolean {
  return typeof tunnel === 'object' && tunnel !== null && ('basic_auth' in tunnel || 'verify_webhook_secret' in tunnel)
}
