import { ProtocolError } from '../../core/errors.js'
import { decimal, isField } from '../../core/http-fields.js'
import type { BodyLength, RawHeaders, RequestHead } from './api.js'
import { listOf, parseFields, valueOf, valuesOf } from './fields.js'
import { malformed, targetOf } from './host.js'
import { VISITOR } from './message-source.js'
import { upgradeOf } from './sticky.js'

/** The head of a request of HTTP/1.1. */
export interface Http1RequestHead extends Omit<RequestHead, 'scheme'> {
  /** By what it says, the connection can carry another request (RFC 9112 §9.3). */
  readonly keepAlive: boolean
}

const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/

/** Throws ProtocolError UR_HTTP_MALFORMED when a line cannot be the first one of a request (RFC 9112 §3). */
export function checkRequestLine(line: string): void {
  if (!REQUEST_LINE.test(line)) throw VISITOR.wrong(NO_REQUEST_LINE)
}

const NO_REQUEST_LINE = 'its first line is no request line'

/**
 * Reads the head of a request; `text` is latin1, without the empty line. Throws ProtocolError UR_HTTP_MALFORMED for what
 * is malformed or can be read in two ways (RFC 9112 §3.2, §6.3, §11.2), and UR_HTTP_METHOD.
 */
export function parseRequestHead(text: string): Http1RequestHead {
  const lineEnd = text.indexOf('\r\n')
  const match = REQUEST_LINE.exec(lineEnd < 0 ? text : text.slice(0, lineEnd))
  if (match === null) throw VISITOR.wrong(NO_REQUEST_LINE)
  const fields = lineEnd < 0 ? [] : parseFields(text.slice(lineEnd + 2), VISITOR)
  const method = match[1]!
  if (method === 'CONNECT') throw new ProtocolError('UR_HTTP_METHOD', 'CONNECT is for proxies.')
  const version = match[3] === '0' ? '1.0' : '1.1'
  const hosts = valuesOf(fields, 'host')
  if (hosts.length !== 1) throw malformed(hosts.length === 0 ? 'it has no Host' : 'it has several values of Host')
  const connection = listOf(fields, 'connection')
  const body = bodyOf(fields, version)
  const upgrade = connection.includes('upgrade') ? upgradeOf(fields) : null
  if (upgrade !== null) checkUpgrade(upgrade, method, body)
  return {
    method,
    ...targetOf(method, match[2]!, hosts[0]!),
    headers: withoutHost(fields),
    version,
    body,
    expectsContinue: version === '1.1' && valueOf(fields, 'expect')?.toLowerCase() === '100-continue',
    upgrade,
    keepAlive: !connection.includes('close') && (version === '1.1' || connection.includes('keep-alive')),
  }
}

function bodyOf(fields: RawHeaders, version: RequestHead['version']): BodyLength {
  const lengths = valuesOf(fields, 'content-length')
  const [length] = lengths
  if (valueOf(fields, 'transfer-encoding') === undefined) {
    if (length === undefined) return 'none'
    if (lengths.length > 1) throw malformed('it has several values of Content-Length')
    const bytes = decimal(length)
    if (bytes === null) throw malformed('its Content-Length is no number')
    return bytes
  }
  const codings = listOf(fields, 'transfer-encoding')
  if (length !== undefined) throw malformed('it has both Transfer-Encoding and Content-Length')
  if (codings.length !== 1 || codings[0] !== 'chunked') throw malformed('it has a Transfer-Encoding other than chunked')
  if (version === '1.0') throw malformed('it has a Transfer-Encoding, which HTTP/1.0 does not know')
  return 'unknown'
}

function checkUpgrade(upgrade: string, method: string, body: BodyLength): void {
  if (body !== 'none' && body !== 0) throw malformed('a request for another protocol may have no body')
  if (method !== 'GET' && /^websocket$/i.test(upgrade)) {
    throw new ProtocolError('UR_HTTP_METHOD', 'A WebSocket begins with GET.')
  }
}

function withoutHost(fields: RawHeaders): string[] {
  const out: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    if (!isField(name, 'host')) out.push(name, fields[i + 1]!)
  }
  return out
}
