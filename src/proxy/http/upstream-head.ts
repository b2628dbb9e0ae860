import { randomBytes } from 'node:crypto'
import { UniRouteError } from '../../core/errors.js'
import type { Exchange, UpstreamHead } from './api.js'
import { MAX_PASSES, removeFields } from './headers/index.js'
import type { Policy } from './policies.js'
import type { Sender } from './sender.js'

/** An upgrade of which a request by HTTP/2 has no key (RFC 8441 §5), and one by HTTP/1.1 must have one. */
const WEBSOCKET = 'websocket'
const EXPECT: ReadonlySet<string> = new Set(['expect'])

/**
 * The head of a request as the upstream gets it. `continued`: the visitor was told to send the body already.
 * Throws UniRouteError UR_HTTP_LOOP.
 */
export function upstreamHead(
  { head, visitor }: Exchange,
  { requestHeaders, rules }: Policy,
  { peerTrusted, certificate }: Sender,
  { requestId, continued }: { readonly requestId: string; readonly continued: boolean },
): UpstreamHead {
  const { method, target, scheme, version, authority, body, upgrade } = head
  const { address: peer, serverPort: port } = visitor
  const clientCert = rules?.asksForCertificate === true ? (certificate?.der ?? null) : null
  const facts = { version, scheme, authority, port, peer, peerTrusted, requestId, upgrade, clientCert }
  const { fields, passes } = requestHeaders.rewrite(head.headers, facts)
  if (passes > MAX_PASSES) throw new UniRouteError('UR_HTTP_LOOP', 'The request goes round in a loop.')
  if (version === '2' && upgrade === WEBSOCKET) fields.push('Sec-WebSocket-Key', randomBytes(16).toString('base64'))
  if (continued) removeFields(fields, EXPECT, 2)
  return { method, target, scheme, fields, body, upgrade }
}
