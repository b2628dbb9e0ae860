import http from 'node:http'
import type { Outgoing } from './outgoing.js'
import type { Speak } from './send.js'

/** Bytes of the head of an answer. */
const HEAD_BYTES = 256 * 1024

/** HTTP/1.1, one request (RFC 9112). */
export const sendHttp1: Speak = (socket, outgoing, _scheme, events) => {
  const request = http.request({
    createConnection: () => socket,
    method: outgoing.method,
    path: outgoing.target,
    headers: headersOf(outgoing) as never,
    maxHeaderSize: HEAD_BYTES,
  })
  request.on('response', (response) => {
    events.head(response.statusCode ?? 0, response.statusMessage ?? '', response.rawHeaders)
    response.on('data', (bytes: Buffer) => events.body(bytes))
    response.on('end', () => events.end(response.rawTrailers))
    response.on('error', (error) => events.failed(error.message))
  })
  request.on('upgrade', () => events.failed('it changed the protocol, which was not asked for'))
  request.on('error', (error) => events.failed(error.message))
  request.end(outgoing.body)
  return () => request.destroy()
}

const WITH_BODY: readonly string[] = ['POST', 'PUT', 'PATCH']

/** Names and values in turn; Node then adds none of its own. */
function headersOf({ method, host, fields, body, wantsTrailers }: Outgoing): string[] {
  const headers = ['Host', host, ...fields.flatMap(({ name, value }) => [name, value])]
  if (body.length > 0 || WITH_BODY.includes(method)) headers.push('Content-Length', String(body.length))
  if (wantsTrailers) headers.push('TE', 'trailers')
  return [...headers, 'Connection', wantsTrailers ? 'TE, close' : 'close']
}
