import { ProtocolError } from '../../core/errors.js'
import { isFieldName, isFieldValue, isTarget } from '../../core/http-fields.js'
import type { RawHeaders, UpstreamHead } from './api.js'
import { valueOf } from './fields.js'

/**
 * The head of a request as HTTP/1.1 (RFC 9112 §3), latin1. Throws ProtocolError UR_HTTP_MALFORMED for what would break
 * a line.
 */
export function requestText(head: UpstreamHead): string {
  const { method, target, lines, body } = head
  if (!isFieldName(method) || !isTarget(target)) throw stray('the request line')
  const line = method + ' ' + target + ' HTTP/1.1\r\n'
  const end = body === 'unknown' ? 'Transfer-Encoding: chunked\r\n\r\n' : '\r\n'
  return line + (lines ?? requestLines(head.fields, head.upgrade)) + end
}

/** The fields of a request as lines of HTTP/1.1. Throws as `requestText`. */
export function requestLines(fields: RawHeaders, upgrade: string | null): string {
  let text = ''
  // Not with a template, as in `answerHead`.
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    if (!isFieldValue(value) || !isFieldName(name)) throw stray(`the field ${JSON.stringify(name)}`)
    text = text + name + ': ' + value + '\r\n'
  }
  return upgrade === null && valueOf(fields, 'te') !== undefined ? text + 'Connection: TE\r\n' : text
}

function stray(what: string): ProtocolError {
  return new ProtocolError('UR_HTTP_MALFORMED', `${what} has a character that may not stand there`)
}
