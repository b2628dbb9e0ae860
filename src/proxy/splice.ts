import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Ring } from '../core/ring.js'
import {
  BORROWED,
  ByteQueue,
  giveBack,
  Intake,
  pins,
  Slab,
  type ByteStream,
  type IntakeSink,
  type StreamHandler,
} from '../wire/index.js'

/** Bytes that a splice moved; plain numbers, added to on every chunk. One object may be shared by many splices. */
export interface ByteCount {
  /** From the socket into the stream. */
  bytesIn: number
  /** From the stream into the socket. */
  bytesOut: number
}

/** What is known when both directions are over. */
export interface SpliceResult extends ByteCount {
  /** null when both directions ended with FIN; otherwise why they were cut. */
  readonly error: Error | null
}

/**
 * Sees the bytes of a splice as they pass. They are valid only until the call returns, which must throw nothing and be
 * quick: it stands in the way of the bytes.
 */
export interface SpliceTap {
  /** From the stream into the socket. */
  toSocket(slice: Buffer): void
  /** From the socket into the stream: `buffer[start, end)`. */
  toStream(buffer: Buffer, start: number, end: number): void
  /** FIN of the stream, and of the socket. */
  streamEnded(): void
  socketEnded(): void
}

export interface SpliceOptions {
  /** Called exactly once, when both the stream and the socket are finished. */
  onClose(result: SpliceResult): void
  /** Told of bytes as they pass, beside the splice's own count: the traffic of a tunnel. */
  total?: { addBytes(bytesIn: number, bytesOut: number): void }
  tap?: SpliceTap | null
}

/**
 * Opens the stream of a splice, or begins our direction of one that is there, with the bytes that the socket brought
 * first (valid only until it returns), or without. Returns the stream. What it throws resets the socket.
 */
export type OpenStream = (first: Buffer | null) => ByteStream

/** Slices below this are held back and put together while the socket is behind. */
const SMALL = 1024

/**
 * TLS gives 16 KiB at a time, several in a turn of the event loop. Slices from this size on are bulk, and leave
 * together at the turn's end: one system call instead of one each (measured: -10 % CPU per byte).
 */
export const GATHER_FROM = 8 * 1024

/**
 * Joins a wire stream and a socket, both ways, until both are finished.
 *
 * - Stream to socket: slices go straight to `socket.write`. Credit is given when bytes have left the socket's buffer.
 * - Socket to stream: read into slabs with headroom; reading stops while the stream has no room.
 * - FIN goes through in each direction on its own; RST of either side resets the other.
 *
 * The socket must have been made with `allowHalfOpen: true`. Both belong to the splice from here on.
 */
export class Splice implements StreamHandler<ByteStream>, IntakeSink {
  bytesIn = 0
  bytesOut = 0
  #stream: ByteStream | null
  readonly #socket: Socket
  readonly #options: SpliceOptions
  readonly #total: SpliceOptions['total']
  readonly #tap: SpliceTap | null
  #intake: Intake | null = null
  /** Opens the stream, or begins our direction of it; null once that is done. */
  #open: OpenStream | null = null
  /** Bytes given to the socket, or held, for which no credit was given back yet. */
  #uncredited = 0
  /** Small slices that wait for the socket, so that each does not cost a write; null when none does. */
  #held: ByteQueue | null = null
  /** Slices in slabs that the socket has not taken yet, the oldest first. */
  #lent: Ring<Buffer> | null = null
  #streamOpen = true
  #socketOpen = true
  #socketEnded = false
  #streamEnded = false
  #finished = false
  #error: Error | null = null

  /** Without a stream (null) it is to be started with `startOpening`. */
  constructor(stream: ByteStream | null, socket: Socket, options: SpliceOptions) {
    this.#stream = stream
    this.#socket = socket
    this.#options = options
    this.#total = options.total
    this.#tap = options.tap ?? null
  }

