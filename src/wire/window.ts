import { INITIAL_WINDOW, MAX_U32 } from './frame.js'

/**
 * How much window streams may have above the guaranteed 256 KiB each: one per session, with the process's as parent.
 * Bytes.
 */
export class WindowBudget {
  readonly limit: number
  readonly #parent: WindowBudget | null
  #used = 0

  constructor(limit: number, parent: WindowBudget | null = null) {
    this.limit = limit
    this.#parent = parent
  }

  get used(): number {
    return this.#used
  }

  /** Takes `bytes` here and in every parent, or nothing at all. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false
    if (this.#parent !== null && !this.#parent.take(bytes)) return false
    this.#used += bytes
    return true
  }

  give(bytes: number): void {
    this.#used -= bytes
    this.#parent?.give(bytes)
  }
}

/** What we may send: offsets are counted in payload bytes from the stream's start. */
export class SendWindow {
  /** Bytes sent so far. */
  sent = 0
  /** The offset up to which the peer lets us send. */
  #limit = INITIAL_WINDOW

  /** Bytes that may be sent now. */
  get credit(): number {
    return this.#limit - this.sent
  }

  /** The peer's window update. False when the window would pass 2^32-1, which the specification forbids. */
  grant(delta: number): boolean {
    if (this.credit + delta > MAX_U32) return false
    this.#limit += delta
    return true
  }
}

/**
 * A window shall hold what is consumed in five idle round trips: one on the way, one for the credit to come back, the
 * rest for losses, during which bytes arrive and may not be given on.
 */
const HORIZON_RTTS = 5
/** And, where the path is short, in this many ms: processes wait for a processor as long. More would be mere queue. */
const HORIZON_MS = 4

/**
 * Whether a window is too small for what comes, when as much as it holds is consumed in `windowMs`.
 * @param leastRtt the idle round trip, ms; null while unknown: no
 */
export function windowTooSmall(windowMs: number, leastRtt: number | null): boolean {
  return leastRtt !== null && windowMs < HORIZON_RTTS * leastRtt + HORIZON_MS
}

/**
 * What the peer may send, and when to tell it more. Credit is given for bytes that were consumed, never for bytes
 * that only arrived; an update is due when a part of the window was consumed, by default half.
 * Invariant: 0 <= limit - received, and <= size unless the window was shrunk; consumed <= received.
 */
export class ReceiveWindow {
  /** Bytes that came so far; offset from the stream's start. */
  received = 0
  /** Bytes that left towards whoever reads the stream. */
  consumed = 0
  /** The window's size, to which every update fills it up. */
  size = INITIAL_WINDOW
  /** The part of the window whose consumption makes an update due. */
  share = 1 / 2
  #limit = INITIAL_WINDOW

  /** The offset up to which the peer may send. */
  get limit(): number {
    return this.#limit
  }

  /** Books `bytes` of payload. False when they pass the window. */
  receive(bytes: number): boolean {
    if (this.received + bytes > this.#limit) return false
    this.received += bytes
    return true
  }

  /** Books bytes as consumed; true when an update is due. Never more than were received. */
  consume(bytes: number): boolean {
    this.consumed = Math.min(this.received, this.consumed + bytes)
    return this.consumed + this.size - this.#limit >= this.size * this.share
  }

  /** The delta that fills the window up, which is thereby granted. 0 when it is full. */
  refill(): number {
    const delta = Math.min(MAX_U32, this.consumed + this.size - this.#limit)
    if (delta <= 0) return 0
    this.#limit += delta
    return delta
  }

  /** Makes the window `size` bytes large, as far as the budget allows. Returns the bytes taken from the budget. */
  grow(size: number, budget: WindowBudget): number {
    const more = Math.floor(size) - this.size
    if (more <= 0 || !budget.take(more)) return 0
    this.size += more
    return more
  }

  /** Makes it smaller: no more credit until it holds no more. Returns the bytes to give back to the budget. */
  shrink(size: number): number {
    const less = this.size - Math.max(INITIAL_WINDOW, Math.ceil(size))
    if (less <= 0) return 0
    this.size -= less
    return less
  }
}
