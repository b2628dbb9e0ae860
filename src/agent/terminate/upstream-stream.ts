import type { Socket } from 'node:net'
import { UpstreamError } from '../../core/errors.js'
import { resetSocket } from '../../proxy/index.js'
import { giveBack, type ByteStream, type StreamHandler } from '../../wire/index.js'
import type { ConnectionTap } from '../api.js'
import type { CancelDial } from '../dial-upstream.js'
import type { Tunnel } from '../tunnel.js'

/** Bytes that may be under way in each direction before the other side has to wait. */
const WINDOW = 256 * 1024

/**
 * A connection to an upstream that behaves as a stream of a session does, for visitors whose TLS ends in the agent. All
 * that they say and get in plaintext passes here, and nowhere else: `#send` has what goes to the upstream, `#onData` what
 * comes back.
 */
export class UpstreamStream implements ByteStream {
  readonly gate = null
  closed = false
  readonly #tunnel: Tunnel
  readonly #tap: ConnectionTap | null
  #handler: StreamHandler<ByteStream>
  #socket: Socket | null = null
  #cancelDial: CancelDial | null
  /** What is to be sent once there is a connection; null: there is one. */
  #waiting: Buffer[] | null = []
  #waitingBytes = 0
  #wantsRoom = false
  #unconsumed = 0
  #ending = false
  #endReceived = false
  #error: Error | null = null

  /** Dials; nothing is told to `handler` before this returns. `first` goes to the upstream before all else. */
  constructor(tunnel: Tunnel, handler: StreamHandler<ByteStream>, first: Buffer | null, tap: ConnectionTap | null) {
    this.#tunnel = tunnel
    this.#handler = handler
    this.#tap = tap
    if (first !== null) this.write(first)
    this.#cancelDial = tunnel.dialer.dial({
      connected: (socket) => this.#onConnected(socket),
      failed: (error) => {
        tunnel.failures++
        this.#finish(error)
      },
    })
  }

  attach(handler: StreamHandler<ByteStream>): void {
    this.#handler = handler
  }

  write(chunk: Buffer): boolean {
    return this.#send(chunk, null)
  }

  writeSlab(slab: Buffer, start: number, end: number): boolean {
    return this.#send(slab.subarray(start, end), () => giveBack(slab, end - start))
  }

  writeCopy(buffer: Buffer, start: number, end: number): boolean {
    return this.#send(Buffer.from(buffer.subarray(start, end)), null)
  }

  end(): void {
    if (this.#ending || this.closed) return
    this.#ending = true
    this.#tap?.streamEnded()
    if (this.#waiting === null) this.#socket?.end()
  }

  reset(error: Error | null = null): void {
    if (this.closed) return
    if (this.#socket !== null) resetSocket(this.#socket)
    this.#finish(error)
  }

  consumed(bytes: number): void {
    this.#unconsumed -= bytes
    if (this.#unconsumed <= WINDOW / 2 && this.#socket?.isPaused() === true) this.#socket.resume()
  }

  #send(chunk: Buffer, sent: (() => void) | null): boolean {
    if (this.#ending || this.closed) {
      sent?.()
      return true
    }
    this.#tap?.toSocket(chunk)
    let hasRoom: boolean
    if (this.#waiting === null) {
      this.#socket?.write(chunk, () => sent?.())
      hasRoom = (this.#socket?.writableLength ?? 0) < WINDOW
    } else {
      // What is lent is not held on to for as long as an upstream may take.
      this.#waiting.push(sent === null ? chunk : Buffer.from(chunk))
      sent?.()
      this.#waitingBytes += chunk.length
      hasRoom = this.#waitingBytes < WINDOW
    }
    this.#wantsRoom ||= !hasRoom
    return hasRoom
  }

  #onConnected(socket: Socket): void {
    this.#cancelDial = null
    this.#socket = socket
    socket.on('error', (error) => (this.#error ??= this.#resetError(error)))
    socket.on('drain', () => {
      if (!this.#wantsRoom) return
      this.#wantsRoom = false
      this.#handler.onWritable(this)
    })
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('end', () => {
      this.#endReceived = true
      this.#tap?.socketEnded()
      if (!this.closed) this.#handler.onEnd(this)
    })
    socket.on('close', () => {
      const whole = this.#endReceived && socket.writableFinished
      this.#finish(this.#error ?? (whole ? null : this.#resetError(null)))
    })
    const waiting = this.#waiting ?? []
    this.#waiting = null
    let hasRoom = true
    for (const chunk of waiting) hasRoom = socket.write(chunk)
    if (this.#ending) socket.end()
    else if (hasRoom && this.#wantsRoom) {
      this.#wantsRoom = false
      this.#handler.onWritable(this)
    }
  }

  #onData(chunk: Buffer): void {
    if (this.closed) return
    this.#unconsumed += chunk.length
    this.#tap?.toStream(chunk, 0, chunk.length)
    this.#handler.onData(chunk, this)
    if (this.#unconsumed > WINDOW) this.#socket?.pause()
  }

  #resetError(cause: Error | null): UpstreamError {
    const message = `the upstream ${this.#tunnel.dialer.name} cut the connection${cause === null ? '' : `: ${cause.message}`}`
    return new UpstreamError('UR_UPSTREAM_RESET', message, { cause })
  }

  #finish(error: Error | null): void {
    if (this.closed) return
    this.closed = true
    this.#cancelDial?.()
    this.#waiting = null
    this.#tap?.close(error)
    this.#handler.onClose(error, this)
  }
}
