import type { Socket } from 'node:net'
import { HEADROOM } from './frame.js'

/** What is read at once while bytes flow in bulk. */
const BULK_SLAB = 256 * 1024
/** What is read at once otherwise, into the one slab that all quiet sockets of the process share. */
const SHARED_SLAB = 64 * 1024
/** A read of at least this makes a socket a bulk one; a smaller one makes it quiet again. */
const BULK_READ = 12 * 1024
/** A bulk slab is replaced when less than this is left. */
const LEAST_ROOM = 64 * 1024

/** Who takes the bytes. Returning false stops reading until `resume`. */
export interface IntakeSink {
  /** `slab[start, end)` is valid only until this returns. */
  onBorrowed(slab: Buffer, start: number, end: number): boolean
  /** `slab[start, end)` and the 12 bytes before `start` belong to the sink from now on. */
  onOwned(slab: Buffer, start: number, end: number): boolean
}

interface UserBuffer {
  [symbol: symbol]: unknown
  _handle: { useUserBuffer?: (buffer: Uint8Array) => void; reading?: boolean } | null
}

/** One slab for all quiet sockets: libuv fills it and calls back before another socket is read. */
const shared = Buffer.allocUnsafeSlow(SHARED_SLAB)
const sharedRegion = shared.subarray(HEADROOM)

/**
 * Reads a connected socket into slabs with room for a frame header in front, without the Readable machinery:
 * Node's `onread` mode, switched on for a socket that exists already (`net.connect` alone has an option for it,
 * `net.Server` and server-side TLS have none). Where a Node version does not allow it, 'data' events serve.
 * 'end', 'error' and 'close' stay with the socket's owner.
 */
export class Intake {
  readonly #socket: Socket
  readonly #sink: IntakeSink
  #slab: Buffer = shared
  #at = HEADROOM
  #onread = false

  constructor(socket: Socket, sink: IntakeSink) {
    this.#socket = socket
    this.#sink = sink
  }

  /** Begins to read. Bytes that the socket had buffered (or was given back by `unshift`) come first. */
  start(): void {
    const socket = this.#socket
    const buffered = socket.readableLength > 0 ? (socket.read() as Buffer | null) : null
    let more = true
    if (buffered !== null) more = this.#sink.onBorrowed(buffered, 0, buffered.length)
    this.#onread = this.#switchOn()
    if (!this.#onread) {
      socket.on('data', (chunk: Buffer) => {
        if (!this.#sink.onBorrowed(chunk, 0, chunk.length)) socket.pause()
      })
    }
    socket.resume()
    if (!more) socket.pause()
  }

  /** Stops reading: the kernel's buffer fills and the other side has to wait. */
  pause(): void {
    this.#socket.pause()
  }

  /** Reads again. */
  resume(): void {
    this.#socket.resume()
  }

  #switchOn(): boolean {
    const socket = this.#socket as unknown as UserBuffer
    const symbols = onreadSymbols(this.#socket)
    if (symbols === null || typeof socket._handle?.useUserBuffer !== 'function') return false
    const region = this.#region()
    socket[symbols.buffer] = region
    socket[symbols.callback] = this.#onRead
    socket[symbols.generator] = this.#region
    socket._handle.useUserBuffer(region)
    return true
  }

  readonly #onRead = (length: number): boolean => {
    const slab = this.#slab
    const start = this.#at
    const end = start + length
    if (slab === shared) {
      if (length >= BULK_READ) this.#newSlab()
      return this.#sink.onBorrowed(slab, start, end)
    }
    if (length < BULK_READ) {
      this.#slab = shared
      this.#at = HEADROOM
      return this.#sink.onBorrowed(slab, start, end)
    }
    this.#at = end + HEADROOM
    if (slab.length - this.#at < LEAST_ROOM) this.#newSlab()
    return this.#sink.onOwned(slab, start, end)
  }

  #newSlab(): void {
    this.#slab = Buffer.allocUnsafeSlow(BULK_SLAB)
    this.#at = HEADROOM
  }

  readonly #region = (): Buffer => {
    return this.#slab === shared ? sharedRegion : this.#slab.subarray(this.#at)
  }
}

interface OnreadSymbols {
  buffer: symbol
  callback: symbol
  generator: symbol
}

/** The symbols under which Node's net.Socket keeps its `onread` option; null where it has none. */
function onreadSymbols(socket: Socket): OnreadSymbols | null {
  const own = Object.getOwnPropertySymbols(socket)
  const find = (name: string): symbol | undefined => own.find((symbol) => symbol.description === name)
  const buffer = find('kBuffer')
  const callback = find('kBufferCb')
  const generator = find('kBufferGen')
  if (buffer === undefined || callback === undefined || generator === undefined) return null
  return { buffer, callback, generator }
}
