import { ProtocolError } from '../../core/errors.js'
import { isFieldName, isTarget } from '../../core/http-fields.js'
import type { BodyLength, RequestHead } from './api.js'
import { malformed, targetOf } from './host.js'
import { VISITOR } from './message-source.js'
import type { RequestSections } from './request-section.js'

/** The head of a request of HTTP/1.1. */
export interface Http1RequestHead extends Omit<RequestHead, 'scheme'> {
  /** By what it says, the connection can carry another request (RFC 9112 §9.3). */
  readonly keepAlive: boolean
}

interface RequestLine {
  readonly method: string
  readonly target: string
  readonly version: '1.0' | '1.1'
}

/** Throws ProtocolError UR_HTTP_MALFORMED when a line cannot be the first one of a request (RFC 9112 §3). */
export function checkRequestLine(line: string): void {
  readRequestLine(line)
}

const VERSION_LENGTH = ' HTTP/1.1'.length

function readRequestLine(line: string): RequestLine {
  const version = line.endsWith(' HTTP/1.1') ? '1.1' : line.endsWith(' HTTP/1.0') ? '1.0' : null
  const methodEnd = line.indexOf(' ')
  const method = line.slice(0, methodEnd)
  const target = line.slice(methodEnd + 1, line.length - VERSION_LENGTH)
  if (version === null || !isFieldName(method) || !isTarget(target)) {
    throw VISITOR.wrong('its first line is no request line')
  }
  return { method, target, version }
}

/**
 * Reads the head of a request; `text` is latin1, without the empty line. `sections` are those of its connection. Throws
 * ProtocolError UR_HTTP_MALFORMED for what is malformed or can be read in two ways (RFC 9112 §3.2, §6.3, §11.2), and
 * UR_HTTP_METHOD.
 */
export function parseRequestHead(text: string, sections: RequestSections): Http1RequestHead {
  const lineEnd = text.indexOf('\r\n')
  const line = readRequestLine(lineEnd < 0 ? text : text.slice(0, lineEnd))
  const { method, version } = line
  if (method === 'CONNECT') throw new ProtocolError('UR_HTTP_METHOD', 'CONNECT is for proxies.')
  const section = sections.read(text, lineEnd < 0 ? text.length : lineEnd + 2)
  const { headers, body, upgrade } = section
  if (body === 'unknown' && version === '1.0') {
    throw malformed('it has a Transfer-Encoding, which HTTP/1.0 does not know')
  }
  if (upgrade !== null) checkUpgrade(upgrade, method, body)
  const { target, authority } = targetOf(method, line.target, section.host)
  return {
    method,
    target,
    authority,
    headers,
    repeats: authority === section.host ? sections.repeats : null,
    version,
    body,
    expectsContinue: version === '1.1' && section.expectsContinue,
    upgrade,
    keepAlive: !section.closes && (version === '1.1' || section.keepsAlive),
  }
}

function checkUpgrade(upgrade: string, method: string, body: BodyLength): void {
  if (body !== 'none' && body !== 0) throw malformed('a request for another protocol may have no body')
  if (method !== 'GET' && /^websocket$/i.test(upgrade)) {
    throw new ProtocolError('UR_HTTP_METHOD', 'A WebSocket begins with GET.')
  }
}
