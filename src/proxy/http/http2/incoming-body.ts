import { BORROWED, ByteQueue } from '../../../wire/index.js'
import type { BodyLength, RawHeaders } from '../api.js'
import { GIVEN_BACK } from './receive-credit.js'
import { WINDOW } from './settings.js'

/** Who takes a body, and has to do with what it costs. */
export interface BodyTaker {
  /** The slice is valid during the call. */
  onPart(slice: Buffer): void
  onWhole(trailers: RawHeaders): void
  /** So many more bytes are kept until they are wanted; less than 0: so many are not any more. */
  keeps(bytes: number): void
  /** The visitor may send so many more. */
  giveBack(bytes: number): void
}

/** The body of one request, or what comes in its place behind an upgrade: from frames of DATA to whoever wants it. */
export class IncomingBody {
  /** Nothing more comes. */
  over: boolean
  readonly #taker: BodyTaker
  /** Bytes that may come, and those used for which nothing was given back yet. */
  #window = WINDOW
  #used = 0
  /** Bytes of the frame of DATA that is coming. */
  #frameLeft = 0
  /** Bytes that its length leaves; Infinity: it is not known. */
  #left: number
  #trailers: RawHeaders = []
  #flowing = false
  #dropped = false
  #endTold = false
  #kept: ByteQueue | null = null

  /** `isWhole`: nothing comes. */
  constructor(taker: BodyTaker, length: BodyLength, isWhole: boolean) {
    this.#taker = taker
    this.#left = typeof length === 'number' ? length : Infinity
    this.over = isWhole
  }

  /** Its end has been told. */
  get endTold(): boolean {
    return this.#endTold
  }

  // From the connection.

  /** A frame of DATA begins. False: it is more than the window allows. */
  onFrame(length: number): boolean {
    this.#window -= length
    this.#frameLeft = length
    return this.#window >= 0
  }

  /** A part of it. False: the body is longer than its length. */
  onPart(slice: Buffer): boolean {
    this.#frameLeft -= slice.length
    if (this.#dropped) return true
    this.#left -= slice.length
    if (this.#left < 0) return false
    if (this.#flowing && (this.#kept === null || this.#kept.bytes === 0)) {
      this.#taker.onPart(slice)
      this.#use(slice.length)
    } else this.#keep(slice)
    return true
  }

  /** It is over. What was padding is used with that. */
  onFrameEnd(): void {
    this.#use(this.#frameLeft)
    this.#frameLeft = 0
  }

  /** The body is whole. False: it is shorter than its length. */
  onEnd(trailers: RawHeaders): boolean {
    if (this.#left !== Infinity && this.#left > 0 && !this.#dropped) return false
    this.over = true
    this.#trailers = trailers
    this.deliver()
    return true
  }

  // From the exchange.

  /** Lets it flow; what has come is told a little later. */
  resume(): void {
    this.#flowing = true
    if (this.over || this.#kept !== null) process.nextTick(deliver, this)
  }

  pause(): void {
    this.#flowing = false
  }

  /** Tells what is there, as long as it is wanted. */
  deliver(): void {
    while (this.#flowing && this.#kept !== null && this.#kept.bytes > 0) {
      const { buffer, start, end } = this.#kept.take(Infinity)
      this.#taker.keeps(start - end)
      this.#taker.onPart(buffer.subarray(start, end))
      this.#use(end - start)
    }
    if (!this.#flowing || !this.over || this.#endTold) return
    this.#endTold = true
    this.#taker.onWhole(this.#trailers)
  }

  /** Nothing more is told of it, and not that it is whole; what still comes means nothing. */
  drop(): void {
    this.#dropped = true
    this.#endTold = true
    if (this.#kept !== null) this.#taker.keeps(-this.#kept.bytes)
    this.#kept = null
  }

  #keep(slice: Buffer): void {
    const kept = (this.#kept ??= new ByteQueue())
    kept.push(slice, 0, slice.length, BORROWED)
    this.#taker.keeps(slice.length)
  }

  #use(bytes: number): void {
    this.#used += bytes
    if (this.#used < WINDOW / GIVEN_BACK || this.over || this.#dropped) return
    this.#taker.giveBack(this.#used)
    this.#window += this.#used
    this.#used = 0
  }
}

// A method bound to each body would be made for each request, mostly for nothing.
function deliver(body: IncomingBody): void {
  body.deliver()
}
