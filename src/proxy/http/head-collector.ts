import type { MessageSource } from './message-source.js'

const END_OF_HEAD = Buffer.from('\r\n\r\n')
const END_BYTES = 4
const ROOM = 256

/** Puts the head of an HTTP/1.1 message together. One that is whole in one slice, as nearly all are, is not copied. */
export class HeadCollector {
  /** Where in the last slice the bytes behind the head begin. */
  next = 0
  readonly #maxBytes: number
  readonly #source: MessageSource
  #held: Buffer | null = null
  #heldBytes = 0

  /** `maxBytes` bounds the head without its last empty line. */
  constructor(maxBytes: number, source: MessageSource) {
    this.#maxBytes = maxBytes
    this.#source = source
  }

  /** Bytes of an unfinished head. */
  get bytes(): number {
    return this.#heldBytes
  }

  /**
   * Takes the bytes of `slice` from `from` on. Returns the text of the head (latin1) without the empty line behind it, once it is
   * whole, otherwise null. Throws what the source says when it is too long.
   */
  collect(slice: Buffer, from: number): string | null {
    if (this.#held === null) {
      const end = slice.indexOf(END_OF_HEAD, from)
      if (end >= 0) {
        this.#check(end - from)
        this.next = end + END_BYTES
        return slice.toString('latin1', from, end)
      }
    }
    const before = this.#heldBytes
    const held = this.#hold(slice, from)
    const end = held.subarray(0, this.#heldBytes).indexOf(END_OF_HEAD, Math.max(0, before - END_BYTES + 1))
    this.#check(end < 0 ? this.#heldBytes : end)
    this.next = end < 0 ? slice.length : from + end + END_BYTES - before
    if (end < 0) return null
    this.#held = null
    this.#heldBytes = 0
    return held.toString('latin1', 0, end)
  }

  /** The text of an unfinished head from `from` on, latin1. */
  text(from: number): string {
    return this.#held?.toString('latin1', from, this.#heldBytes) ?? ''
  }

  #hold(slice: Buffer, from: number): Buffer {
    // One byte more than allowed is enough to know.
    const bytes = Math.min(slice.length - from, this.#maxBytes + END_BYTES + 1 - this.#heldBytes)
    const length = this.#heldBytes + bytes
    let held = this.#held
    if (held === null || length > held.length) {
      const room = Buffer.allocUnsafe(Math.max(length, 2 * (held?.length ?? ROOM)))
      held?.copy(room, 0, 0, this.#heldBytes)
      held = this.#held = room
    }
    slice.copy(held, this.#heldBytes, from, from + bytes)
    this.#heldBytes = length
    return held
  }

  #check(bytes: number): void {
    if (bytes > this.#maxBytes) throw this.#source.tooLong(this.#maxBytes)
  }
}
