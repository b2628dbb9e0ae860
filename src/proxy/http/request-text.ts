import { ProtocolError } from '../../core/errors.js'
import { isFieldName, isFieldValue } from '../../core/http-fields.js'
import type { UpstreamHead } from './api.js'
import { valueOf } from './fields.js'

const TARGET = /^[\x21-\x7e\x80-\xff]+$/

/**
 * The head of a request as HTTP/1.1 (RFC 9112 §3), latin1. Throws ProtocolError UR_HTTP_MALFORMED for what would break
 * a line.
 */
export function requestText({ method, target, fields, body, upgrade }: UpstreamHead): string {
  if (!isFieldName(method) || !TARGET.test(target)) throw stray('the request line')
  let text = `${method} ${target} HTTP/1.1\r\n`
  // Not with a template, as in `answerHead`.
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    if (!isFieldValue(value) || !isFieldName(name)) throw stray(`the field ${JSON.stringify(name)}`)
    text = text + name + ': ' + value + '\r\n'
  }
  if (upgrade === null && valueOf(fields, 'te') !== undefined) text += 'Connection: TE\r\n'
  if (body === 'unknown') text += 'Transfer-Encoding: chunked\r\n'
  return `${text}\r\n`
}

function stray(what: string): ProtocolError {
  return new ProtocolError('UR_HTTP_MALFORMED', `${what} has a character that may not stand there`)
}
