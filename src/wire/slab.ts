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

  /** For the pool: it is read into. */
  fill(): void {
    this.#filling = true
  }

  /** Nothing more is read into it. */
  full(): void {
    this.#filling = false
    if (this.#out === 0) this.#pool.keep(this)
  }
}

/** Slabs of one size that wait to be read into again. */
export class SlabPool {
  readonly slabSize: number
  readonly #most: number
  readonly #spare: Slab[] = []

  /** @param most spare slabs that are kept at most */
  constructor(slabSize: number, most: number) {
    this.slabSize = slabSize
    this.#most = most
  }

  take(): Slab {
    const slab = this.#spare.pop() ?? new Slab(this)
    slab.fill()
    return slab
  }

  /** For slabs: all of its bytes have come back. */
  keep(slab: Slab): void {
    if (this.#spare.length < this.#most) this.#spare.push(slab)
  }
}

/** Books bytes of a slice as in somebody's hands; nothing to do for memory that is no slab. */
export function lend(slice: Uint8Array, bytes: number): void {
  if (slice.buffer instanceof Slab) slice.buffer.lend(bytes)
}

/** Books bytes of a slice as given back: nobody will look at them again. */
export function giveBack(slice: Uint8Array, bytes: number): void {
  if (slice.buffer instanceof Slab) slice.buffer.giveBack(bytes)
}
