import { beginsWithAny } from './prefix.js'

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'PRI',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'REPORT',
  'SEARCH',
].map((method) => Buffer.from(`${method} `, 'latin1'))

/** Whether a connection begins with an HTTP request line: a known method and a space. `maybe`: too few bytes to tell. */
export function detectHttp(bytes: Uint8Array): 'yes' | 'no' | 'maybe' {
  return beginsWithAny(bytes, METHODS)
}

/** True if the bytes begin with an HTTP request line. */
export function looksLikeHttp(bytes: Uint8Array): boolean {
  return detectHttp(bytes) === 'yes'
}

const PLAIN_HTTP_TEXT =
  'This port speaks TLS only, and the request came as plain HTTP. Use https:// instead of http://.\n'

/** The whole answer to plain HTTP on the TLS port; the connection is to be closed after it. */
export const PLAIN_HTTP_ANSWER: Readonly<Buffer> = Buffer.from(
  [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(PLAIN_HTTP_TEXT)}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    PLAIN_HTTP_TEXT,
  ].join('\r\n'),
)
