import { WireViolation } from './violation.js'

/** A piece of a stream that came before what stands in front of it. */
interface Piece {
  readonly offset: number
  readonly bytes: Buffer
}

/**
 * The order of what comes on a stream. Bytes without an offset lie one behind the other from the start; once some came
 * with one (the stream is striped over several carriers) pieces may come in any order, and wait here for what stands in
 * front of them. Bounded by the stream's window, since each byte lies within it, and none may come twice. Pure.
 */
export class ArrivalOrder {
  #delivered = 0
  /** Bytes that came, or are announced, without an offset. */
  #plain = 0
  #endAt: number | null = null
  /** By offset; null until the stream is striped. */
  #pieces: Piece[] | null = null

  /** All bytes before the peer's end have been given on. */
  get whole(): boolean {
    return this.#endAt === this.#delivered
  }

  /**
   * Where the payload of a frame belongs, of which OFFSET said `given` (null: nothing was said). Null when it would pass
   * `limit`, or the peer's end.
   */
  place(length: number, given: number | null, limit: number): number | null {
    const offset = given ?? this.#plain
    const end = offset + length
    if (end > limit || (this.#endAt !== null && end > this.#endAt)) return null
    if (given === null) this.#plain = end
    return offset
  }

  /** The offset with the low 32 bits `low` that is not before what was given on. The stream is striped from now on. */
  full(low: number): number {
    this.#pieces ??= []
    return this.#delivered + ((low - (this.#delivered % 2 ** 32) + 2 ** 32) % 2 ** 32)
  }

  /** The peer's direction ends at `offset`. */
  endAt(offset: number): void {
    this.#endAt ??= offset
  }

  /**
   * A piece of payload. True: it is its turn, and the caller gives it on. False: it was taken over, and comes from `next`
   * in its turn. @throws WireViolation UR_WIRE_OFFSET when any byte of it came before
   */
  take(offset: number, bytes: Buffer): boolean {
    if (this.#pieces === null || (offset === this.#delivered && this.#pieces.length === 0)) {
      this.#delivered += bytes.length
      return true
    }
    this.#insert(this.#pieces, offset, bytes)
    return false
  }

  /** The next piece in order; null while it has not come. */
  next(): Buffer | null {
    const first = this.#pieces?.[0]
    if (first === undefined || first.offset !== this.#delivered) return null
    this.#pieces?.shift()
    this.#delivered += first.bytes.length
    return first.bytes
  }

  #insert(pieces: Piece[], offset: number, bytes: Buffer): void {
    let at = pieces.length
    while (at > 0 && pieces[at - 1]!.offset > offset) at--
    const before = pieces[at - 1]
    const after = pieces[at]
    const free = before === undefined ? this.#delivered : before.offset + before.bytes.length
    if (offset < free || (after !== undefined && offset + bytes.length > after.offset)) {
      throw new WireViolation('UR_WIRE_OFFSET', `bytes at offset ${offset} of a stream came twice`)
    }
    pieces.splice(at, 0, { offset, bytes })
  }
}
