import type { Socket } from 'node:net'
import { HEADROOM } from './frame.js'
import { BULK, LARGE_BULK, lend, Slab } from './slab.js'

/** What is read at once otherwise, into the one slab that all quiet sockets of the process share. */
const SHARED_SLAB = 64 * 1024
/** A read of at least this makes a socket a bulk one. */
const BULK_READ = 12 * 1024
/** So many smaller ones in a row make it quiet again: also in bulk, what is read ends with a small piece now and then. */
const QUIET_READS = 8

/** Who takes the bytes. Returning false stops reading until `resume`. */
export interface IntakeSink {
  /** `slab[start, end)` is valid only until this returns. */
  onBorrowed(slab: Buffer, start: number, end: number): boolean
  /**
   * `slab[start, end)` and the 12 bytes before `start` belong to the sink from now on. They are lent by a `Slab`, which
   * is read into again once the sink (or who has them from it) has given them back; it need not.
   */
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
  #pool = BULK
  #smallReads = 0
  #onread = false
  #mayBulk = true

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
    if (!this.#onread) socket.on('data', this.#onEvent)
    socket.resume()
    if (!more) socket.pause()
  }

  /** Lets the socket be read by events again, as if this had never been. */
  release(): void {
    const symbols = onreadSymbols(this.#socket)
    if (this.#onread && symbols !== null) (this.#socket as unknown as UserBuffer)[symbols.callback] = this.#pushRead
    else this.#socket.off('data', this.#onEvent)
  }

  /** Reads no more than 64 KiB at once from now on, for a sink that has to be stopped in time. */
  keepSmall(): void {
    this.#mayBulk = false
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
    this.#socket.once('end', this.#letGo).once('close', this.#letGo)
    return true
  }

  /** Nothing more is read: a socket that stays half open, maybe for days, shall not hold a slab. */
  readonly #letGo = (): void => {
    const slab = this.#slab
    if (slab === shared) return
    this.#next(shared)
    const socket = this.#socket as unknown as UserBuffer
    const symbols = onreadSymbols(this.#socket)
    if (symbols !== null) socket[symbols.buffer] = sharedRegion
    socket._handle?.useUserBuffer?.(sharedRegion)
    Slab.of(slab)?.full()
  }

  readonly #onEvent = (chunk: Buffer): void => {
    if (!this.#sink.onBorrowed(chunk, 0, chunk.length)) this.#socket.pause()
  }

  readonly #pushRead = (length: number): boolean => {
    return this.#socket.push(Buffer.from(this.#slab.subarray(this.#at, this.#at + length)))
  }

  readonly #onRead = (length: number): boolean => {
    const slab = this.#slab
    const start = this.#at
    const end = start + length
    if (length >= BULK_READ && this.#mayBulk) return this.#onBulk(slab, start, length)
    if (slab !== shared && ++this.#smallReads >= QUIET_READS) {
      this.#pool = BULK
      this.#next(shared)
    }
    const more = this.#sink.onBorrowed(slab, start, end)
    if (slab !== this.#slab) Slab.of(slab)?.full()
    return more
  }

  #onBulk(slab: Buffer, start: number, length: number): boolean {
    const end = start + length
    this.#smallReads = 0
    if (slab === shared) {
      this.#next(Buffer.from(this.#pool.take()))
      return this.#sink.onBorrowed(slab, start, end)
    }
    if (end === slab.length && start === HEADROOM) this.#pool = LARGE_BULK
    this.#at = end + HEADROOM
    if (slab.length - this.#at < this.#pool.slabSize / 4 - HEADROOM) this.#next(Buffer.from(this.#pool.take()))
    lend(slab, length)
    const more = this.#sink.onOwned(slab, start, end)
    if (slab !== this.#slab) Slab.of(slab)?.full()
    return more
  }

  #next(slab: Buffer): void {
    this.#slab = slab
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

/** Found once: they are the same for every socket of a process. */
let foundSymbols: OnreadSymbols | null = null

/** The symbols under which Node's net.Socket keeps its `onread` option; null where it has none. */
function onreadSymbols(socket: Socket): OnreadSymbols | null {
  foundSymbols ??= findOnreadSymbols(Object.getOwnPropertySymbols(socket))
  return foundSymbols
}

function findOnreadSymbols(own: symbol[]): OnreadSymbols | null {
  const find = (name: string): symbol | undefined => own.find((symbol) => symbol.description === name)
  const buffer = find('kBuffer')
  const callback = find('kBufferCb')
  const generator = find('kBufferGen')
  if (buffer === undefined || callback === undefined || generator === undefined) return null
  return { buffer, callback, generator }
}
