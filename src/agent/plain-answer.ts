import { once } from 'node:events'
import type { Socket } from 'node:net'
import { printable } from '../core/printable.js'

/** So much of an answer is looked at, bytes. */
const SHOWN = 100

/** What something that does not speak TLS says. */
export interface PlainAnswer {
  /** The beginning of its first line, printable. */
  readonly line: string
  /** The status of an HTTP answer; null: it is none. */
  readonly httpStatus: number | null
}

/**
 * Asks by a plain HTTP request on a connected socket what is there. Null: nothing that can be read was said before it
 * closed. The caller sets a time limit and destroys the socket.
 */
export async function plainAnswer(socket: Socket, authority: string): Promise<PlainAnswer | null> {
  socket.write(`GET / HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`)
  const data = once(socket, 'data') as Promise<[Buffer]>
  // A proxy's answer was read before.
  socket.resume()
  const [said] = await Promise.race([data, once(socket, 'close').then((): [Buffer] => [Buffer.alloc(0)])])
  const [line = ''] = said.toString('latin1', 0, SHOWN).split(/[\r\n]/, 1)
  const isText = line.length > 2 && /^[\x20-\x7e]+$/.test(line)
  if (!isText) return null
  const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(line) ?? []
  return { line: printable(line), httpStatus: status === undefined ? null : Number(status) }
}
