import { decimal, isFieldValue } from '../../core/http-fields.js'
import type { RawHeaders } from './api.js'
import { listOf, parseFields, valuesOf } from './fields.js'
import { UPSTREAM } from './message-source.js'

/** The head of an HTTP/1.1 answer. */
export interface ResponseHead {
  readonly status: number
  readonly reason: string
  readonly headers: RawHeaders
  /** Bytes of the body, or how it ends. */
  readonly body: number | 'none' | 'chunked' | 'until-close'
  /** The connection can carry another request. */
  readonly keepAlive: boolean
  /** How long the upstream keeps it open without a request, by its Keep-Alive field, ms; null: it does not say. */
  readonly keepAliveMs: number | null
}

/**
 * Reads the head of an answer to a request of `method`; `text` is latin1, without the empty line.
 * Throws ProtocolError UR_UPSTREAM_INVALID for what is malformed or can be read in two ways (RFC 9112 §6.3).
 */
export function parseResponseHead(text: string, method: string): ResponseHead {
  const lineEnd = text.indexOf('\r\n')
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd)
  const status = statusOf(line)
  const reason = line.slice(STATUS_END + 1)
  if (status === null || !isFieldValue(reason)) throw UPSTREAM.wrong('its first line is no status line')
  const headers = lineEnd < 0 ? [] : parseFields(text.slice(lineEnd + 2), UPSTREAM)
  const connection = listOf(headers, 'connection')
  const body = bodyOf(status, method, headers)
  const keepAlive = line.startsWith('HTTP/1.1') ? !connection.includes('close') : connection.includes('keep-alive')
  return {
    status,
    reason,
    headers,
    body,
    keepAlive: keepAlive && body !== 'until-close',
    keepAliveMs: keepAliveOf(headers),
  }
}

/** The status in `HTTP/1.1 200 OK` (RFC 9112 §4), behind which there may be a reason; null: it is no such line. */
function statusOf(line: string): number | null {
  if (!line.startsWith('HTTP/1.1 ') && !line.startsWith('HTTP/1.0 ')) return null
  if (line.length > STATUS_END && line[STATUS_END] !== ' ') return null
  const status = decimal(line.slice(STATUS_START, STATUS_END))
  return status !== null && status >= 100 ? status : null
}

const STATUS_START = 9
const STATUS_END = 12

function bodyOf(status: number, method: string, headers: RawHeaders): ResponseHead['body'] {
  const codings = listOf(headers, 'transfer-encoding')
  const lengths = valuesOf(headers, 'content-length')
  const [length] = lengths
  if (codings.length > 0 && length !== undefined)
    throw UPSTREAM.wrong('it has both Transfer-Encoding and Content-Length')
  if (lengths.some((other) => other !== length)) throw UPSTREAM.wrong('it has several values of Content-Length')
  const bytes = length === undefined ? null : decimal(length)
  if (length !== undefined && bytes === null) throw UPSTREAM.wrong('its Content-Length is no number')
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none'
  if (codings.length > 1 || (codings.length === 1 && codings[0] !== 'chunked')) {
    throw UPSTREAM.wrong('it has a Transfer-Encoding other than chunked')
  }
  if (codings.length === 1) return 'chunked'
  return bytes ?? 'until-close'
}

function keepAliveOf(headers: RawHeaders): number | null {
  const timeout = listOf(headers, 'keep-alive').find((parameter) => /^timeout=\d{1,6}$/.test(parameter))
  return timeout === undefined ? null : Number(timeout.slice('timeout='.length)) * 1000
}