  /** Starts to read the socket. The owner attaches the splice to the stream, before or after. */
  start(): void {
    const socket = this.#socket
    socket.on('end', this.#onSocketEnd)
    socket.on('error', this.#onSocketError)
    socket.on('close', this.#onSocketClose)
    if (socket.destroyed) {
      this.#onSocketClose()
      return
    }
    this.#intake = new Intake(socket, this)
    this.#intake.start()
  }

  /**
   * Starts to read the socket, and calls `open` with the first bytes that it brings; without them when none came within
   * two turns of the event loop. So what a visitor sent right behind its handshake, or an upstream that is quick, rides
   * in one frame with the header of the stream, and one who waits for a greeting does not wait for longer.
   */
  startOpening(open: OpenStream): void {
    this.#open = open
    this.start()
    if (this.#open !== null) setImmediate(waitOneTurn, this)
  }

  /** Opens the stream without first bytes, unless it is open. */
  openSilent(): void {
    if (this.#open !== null) this.#openWith(null)
  }

  #openWith(first: Buffer | null): void {
    const open = this.#open
    if (open === null) return
    this.#open = null
    try {
      this.#stream = open(first)
      if (this.#stream.gate !== null) this.#intake?.keepSmall()
    } catch (error) {
      this.onClose(error instanceof Error ? error : new Error(String(error)))
    }
  }

  // Stream to socket.

  onData(slice: Buffer): void {
    const bytes = slice.length
    this.bytesOut += bytes
    this.#total?.addBytes(0, bytes)
    if (this.#tap !== null) this.#tap.toSocket(slice)
    const socket = this.#socket
    if (!socket.writable) {
      giveBack(slice, bytes)
      this.#stream?.consumed(bytes)
      return
    }
    if (bytes >= GATHER_FROM) corkForTurn(socket)
    if (socket.writableLength === 0 && this.#held === null) {
      if (Slab.of(slice) === null) socket.write(slice)
      else this.#writeLent(slice)
      this.#stream?.consumed(bytes)
      return
    }
    // To hold a slice back, a write must be under way whose callback comes to fetch it.
    const underWay = this.#uncredited > (this.#held?.bytes ?? 0)
    this.#uncredited += bytes
    if (bytes >= SMALL || !underWay) {
      this.#writeHeld()
      if (pins(slice)) {
        socket.write(Buffer.from(slice), this.#onWritten)
        giveBack(slice, bytes)
      } else if (Slab.of(slice) === null) socket.write(slice, this.#onWritten)
      else this.#writeLent(slice)
      return
    }
    this.#held ??= new ByteQueue()
    this.#held.push(slice, 0, bytes, BORROWED)
    giveBack(slice, bytes)
    if (this.#held.bytes >= GATHER_FROM) this.#writeHeld()
  }

  #writeLent(slice: Buffer): void {
    this.#lent ??= new Ring<Buffer>(8)
    this.#lent.push(slice)
    this.#socket.write(slice, this.#onLentWritten)
  }

  /** A socket calls back in the order of its writes. */
  readonly #onLentWritten = (): void => {
    const slice = this.#lent?.shift()
    if (slice !== undefined) giveBack(slice, slice.length)
    this.#onWritten()
  }

  #writeHeld(): void {
    const held = this.#held
    this.#held = null
    while (held !== null && held.bytes > 0) {
      const { buffer, start, end } = held.take(Infinity)
      this.#socket.write(buffer.subarray(start, end), this.#onWritten)
    }
  }

  readonly #onWritten = (): void => {
    if (this.#socket.writableLength === 0) this.#writeHeld()
    const left = this.#uncredited - this.#socket.writableLength - (this.#held?.bytes ?? 0)
    if (left <= 0) return
    this.#uncredited -= left
    this.#stream?.consumed(left)
  }

  onEnd(): void {
    this.#streamEnded = true
    this.#tap?.streamEnded()
    this.#writeHeld()
    this.#socket.end()
  }

  // Socket to stream.

  onBorrowed(slab: Buffer, start: number, end: number): boolean {
    this.bytesIn += end - start
    this.#total?.addBytes(end - start, 0)
    if (this.#tap !== null) this.#tap.toStream(slab, start, end)
    if (this.#open === null) return this.#stream?.writeCopy(slab, start, end) ?? true
    this.#openWith(slab.subarray(start, end))
    return true
  }

  onOwned(slab: Buffer, start: number, end: number): boolean {
    this.bytesIn += end - start
    this.#total?.addBytes(end - start, 0)
    if (this.#tap !== null) this.#tap.toStream(slab, start, end)
    if (this.#open === null) return this.#stream?.writeSlab(slab, start, end) ?? true
    this.#openWith(slab.subarray(start, end))
    giveBack(slab, end - start)
    return true
  }

  readonly #onSocketEnd = (): void => {
    this.#socketEnded = true
    this.#tap?.socketEnded()
    this.#openWith(null)
    this.#stream?.end()
  }

  onWritable(): void {
    this.#intake?.resume()
  }

  // The end of either.

  onClose(error: Error | null): void {
    this.#streamOpen = false
    if (error !== null) {
      this.#error ??= error
      if (this.#socketOpen) resetSocket(this.#socket)
    }
    this.#finish()
  }

  readonly #onSocketError = (error: Error): void => {
    this.#error ??= error
    this.#stream?.reset(error)
  }

  readonly #onSocketClose = (): void => {
    this.#socketOpen = false
    if (this.#stream === null) this.#streamOpen = false
    this.#open = null
    const whole = this.#socketEnded && this.#streamEnded
    if (this.#streamOpen && !whole) this.#stream?.reset(this.#error)
    this.#finish()
  }

  #finish(): void {
    if (this.#streamOpen || this.#socketOpen || this.#finished) return
    this.#finished = true
    this.#options.onClose({ bytesIn: this.bytesIn, bytesOut: this.bytesOut, error: this.#error })
  }
}

/**
 * Ends a socket with RST where its kind has that (TCP), otherwise without waiting for what is still queued. libuv resets
 * none whose FIN is on its way out, and Node would then neither close it nor say so: it is reset a turn later.
 */
export function resetSocket(socket: Socket): void {
  if (socket instanceof TLSSocket || socket.remoteFamily === undefined) socket.destroy()
  else if (socket.writableEnded && !socket.writableFinished && socket.writableLength === 0) {
    socket.once('finish', () => socket.resetAndDestroy())
  } else socket.resetAndDestroy()
}

/** Holds what is written back until the turn of the event loop ends, so that it leaves together. */
export function corkForTurn(socket: Socket): void {
  if (socket.writableCorked > 0) return
  socket.cork()
  setImmediate(uncork, socket)
}

function uncork(socket: Socket): void {
  socket.uncork()
}

function waitOneTurn(pipe: Splice): void {
  setImmediate(openSilent, pipe)
}

function openSilent(pipe: Splice): void {
  pipe.openSilent()
}

/** Joins `stream` and `socket` at once; see `Splice`. */
export function splice(stream: ByteStream, socket: Socket, options: SpliceOptions): Splice {
  const pipe = new Splice(stream, socket, options)
  stream.attach(pipe)
  pipe.start()
  return pipe
}
