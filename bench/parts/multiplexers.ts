import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { AbstractMessageStream, type MessageStreamInit, type SendResult } from '@libp2p/utils'
import { yamux as libp2pYamux } from '@chainsafe/libp2p-yamux'
import { Client, Server } from 'yamux-js'
import { Session, type Stream, type StreamHandler } from '../../src/wire/index.js'

export type Role = 'client' | 'server'

/** What the bench does with one stream, whatever multiplexer bears it. */
export interface StreamUser {
  onBytes(count: number): void
  onRoom(): void
}

/** False: no more until `onRoom`. The chunk is never changed afterwards. */
export type Send = (chunk: Buffer) => boolean
/** Makes the user of a stream from its `send`. */
export type UseStream = (send: Send) => StreamUser
/** Puts a session on a socket; gives what opens a stream. */
export type Multiplexer = (socket: Socket, role: Role, onStream: UseStream) => (use: UseStream) => void

export const MULTIPLEXERS: Record<string, Multiplexer> = {
  wire(socket, role, onStream) {
    const session = new Session(role, {}, {
      onStream: (stream) => stream.attach(wireHandler(stream, onStream)),
      onClose: () => undefined,
    }) // prettier-ignore
    session.addCarrier(socket)
    return (use) => {
      const stream = session.open()
      stream.attach(wireHandler(stream, use))
    }
  },

  'yamux-js'(socket, role, onStream) {
    const session = role === 'client' ? new Client() : new Server((stream) => useDuplex(stream, onStream))
    socket.pipe(session).pipe(socket)
    session.on('error', (error: Error) => {
      throw error
    })
    return (use) => useDuplex(session.open(), use)
  },

  'libp2p-yamux'(socket, role, onStream) {
    const connection = new SocketMessages(socket, role)
    const muxer = libp2pYamux()().createStreamMuxer(connection)
    muxer.addEventListener('stream', (event) => useMessages(event.detail, onStream))
    return (use) => void Promise.resolve(muxer.createStream()).then((stream) => useMessages(stream, use))
  },
}

function wireHandler(stream: Stream, use: UseStream): StreamHandler {
  const user = use((chunk) => stream.write(chunk))
  return {
    onData: (slice) => {
      user.onBytes(slice.length)
      stream.consumed(slice.length)
    },
    onWritable: () => user.onRoom(),
    onEnd: () => undefined,
    onClose: () => undefined,
  }
}

function useDuplex(stream: Duplex, use: UseStream): void {
  const user = use((chunk) => stream.write(chunk))
  stream.on('data', (chunk: Buffer) => user.onBytes(chunk.length))
  stream.on('drain', () => user.onRoom())
}

type Messages = Pick<AbstractMessageStream, 'send' | 'addEventListener'>

function useMessages(stream: Messages, use: UseStream): void {
  const user = use((chunk) => stream.send(chunk))
  stream.addEventListener('message', (event) => user.onBytes(event.data.byteLength))
  stream.addEventListener('drain', () => user.onRoom())
}

const silent: MessageStreamInit['log'] = Object.assign(() => undefined, {
  enabled: false,
  error: () => undefined,
  trace: () => undefined,
  newScope: () => silent,
})

/** A socket as libp2p wants its connections. */
class SocketMessages extends AbstractMessageStream {
  readonly #socket: Socket

  constructor(socket: Socket, role: Role) {
    super({ log: silent, direction: role === 'client' ? 'outbound' : 'inbound' })
    this.#socket = socket
    socket.on('data', (chunk) => this.onData(chunk))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('close', () => this.onTransportClosed())
  }

  override sendData(data: Parameters<AbstractMessageStream['sendData']>[0]): SendResult {
    const sentBytes = data.byteLength
    let canSendMore = true
    for (const piece of data) canSendMore = this.#socket.write(piece)
    return { sentBytes, canSendMore }
  }

  override sendReset(): void {
    this.#socket.destroy()
  }

  override sendPause(): void {
    this.#socket.pause()
  }

  override sendResume(): void {
    this.#socket.resume()
  }

  override close(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(resolve))
  }
}
