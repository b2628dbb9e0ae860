import { HEADROOM } from './frame.js'

/**
 * Memory that sockets are read into, and read into again once all bytes that were lent out of it have come back.
 * Fresh memory for every read is what a bulk transfer would otherwise cost most (measured: a quarter of its CPU).
 * Nobody has to give back: a slab that lacks a byte is left to the garbage collector.
 */
export class Slab extends ArrayBuffer {
  readonly #pool: SlabPool
  /** Bytes lent and not given back. */
  #out = 0
  #filling = true
  #weak: WeakRef<Slab> | null = null

  constructor(pool: SlabPool) {
    super(pool.slabSize)
    this.#pool = pool
  }

  /** The slab that a slice lies in; null for any other memory. */
  static of(slice: Uint8Array): Slab | null {
    return slice.buffer instanceof Slab ? slice.buffer : null
  }

  /** So many more bytes are in somebody's hands. */
  lend(bytes: number): void {
    this.#out += bytes
  }

  /** So many are not any more: nobody will look at them again. */
  giveBack(bytes: number): void {
    this.#out -= bytes
    if (this.#out === 0 && !this.#filling) this.#pool.keep(this)
  }

  /** For the pool: made once, as a slab may be left over again and again. */
  get weak(): WeakRef<Slab> {
    return (this.#weak ??= new WeakRef<Slab>(this))
  }

  /** For the pool: it is read into. */
  fill(): void {
    this.#filling = true
  }

  /** Nothing more is read into it. */
  full(): void {
    if (!this.#filling) return
    this.#filling = false
    if (this.#out === 0) this.#pool.keep(this)
  }
}

/**
 * Slabs of one size that wait to be read into again. Of those that a burst leaves over the collector takes what it finds
 * at its next round; until then the next burst uses them, or it would take as much fresh memory on top.
 */
export class SlabPool {
  readonly slabSize: number
  readonly #most: number
  readonly #spare: Slab[] = []
  readonly #leftOver: WeakRef<Slab>[] = []

  /** @param most spare slabs that are kept for good */
  constructor(slabSize: number, most: number) {
    this.slabSize = slabSize
    this.#most = most
  }

  take(): Slab {
    const slab = this.#spare.pop() ?? this.#takeLeftOver() ?? new Slab(this)
    slab.fill()
    return slab
  }

  #takeLeftOver(): Slab | undefined {
    for (let left = this.#leftOver.pop(); left !== undefined; left = this.#leftOver.pop()) {
      const slab = left.deref()
      if (slab !== undefined) return slab
    }
    return undefined
  }

  /** For slabs: all of its bytes have come back. */
  keep(slab: Slab): void {
    if (this.#spare.length < this.#most) this.#spare.push(slab)
    else this.#leftOver.push(slab.weak)
  }
}

/**
 * What is read into while bytes flow in bulk, four records of TLS, which come one by one; and what large
 * frames are copied into.
 */
export const BULK = new SlabPool(4 * (16 * 1024 + HEADROOM), 64)
/** The same for a socket that fills that: one that gives as much as there is room. */
export const LARGE_BULK = new SlabPool(256 * 1024, 32)

/** Books bytes of a slice as in somebody's hands; nothing to do for memory that is no slab. */
export function lend(slice: Uint8Array, bytes: number): void {
  if (slice.buffer instanceof Slab) slice.buffer.lend(bytes)
}

/** Books bytes of a slice as given back: nobody will look at them again. */
export function giveBack(slice: Uint8Array, bytes: number): void {
  if (slice.buffer instanceof Slab) slice.buffer.giveBack(bytes)
}
