import type { HttpLimits } from './limits.js'

/** What one held request is taken to hold beside its head while its body waits, bytes. */
const BODY_BYTES = 64 * 1024

/** Counts the requests that wait for an agent against their bounds. */
export class HeldRequests {
  count = 0
  bytes = 0
  readonly #limits: () => HttpLimits

  constructor(limits: () => HttpLimits) {
    this.#limits = limits
  }

  /** One more, with a head of so many bytes. Null: there are too many. The answer takes it out again. */
  enter(headBytes: number, hasBody: boolean): (() => void) | null {
    const { heldRequests, heldRequestBytes } = this.#limits()
    const bytes = headBytes + (hasBody ? BODY_BYTES : 0)
    if (this.count >= heldRequests || this.bytes + bytes > heldRequestBytes) return null
    this.count++
    this.bytes += bytes
    let inside = true
    return () => {
      if (!inside) return
      inside = false
      this.count--
      this.bytes -= bytes
    }
  }
}
