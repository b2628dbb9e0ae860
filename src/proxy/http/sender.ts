import { singleField } from '../../core/http-fields.js'
import type { VisitorCertificate } from '../../access/visitor-rules/index.js'
import type { Visitor } from '../../tunnels/index.js'
import type { Exchange } from './api.js'
import { visitorBehind, type IsTrusted } from './headers/index.js'

/** Who sent a request, and what he asked for: by his connection, or by what trusted proxies say of him. */
export interface Sender {
  /** With the visitor's own address; behind trusted proxies his port is not known, and 0. */
  readonly visitor: Visitor
  /** The other end of the connection is a proxy whose word counts. */
  readonly peerTrusted: boolean
  readonly scheme: 'http' | 'https'
  /** Host and port as he wrote them. */
  readonly authority: string
  /** What the connection showed of his certificate, or of his proxy's; null: a connection without TLS. */
  readonly certificate: VisitorCertificate | null
}

/** `isTrusted`: whether an address is that of a proxy which tells the truth about visitors. */
export function senderOf({ head, visitor, certificate }: Exchange, isTrusted: IsTrusted): Sender {
  const { scheme, authority, headers } = head
  if (!isTrusted(visitor.address)) return { visitor, peerTrusted: false, scheme, authority, certificate }
  const address = visitorBehind(headers, visitor.address, isTrusted)
  const proto = singleField(headers, 'x-forwarded-proto') ?? ''
  const host = singleField(headers, 'x-forwarded-host') ?? ''
  return {
    visitor: address === visitor.address ? visitor : { ...visitor, address, port: 0 },
    peerTrusted: true,
    scheme: SCHEMES[proto.toLowerCase()] ?? scheme,
    authority: /^[^,\s]+$/.test(host) ? host : authority,
    certificate,
  }
}

const SCHEMES: Readonly<Record<string, 'http' | 'https'>> = { http: 'http', ws: 'http', https: 'https', wss: 'https' }
