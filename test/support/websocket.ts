import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { within } from './hang.js'
import { visit } from './pumps.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const TEXT = 0x81
const MASKED = 0x80

/** Serves one connection as RFC 6455 says, as far as short text messages need it: each comes back. */
export function serveWebSocket(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0)
  let upgraded = false
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    if (!upgraded) {
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) return
      const key = /^sec-websocket-key: *(\S+)/im.exec(rest.subarray(0, end).toString('latin1'))?.[1] ?? ''
      rest = rest.subarray(end + 4)
      upgraded = true
      const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      socket.write(`${head}Sec-WebSocket-Accept: ${accept(key)}\r\n\r\n`)
    }
    rest = takeMessages(rest, (text) => socket.write(Buffer.concat([Buffer.from([TEXT, text.length]), text])))
  })
  socket.on('end', () => socket.end())
}

/** A WebSocket of a client, for text messages below 126 bytes. */
export class WebSocketClient {
  readonly socket: Socket
  private constructor(socket: Socket, rest: Buffer, onMessage: (text: string) => void) {
    this.socket = socket
    let left = rest
    socket.on('data', (chunk: Buffer) => {
      left = takeMessages(Buffer.concat([left, chunk]), (text) => onMessage(text.toString()))
    })
  }

  static async open(port: number, onMessage: (text: string) => void): Promise<WebSocketClient> {
    const socket = await visit(port)
    const key = randomBytes(16).toString('base64')
    const ask =
      'GET / HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
    socket.write(`${ask}Sec-WebSocket-Key: ${key}\r\n\r\n`)
    const answer = await within('the WebSocket', headOf(socket))
    if (!answer.head.includes(accept(key))) throw new Error(`no WebSocket: ${answer.head}`)
    return new WebSocketClient(socket, answer.rest, onMessage)
  }

  send(text: string): void {
    const mask = randomBytes(4)
    const payload = Buffer.from(text).map((byte, at) => byte ^ mask[at % 4]!)
    this.socket.write(Buffer.concat([Buffer.from([TEXT, MASKED | payload.length]), mask, payload]))
  }
}

function accept(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

function headOf(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    let got: Buffer = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      got = Buffer.concat([got, chunk])
      const end = got.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', onData)
      resolve({ head: got.subarray(0, end).toString('latin1'), rest: got.subarray(end + 4) })
    }
    socket.on('data', onData)
    socket.once('close', () => reject(new Error('the connection closed before the WebSocket stood')))
  })
}

/** Gives every whole message of `bytes` to `each`; returns the rest. Throws at anything but a short text message. */
function takeMessages(bytes: Buffer, each: (text: Buffer) => void): Buffer {
  let at = 0
  while (bytes.length >= at + 2) {
    if (bytes[at] !== TEXT) throw new Error(`a frame begins with ${bytes[at]}`)
    const length = bytes[at + 1]! & ~MASKED
    const mask = bytes[at + 1]! & MASKED ? 4 : 0
    const start = at + 2 + mask
    if (bytes.length < start + length) break
    const payload = Buffer.from(bytes.subarray(start, start + length))
    if (mask > 0) for (let i = 0; i < length; i++) payload[i]! ^= bytes[at + 2 + (i % 4)]!
    each(payload)
    at = start + length
  }
  return bytes.subarray(at)
}
