import { STATUS_CODES } from 'node:http'
import type { InspectorStatus, TrafficStatistics, TunnelInspection } from '../../contract.js'
import type { Answer, Exchange, KeptField, Message } from '../../exchange.js'

/* What the API of ngrok's agent answers (https://ngrok.com/docs/agent/api/): durations are nanoseconds. */

const NS_PER_MS = 1_000_000

export function statusOf({ state, version, node, rttMs }: InspectorStatus): object {
  const latency = rttMs === null ? '' : `${Math.round(rttMs)}ms`
  return {
    status: state,
    agent_version: version,
    session: { legs: node === null ? [] : [{ region: node, latency }] },
    uri: '/api/status',
  }
}

export function tunnelOf(tunnel: TunnelInspection): object {
  const { name, publicUrl, inspected } = tunnel
  return {
    name,
    uri: `/api/tunnels/${encodeURIComponent(name)}`,
    public_url: publicUrl,
    proto: schemeOf(publicUrl),
    config: { addr: addressOf(tunnel), inspect: inspected },
    metrics: metricsOf(tunnel),
  }
}

export function endpointOf(tunnel: TunnelInspection): object {
  const { name, publicUrl, inspected } = tunnel
  return {
    name,
    uri: `/api/endpoints/${encodeURIComponent(name)}`,
    url: publicUrl,
    upstream: { url: addressOf(tunnel), protocol: schemeOf(publicUrl) },
    inspect: inspected,
    traffic_policy: '',
    pooling_enabled: false,
    metrics: metricsOf(tunnel),
  }
}

export function requestOf(exchange: Exchange): object {
  const { id, tunnel, visitor, startedAt, doneMs, request, response, method, target, protocol } = exchange
  return {
    uri: `/api/requests/http/${id}`,
    id,
    tunnel_name: tunnel,
    remote_addr: visitor,
    start: new Date(startedAt).toISOString(),
    duration: Math.round((doneMs ?? 0) * NS_PER_MS),
    request: {
      method,
      proto: protocol,
      headers: headersOf(request.fields),
      uri: target,
      raw: raw(`${method} ${target} ${protocol}`, request),
    },
    response: response === null ? null : responseOf(response, protocol),
  }
}

function responseOf(response: Answer, protocol: string): object {
  const status = `${response.status} ${response.reason || STATUS_CODES[response.status] || ''}`.trim()
  return {
    status,
    status_code: response.status,
    proto: protocol,
    headers: headersOf(response.fields),
    raw: raw(`${protocol} ${status}`, response),
  }
}

/** The message as HTTP/1.1 has it, whatever it came by. */
function raw(line: string, { fields, body }: Message): string {
  const head = [line, ...fields.map(({ name, value }) => `${name}: ${value}`)].join('\r\n')
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), ...body]).toString('base64')
}

/** By their names as Go writes them: `Content-Type`. */
function headersOf(fields: readonly KeptField[]): Record<string, string[]> {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const { name, value } of fields) {
    const key = name.toLowerCase().replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase())
    ;(headers[key] ??= []).push(value)
  }
  return headers
}

function schemeOf(url: string | null): string {
  return /^([a-z]+):/.exec(url ?? '')?.[1] ?? ''
}

/** `localhost:80`, for what speaks HTTP over TLS `https://localhost:443`. */
function addressOf({ kind, upstream }: TunnelInspection): string {
  return kind === 'http' ? upstream.replace(/^tls:/, 'https:') : upstream
}

function metricsOf({ connections, requests }: TunnelInspection): object {
  return { conns: { ...figures(connections), gauge: connections.open }, http: figures(requests) }
}

function figures({ count, rate1, rate5, rate15, duration: { p50, p90, p95, p99 } }: TrafficStatistics): object {
  const [n50, n90, n95, n99] = [p50, p90, p95, p99].map((ms) => Math.round(ms * NS_PER_MS))
  return { count, rate1, rate5, rate15, p50: n50, p90: n90, p95: n95, p99: n99 }
}
