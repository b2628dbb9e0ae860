import { randomBytes } from 'node:crypto'
import { UniRouteError } from '../../core/errors.js'
import type { BodyLength, Exchange, PreparedFields, RawHeaders, RequestHead, UpstreamHead } from './api.js'
import { MAX_PASSES, removeFields, type RequestFacts } from './headers/index.js'
import type { Policy } from './policies.js'
import { ANY_ID, FieldsOfAny } from './prepared-fields.js'
import type { Sender } from './sender.js'

/** An upgrade of which a request by HTTP/2 has no key (RFC 8441 §5), and one by HTTP/1.1 must have one. */
const WEBSOCKET = 'websocket'
const EXPECT: ReadonlySet<string> = new Set(['expect'])

/**
 * The head of a request as the upstream gets it. `continued`: the visitor was told to send the body already.
 * Throws UniRouteError UR_HTTP_LOOP, and ProtocolError UR_HTTP_MALFORMED.
 */
export function upstreamHead(
  { head, visitor }: Exchange,
  policy: Policy,
  { peerTrusted, certificate }: Sender,
  { requestId, continued }: { readonly requestId: string; readonly continued: boolean },
): UpstreamHead {
  const { method, target, scheme, version, authority, body, upgrade, headers, repeats } = head
  const { address: peer, serverPort: port } = visitor
  const clientCert = policy.rules?.asksForCertificate === true ? (certificate?.der ?? null) : null
  const facts = { version, scheme, authority, port, peer, peerTrusted, requestId, upgrade, clientCert }
  // What may differ between requests of one connection is not there, or looked at below.
  const isPlain = version === '1.1' && !peerTrusted && !continued && upgrade === null && clientCert === null
  if (repeats !== null && isPlain) {
    if (repeats.policy === policy) {
      repeats.prepared ??= new FieldsOfAny(rewritten(policy, headers, { ...facts, requestId: ANY_ID }))
      return new PreparedHead(head, repeats.prepared, requestId)
    }
    repeats.policy = policy
    repeats.prepared = null
  }
  const fields = rewritten(policy, headers, facts)
  if (version === '2' && upgrade === WEBSOCKET) fields.push('Sec-WebSocket-Key', randomBytes(16).toString('base64'))
  if (continued) removeFields(fields, EXPECT, 2)
  return { method, target, scheme, fields, lines: null, body, upgrade }
}

function rewritten(policy: Policy, headers: RawHeaders, facts: RequestFacts): string[] {
  const { fields, passes } = policy.requestHeaders.rewrite(headers, facts)
  if (passes > MAX_PASSES) throw new UniRouteError('UR_HTTP_LOOP', 'The request goes round in a loop.')
  return fields
}

/** The head of a request whose fields were prepared, and that is not to be upgraded. */
class PreparedHead implements UpstreamHead {
  readonly method: string
  readonly target: string
  readonly scheme: UpstreamHead['scheme']
  readonly body: BodyLength
  readonly upgrade = null
  readonly #prepared: PreparedFields
  readonly #requestId: string

  constructor({ method, target, scheme, body }: RequestHead, prepared: PreparedFields, requestId: string) {
    this.method = method
    this.target = target
    this.scheme = scheme
    this.body = body
    this.#prepared = prepared
    this.#requestId = requestId
  }

  get fields(): RawHeaders {
    return this.#prepared.fieldsFor(this.#requestId)
  }

  get lines(): string {
    return this.#prepared.linesFor(this.#requestId)
  }
}
