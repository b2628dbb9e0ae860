import http2, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { Outgoing } from './outgoing.js'
import type { Speak } from './send.js'

/** HTTP/2, one request on a connection of its own (RFC 9113); what gRPC needs of it. */
export const sendHttp2: Speak = (socket, outgoing, scheme, events) => {
  const session = http2.connect(`${scheme}://upstream`, { createConnection: () => socket })
  session.on('error', (error: Error) => events.failed(error.message))
  const stream = session.request(headersOf(outgoing, scheme), { endStream: outgoing.body.length === 0 })
  let trailers: string[] = []
  let answered = false
  stream.on('response', (headers, _flags, raw?: string[]) => {
    answered = true
    events.head(headers[':status'] ?? 0, '', flat(headers, raw))
  })
  stream.on('trailers', (headers: IncomingHttpHeaders, _flags: number, raw?: string[]) => {
    trailers = flat(headers, raw)
  })
  stream.on('data', (bytes: Buffer) => events.body(bytes))
  stream.on('error', (error: Error) => events.failed(error.message))
  stream.on('close', () => {
    if (answered && stream.rstCode === http2.constants.NGHTTP2_NO_ERROR) events.end(trailers)
    else events.failed(`it ended the stream with the code ${stream.rstCode}`)
  })
  if (outgoing.body.length > 0) stream.end(outgoing.body)
  return () => session.destroy()
}

function headersOf(
  { method, target, host, fields, body, wantsTrailers }: Outgoing,
  scheme: string,
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null) as OutgoingHttpHeaders
  for (const { name, value } of fields) {
    const key = name.toLowerCase()
    const before = headers[key]
    headers[key] = before === undefined ? value : [before, value].flat().map(String)
  }
  if (wantsTrailers) headers['te'] = 'trailers'
  if (body.length > 0) headers['content-length'] = String(body.length)
  return { ':method': method, ':path': target, ':authority': host, ':scheme': scheme, ...headers }
}

/** Without pseudo-fields. */
function flat(headers: IncomingHttpHeaders, raw: readonly string[] | undefined): string[] {
  const all = Array.isArray(raw)
    ? (raw as readonly string[])
    : Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((each) => [name, String(each)]))
  return all.filter((_, i) => !all[i - (i % 2)]?.startsWith(':'))
}
