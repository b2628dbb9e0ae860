import type { Socket } from 'node:net'
import { API_HEADERS } from './headers.js'
import { InspectError, problemOf } from './problems.js'

/** What Node does not take for a request is refused as anything else is; it has no answer to write to. */
export function refuseHead({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const problem = problemOf(errorOf(code))!
  const body = JSON.stringify(problem)
  const fields = {
    ...API_HEADERS,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join('')}\r\n${body}`)
}

function errorOf(code: string | undefined): InspectError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new InspectError(
        431,
        'UR_INSPECT_REQUEST',
        'The URL and the header fields are together too long. What to do: send shorter ones.',
      )
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new InspectError(408, 'UR_INSPECT_REQUEST', 'The request did not come in time. What to do: send it again.')
    default:
      return new InspectError(400, 'UR_INSPECT_REQUEST', 'The request is no HTTP. What to do: send HTTP/1.1.')
  }
}
