import { STATUS_CODES } from 'node:http'
import { isField } from '../../core/http-fields.js'
import type { BodyLength, RawHeaders, RequestHead } from './api.js'
import { httpDate } from './date.js'
import { valueOf } from './fields.js'

/** How the end of an answer's body is told (RFC 9112 §6.3). */
export type Framing = 'none' | 'length' | 'chunked' | 'close'

export interface AnswerFacts {
  readonly status: number
  /** Empty: the usual one. */
  readonly reason: string
  readonly headers: RawHeaders
  readonly framing: Framing
  readonly body: BodyLength
  readonly version: '1.0' | '1.1' | '2'
  /** How long the connection stays after it without a request, ms; 0: it ends behind the answer. */
  readonly keepAliveMs: number
}

/** How the body of an answer to a request is framed. */
export function framingOf(
  { method, version }: Pick<RequestHead, 'method' | 'version'>,
  { status, headers, body }: Pick<AnswerFacts, 'status' | 'headers' | 'body'>,
): Framing {
  if (method === 'HEAD' || status === 204 || status === 304) return 'none'
  // An HTTP/2 upstream may tell the length, and send trailers behind it: there is no room for them here.
  if (body !== 'unknown' || valueOf(headers, 'content-length') !== undefined) return 'length'
  return version === '1.0' ? 'close' : 'chunked'
}

/** The head of an answer in HTTP/1.1 (RFC 9112 §4), to be written as latin1: fields of the connection, and `Date` where there is none. */
export function answerHead({ status, reason, headers, framing, body, version, keepAliveMs }: AnswerFacts): string {
  let text = `HTTP/1.1 ${status} ${reason === '' ? (STATUS_CODES[status] ?? '') : reason}\r\n`
  let dated = false
  let sized = framing !== 'length'
  // Not with templates: each would make a string of its own first, and this is half of what a head costs.
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    dated ||= isField(name, 'date')
    sized ||= isField(name, 'content-length')
    text = text + name + ': ' + headers[i + 1]! + '\r\n'
  }
  if (!dated) text += `Date: ${httpDate()}\r\n`
  if (!sized) text += `Content-Length: ${body === 'none' ? 0 : body}\r\n`
  if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n'
  if (keepAliveMs === 0) text += 'Connection: close\r\n\r\n'
  else if (version === '1.0') text += 'Connection: keep-alive\r\n\r\n'
  else text += `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveMs / 1000)}\r\n\r\n`
  return latin1(text)
}

/** Fields as lines. */
export function fieldLines(headers: RawHeaders): string {
  let text = ''
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return latin1(text)
}

/** Where a character above U+00FF came from a field, its low byte could be a line's end. */
function latin1(text: string): string {
  return NO_LATIN1.test(text) ? text.replace(/[^\0-\xff]/g, '?') : text
}

const NO_LATIN1 = /[^\0-\xff]/
