import type { RawHeaders, RequestHead } from './api.js'
import { listOf, valueOf } from './fields.js'

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
])

/** The fields of a request for the upstream, `Host` first. */
export function requestFields({ authority, headers, upgrade }: RequestHead, requestId: string): string[] {
  const out = ['Host', authority, ...withoutHops(headers), 'X-Request-Id', requestId]
  if (listOf(headers, 'te').includes('trailers')) out.push('TE', 'trailers')
  if (upgrade !== null) out.push('Upgrade', upgrade, 'Connection', 'Upgrade')
  return out
}

/** The fields of an answer for the visitor. */
export function responseFields(status: number, headers: RawHeaders, requestId: string): string[] {
  const out = withoutHops(headers)
  const upgrade = valueOf(headers, 'upgrade')
  if (upgrade !== undefined && (status === 101 || status === 426)) out.push('Upgrade', upgrade, 'Connection', 'Upgrade')
  if (status >= 200) out.push('X-Request-Id', requestId)
  return out
}

function withoutHops(headers: RawHeaders): string[] {
  const named = new Set(listOf(headers, 'connection'))
  return headers.filter((_, i) => {
    const name = headers[i & ~1]!.toLowerCase()
    return !HOP_BY_HOP.has(name) && !named.has(name) && !name.startsWith(':')
  })
}
