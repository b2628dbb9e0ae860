import type { Fields } from '../../../core/http-fields.js'
import type { HeaderEdits } from '../../../config/index.js'
import { keepFields, removeFields } from './connection.js'
import { Edits } from './edits.js'
import { forwardedElement } from './forwarded.js'
import { GivenFields, kindOfField, Kind } from './given.js'
import type { RandomIds } from './random-ids.js'
import { isTraceId, isTraceparent, isTracestate, startedTrace } from './trace.js'
import { trailerFields } from './trailers.js'
import { passesHere } from './via.js'

/** What a visitor speaks. */
export type HttpVersion = '1.0' | '1.1' | '2'

/** What is known of a request besides its fields. */
export interface RequestFacts {
  readonly version: HttpVersion
  readonly scheme: 'http' | 'https'
  /** The host that the visitor asked for: `Host`, or `:authority` of HTTP/2. It was checked, and is not empty. */
  readonly authority: string
  /** The public port. */
  readonly port: number
  /** IP address of the peer, as `plainAddress` writes it: the visitor, or the nearest proxy. */
  readonly peer: string
  /** Whether the peer is a trusted proxy: what it says of the visitor is kept and added to. */
  readonly peerTrusted: boolean
  /** See `requestIdOf`; without a trusted proxy it is one of ours, 32 hexadecimal digits. */
  readonly requestId: string
  /** The protocol to which the connection is to be upgraded; null: it is not. */
  readonly upgrade: string | null
  /** The visitor's certificate, DER, where the tunnel asks for one and accepted it; null: there is none to tell of. */
  readonly clientCert: Buffer | null
}

/** A request as the upstream gets it. */
export interface ForwardedRequest {
  /** `Host` is the first; there are no pseudo-headers. A new array, the caller's own. */
  readonly fields: string[]
  /** The `traceparent` that is among them. */
  readonly traceparent: string
  /** How often the request passed here before, going by its `Via`; above `MAX_PASSES` it goes round in a loop. */
  readonly passes: number
}

export interface RequestHeadersOptions {
  /** What the upstream gets as `Host`; null: what the visitor sent. */
  readonly host: string | null
  /** The user's own; names and values were checked. */
  readonly edits: HeaderEdits
  /** Our name in `Via`: a token, the same on all nodes that serve the same names. */
  readonly pseudonym: string
  readonly ids: RandomIds
}

const COLON = 0x3a

/**
 * What becomes of the fields of a tunnel's requests.
 *
 * - Those of the connection go: RFC 9110 §7.6.1, and what `Connection` names, except what is set here, `Host` and
 *   `Content-Length`. `TE: trailers` stays (whoever writes HTTP/1.1 adds `Connection: TE`), and `Upgrade` with its
 *   `Connection` where there is one.
 * - `Forwarded`, `X-Forwarded-…` and the like are ours; those of a trusted proxy stay and are added to.
 * - `Client-Cert` (RFC 9440) is ours alone, and so is `Client-Cert-Chain`, which is not sent.
 * - A trace that is started here has the request's id as its own, where that can be one.
 * - `Cookie` is one field, however HTTP/2 split it (RFC 9113 §8.2.3).
 * - What the user removes is taken out last, what he adds comes after it.
 */
export class RequestHeaders {
  readonly #host: string | null
  readonly #edits: Edits
  readonly #pseudonym: string
  readonly #ids: RandomIds

  constructor({ host, edits, pseudonym, ids }: RequestHeadersOptions) {
    this.#host = host
    this.#edits = new Edits(edits)
    this.#pseudonym = pseudonym
    this.#ids = ids
  }

  /** `fields` as they came; they are not changed. */
  rewrite(fields: Fields, facts: RequestFacts): ForwardedRequest {
    const out = ['Host', this.#host ?? facts.authority]
    const given = new GivenFields()
    for (let i = 0; i + 1 < fields.length; i += 2) {
      const name = fields[i] as string
      const value = fields[i + 1] as string
      const kind = kindOfField(name)
      if (kind === Kind.ORDINARY) {
        if (name.charCodeAt(0) !== COLON) out.push(name, value)
      } else if (kind === Kind.PROXIES_WORD) {
        if (facts.peerTrusted) out.push(name, value)
      } else given.take(kind, value)
    }
    if (given.cookie !== null) out.push('Cookie', given.cookie)
    if (given.nominated !== null) removeFields(out, given.nominated, 2)
    if (typeof given.length === 'string' && !given.coded) out.push('Content-Length', given.length)
    if (given.trailers) out.push('TE', 'trailers')
    pushForwarded(out, given, facts)
    const version = facts.version
    out.push(
      'Via',
      given.via === null ? `${version} ${this.#pseudonym}` : `${given.via}, ${version} ${this.#pseudonym}`,
    )
    out.push('X-Request-Id', facts.requestId)
    if (facts.clientCert !== null) out.push('Client-Cert', `:${facts.clientCert.toString('base64')}:`)
    const traceparent = this.#pushTrace(out, given, facts)
    if (facts.upgrade !== null) out.push('Upgrade', facts.upgrade, 'Connection', 'Upgrade')
    this.#edits.apply(out, 2)
    return { fields: out, traceparent, passes: given.via === null ? 0 : passesHere(given.via, this.#pseudonym) }
  }

  /**
   * What may come behind a request's body, in a new array: nothing that is not passed on in front of it either, as there
   * are upstreams that take the one for the other.
   */
  trailers(fields: Fields): string[] {
    const out = trailerFields(fields)
    keepFields(out, (name) => kindOfField(name) === Kind.ORDINARY)
    this.#edits.remove(out)
    return out
  }

  #pushTrace(
    out: string[],
    { traceparent, tracestate }: GivenFields,
    { requestId, peerTrusted }: RequestFacts,
  ): string {
    if (typeof traceparent === 'string' && isTraceparent(traceparent)) {
      out.push('traceparent', traceparent)
      if (tracestate !== null && isTracestate(tracestate)) out.push('tracestate', tracestate)
      return traceparent
    }
    const trace = !peerTrusted || isTraceId(requestId) ? requestId : this.#ids.hex(16)
    const started = startedTrace(trace)
    out.push('traceparent', started)
    return started
  }
}

function pushForwarded(out: string[], given: GivenFields, facts: RequestFacts): void {
  const { peer, authority, scheme, port } = facts
  const element = forwardedElement(peer, authority, scheme)
  if (!facts.peerTrusted) {
    out.push('Forwarded', element, 'X-Forwarded-For', peer)
    out.push('X-Forwarded-Proto', scheme, 'X-Forwarded-Host', authority, 'X-Forwarded-Port', String(port))
    return
  }
  const { forwarded, forwardedFor, forwardedProto, forwardedHost, forwardedPort } = given
  out.push('Forwarded', forwarded === null ? element : `${forwarded}, ${element}`)
  out.push('X-Forwarded-For', forwardedFor === null ? peer : `${forwardedFor}, ${peer}`)
  out.push('X-Forwarded-Proto', matching(forwardedProto, /^(?:https?|wss?)$/i) ?? scheme)
  out.push('X-Forwarded-Host', matching(forwardedHost, /^[^,\s]+$/) ?? authority)
  out.push('X-Forwarded-Port', matching(forwardedPort, /^\d{1,5}$/) ?? String(port))
}

function matching(value: string | null | undefined, pattern: RegExp): string | null {
  return typeof value === 'string' && pattern.test(value) ? value : null
}
