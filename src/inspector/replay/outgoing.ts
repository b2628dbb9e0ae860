import { HOP_BY_HOP, isFieldName, isFieldValue } from '../../core/http-fields.js'
import { UniRouteError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import type { ReplayRequest } from '../contract.js'
import type { Exchange, KeptField } from '../exchange.js'
import type { PlainField, Recording } from '../files/recording.js'

/** A request that is to be sent; hop-by-hop fields, `Host` and `Content-Length` are not among its fields. */
export interface Outgoing {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly fields: readonly PlainField[]
  readonly body: Buffer
  /** The client waits for trailers (`TE: trailers`). */
  readonly wantsTrailers: boolean
  /** As `ReplayResult.omitted`. */
  readonly omitted: readonly string[]
}

/** What stands where a secret was. */
const REDACTED = /\[redacted\]|%5Bredacted%5D/i

export type ReplayEdits = Pick<ReplayRequest, 'method' | 'target' | 'fields' | 'body'>

/**
 * The request of an exchange, as it was or edited, with the secrets that were kept.
 * Throws UniRouteError UR_REPLAY_KIND, UR_REPLAY_TRUNCATED, UR_REPLAY_REQUEST.
 */
export function outgoingOf(exchange: Exchange, edits: ReplayEdits = {}): Outgoing {
  const { request, kind } = exchange
  const given: readonly PlainField[] = edits.fields ?? request.fields
  const omitted: string[] = []
  const whole = exchange.targetSecret ?? exchange.target
  const fields = given.flatMap(({ name, value }) => {
    if (!REDACTED.test(value)) return [{ name, value }]
    const secret = secretOf(request.fields, name, value)
    if (secret === null) omitted.push(name)
    return secret === null ? [] : [{ name, value: secret }]
  })
  if (request.redacted && edits.body === undefined) omitted.push('body')
  return put({
    kind,
    method: edits.method ?? exchange.method,
    target: edits.target === undefined || edits.target === exchange.target ? whole : edits.target,
    host: edits.fields === undefined ? exchange.host : (hostOf(fields) ?? exchange.host),
    fields,
    omitted,
    body: Buffer.concat(request.body),
    given: edits.body ?? null,
    codings: request.codings,
    truncated: request.truncated,
  })
}

/** The request of a file. Throws as `outgoingOf`. */
export function outgoingOfFile({ kind, method, target, host, request }: Recording): Outgoing {
  const isGone = ({ value }: PlainField): boolean => REDACTED.test(value)
  const isInBody = request.body.includes('[redacted]')
  return put({
    kind,
    method,
    target,
    host,
    fields: request.fields.filter((field) => !isGone(field)),
    omitted: [...request.fields.filter(isGone).map(({ name }) => name), ...(isInBody ? ['body'] : [])],
    body: request.body,
    given: null,
    codings: request.codings,
    truncated: request.truncated,
  })
}

interface Parts {
  readonly kind: Exchange['kind']
  readonly method: string
  readonly target: string
  readonly host: string
  readonly fields: readonly PlainField[]
  readonly omitted: readonly string[]
  readonly body: Buffer
  /** Instead of `body`. */
  readonly given: { readonly text: string } | { readonly base64: string } | null
  /** Those that `body` has. */
  readonly codings: readonly string[]
  readonly truncated: boolean
}

function put(parts: Parts): Outgoing {
  const { kind, method, given, truncated } = parts
  if (kind === 'websocket') {
    throw new UniRouteError(
      'UR_REPLAY_KIND',
      'A WebSocket is no single request. What to do: replay one of its messages.',
    )
  }
  if (truncated && given === null) {
    const message = 'The body of the request was not kept whole. What to do: give a body, or keep more of bodies.'
    throw new UniRouteError('UR_REPLAY_TRUNCATED', message)
  }
  if (!isFieldName(method) || method === 'CONNECT') throw wrong(`"${method}" is no method that can be replayed`)
  const { target, omitted } = withoutRedacted(parts.target)
  if (!/^[\x21-\x7e\x80-\xff]+$/.test(target) || !/^(\/|\*$|https?:\/\/)/.test(target)) {
    throw wrong(`"${target}" is no target of a request; it begins with /`)
  }
  const body =
    given === null ? parts.body : 'text' in given ? Buffer.from(given.text) : Buffer.from(given.base64, 'base64')
  const fields = parts.fields.filter(({ name, value }) => {
    if (!isFieldName(name)) throw wrong(`"${name}" is no name of a field`)
    if (!isFieldValue(value)) throw wrong(`the field ${name} has a value that may not be sent`)
    return true
  })
  return {
    method,
    target,
    // a user that stood in it, and belongs into Authorization
    host: parts.host.replace(/^\[redacted\]@/, ''),
    fields: endToEnd(fields, isDecoded(parts)),
    body,
    wantsTrailers: fields.some(({ name, value }) => name.toLowerCase() === 'te' && /\btrailers\b/i.test(value)),
    omitted: [...new Set([...parts.omitted, ...omitted])],
  }
}

/** Whether the body has no longer the codings that the fields name: it was kept decoded, or is given as text. */
function isDecoded({ given, codings, body }: Parts): boolean {
  if (given !== null) return 'text' in given
  return codings.length === 0 && body.length > 0
}

/** Without what concerns one connection (RFC 9110 §7.6.1), or is set anew. */
function endToEnd(fields: readonly PlainField[], decoded: boolean): PlainField[] {
  const named = fields
    .filter(({ name }) => name.toLowerCase() === 'connection')
    .flatMap(({ value }) => value.toLowerCase().split(/[\s,]+/))
  const dropped = new Set([...HOP_BY_HOP, ...named, 'content-length', 'expect', 'host'])
  if (decoded) dropped.add('content-encoding')
  return fields.filter(({ name }) => !dropped.has(name.toLowerCase()))
}

function hostOf(fields: readonly PlainField[]): string | undefined {
  return fields.find(({ name }) => name.toLowerCase() === 'host')?.value
}

function secretOf(kept: readonly KeptField[], name: string, value: string): string | null {
  const lower = name.toLowerCase()
  return kept.find((field) => field.name.toLowerCase() === lower && field.value === value)?.secret ?? null
}

function withoutRedacted(target: string): { target: string; omitted: string[] } {
  const [path = '', query] = target.split(/\?(.*)/s, 2)
  if (query === undefined || !REDACTED.test(query)) return { target, omitted: [] }
  const parameters = query.split('&')
  const left = parameters.filter((each) => !REDACTED.test(each)).join('&')
  const gone = parameters.filter((each) => REDACTED.test(each))
  return {
    target: left === '' ? path : `${path}?${left}`,
    omitted: gone.map((each) => `?${each.split('=', 1)[0] ?? ''}`),
  }
}

function wrong(what: string): UniRouteError {
  return new UniRouteError('UR_REPLAY_REQUEST', `The request cannot be sent: ${printable(what)}.`)
}
