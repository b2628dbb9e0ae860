import { STATUS_CODES } from 'node:http'

/** A whole answer in HTTP/1.1 for a connection that is closed behind it. */
export function plainAnswer(status: number, code: string, text: string): string {
  const body = `${status} ${STATUS_CODES[status] ?? ''}\n\n${text}\n${code}\n`
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
