import { BORROWED, LENT } from './egress.js'
import { ByteQueue, pins } from './queue.js'
import { giveBack } from './slab.js'
import { WireViolation } from './violation.js'

/** Bytes that came before their turn, one behind the other. */
interface Run {
  start: number
  end: number
  readonly bytes: ByteQueue
}

/** So many runs may wait in any window, and one more for each of so many bytes that it lets the peer send. */
const RUNS = 64
const BYTES_A_RUN = 4096

/**
 * The order of what comes on a stream. Bytes without an offset lie one behind the other from the start; once some came
 * with one (the stream is striped over several carriers) they may come in any order, and wait here for what stands in
 * front of them. No byte is taken twice, none beyond the peer's end, and only as many runs as docs/protocol.md allows: a
 * byte that waits must not cost a run of its own.
 */
export class ArrivalOrder {
  /** Bytes that wait for what stands in front of them. */
  waiting = 0
  #delivered = 0
  /** Bytes that came, or are announced, without an offset. */
  #plain = 0
  /** The end of all that came, or is announced. */
  #top = 0
  #endAt: number | null = null
  /** In the order of their offsets; null until the stream is striped. */
  #runs: Run[] | null = null

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
    if (length > 0 && end > this.#top) this.#top = end
    return offset
  }

  /** The offset with the low 32 bits `low` that is not before what was given on. The stream is striped from now on. */
  full(low: number): number {
    this.#runs ??= []
    return this.#delivered + ((low - (this.#delivered % 2 ** 32) + 2 ** 32) % 2 ** 32)
  }

  /**
   * The peer's direction ends at `offset`. False when that passes `limit`, when more than that came or is announced, or
   * when the end was said to be elsewhere.
   */
  endAt(offset: number, limit: number): boolean {
    if (offset > limit || offset < this.#top || offset !== (this.#endAt ?? offset)) return false
    this.#endAt = offset
    return true
  }

  /** It ends behind what came without an offset. @throws WireViolation UR_WIRE_OFFSET when some came with one */
  endHere(): void {
    if (this.#runs !== null) throw offsetViolation('the end of a stream came without an offset, and its bytes with')
    this.#endAt = this.#plain
  }

  /**
   * Takes a piece of payload over. True: it is its turn, and the caller gives it on. False: it waits. Either way `next`
   * may have more then. @param limit the offset up to which the peer may send
   * @throws WireViolation UR_WIRE_OFFSET when any byte of it came before, or too many runs would wait
   */
  take(offset: number, bytes: Buffer, limit: number): boolean {
    const next = this.#runs?.[0]
    if (offset === this.#delivered && (next === undefined || offset + bytes.length <= next.start)) {
      this.#delivered += bytes.length
      return true
    }
    if (this.#runs === null) throw offsetViolation('bytes without an offset came on several carriers at once')
    this.#insert(this.#runs, offset, bytes, limit)
    return false
  }

  /** The next piece in order; null while it has not come. */
  next(): Buffer | null {
    const run = this.#runs?.[0]
    if (run === undefined || run.start !== this.#delivered) return null
    const { buffer, start, end } = run.bytes.take(Infinity)
    const length = end - start
    this.waiting -= length
    this.#delivered += length
    run.start += length
    if (run.start === run.end) this.#runs?.shift()
    return buffer.subarray(start, end)
  }

  /** Drops what waits. */
  clear(): void {
    if (this.#runs !== null) this.#runs = []
    this.waiting = 0
  }

  #insert(runs: Run[], offset: number, bytes: Buffer, limit: number): void {
    const at = firstBehind(runs, offset)
    const before = runs[at - 1]
    const after = runs[at]
    const end = offset + bytes.length
    if (offset < (before?.end ?? this.#delivered) || (after !== undefined && end > after.start)) {
      throw offsetViolation(`bytes at offset ${offset} of a stream came twice`)
    }
    let run = before
    if (run?.end !== offset) {
      if (runs.length >= RUNS + (limit - this.#delivered) / BYTES_A_RUN) {
        throw offsetViolation(`${runs.length} pieces of a stream wait for what stands in front of them`)
      }
      run = { start: offset, end: offset, bytes: new ByteQueue() }
      runs.splice(at, 0, run)
    }
    run.end = end
    // A small piece must not hold all that was read with it.
    const copied = pins(bytes)
    run.bytes.push(bytes, 0, bytes.length, copied ? BORROWED : LENT)
    if (copied) giveBack(bytes, bytes.length)
    this.waiting += bytes.length
  }
}

/** The index of the first run that starts behind `offset`. */
function firstBehind(runs: readonly Run[], offset: number): number {
  let from = 0
  let to = runs.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (runs[middle]!.start > offset) to = middle
    else from = middle + 1
  }
  return from
}

function offsetViolation(what: string): WireViolation {
  return new WireViolation('UR_WIRE_OFFSET', what)
}
