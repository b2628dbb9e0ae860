import { ipToBytes, unmapped } from './ip-bytes.js'
import { beginsWithAny } from './prefix.js'
import { encodeProxyV1, parseProxyV1, PROXY_V1_PREFIX } from './proxy-v1.js'
import { encodeProxyV2, parseProxyV2, PROXY_V2_SIGNATURE } from './proxy-v2.js'

/** One end of a TCP connection: IP address in text form, without a zone, and port 0-65535. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** A PROXY protocol header (haproxy, doc/proxy-protocol.txt). */
export interface ProxyHeader {
  readonly version: 1 | 2
  /** `local`: the proxy's own connection (health check). The real endpoints of the connection count then. */
  readonly command: 'proxy' | 'local'
  /** Null when unknown, not TCP, or `local`; then `destination` is null too, and the connection's own ends count. */
  readonly source: Endpoint | null
  readonly destination: Endpoint | null
}

/** What some first bytes are; `length`: bytes of the header, all that follows is payload. */
export type ProxyHeaderResult =
  | { readonly kind: 'need' }
  | { readonly kind: 'ok'; readonly header: ProxyHeader; readonly length: number }
  | { readonly kind: 'invalid'; readonly reason: string }

const SIGNATURES = [PROXY_V1_PREFIX, PROXY_V2_SIGNATURE]

/** Whether a connection begins with a PROXY protocol header of either version. */
export function detectProxyHeader(bytes: Uint8Array): 'yes' | 'no' | 'maybe' {
  return beginsWithAny(bytes, SIGNATURES)
}

/**
 * Reads a PROXY protocol header, version 1 or 2, from the first bytes of a connection. Pure, never throws;
 * once the result is not `need`, more bytes do not change it.
 */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeaderResult {
  const found = detectProxyHeader(bytes)
  if (found === 'maybe') return { kind: 'need' }
  if (found === 'no') return { kind: 'invalid', reason: 'the connection does not begin with a PROXY protocol header' }
  return bytes[0] === PROXY_V1_PREFIX[0] ? parseProxyV1(bytes) : parseProxyV2(bytes)
}

/**
 * The header that tells an upstream who the visitor is. IPv4-mapped IPv6 addresses are sent as IPv4. When an end is
 * null, no IP address or no port, or the two are of different families, the header says `UNKNOWN` (v1) or `LOCAL` (v2).
 */
export function encodeProxyHeader(
  version: 1 | 2,
  ends: { readonly source: Endpoint | null; readonly destination: Endpoint | null },
): Buffer {
  const source = toBytes(ends.source)
  const destination = toBytes(ends.destination)
  const known = source && destination && source.ip.length === destination.ip.length ? { source, destination } : null
  return version === 1 ? encodeProxyV1(known) : encodeProxyV2(known)
}

function toBytes(end: Endpoint | null): { ip: Buffer; port: number } | null {
  const ip = end && ipToBytes(end.address)
  return end && ip && end.port <= 65535 ? { ip: unmapped(ip), port: end.port } : null
}
