import type { HttpLimits } from './limits.js'

/** Counts the requests that wait for an agent against their bounds. */
export class HeldRequests {
  count = 0
  bytes = 0
  readonly #limits: () => HttpLimits

  constructor(limits: () => HttpLimits) {
    this.#limits = limits
  }

  /** One more, which may take so many bytes. Null: there are too many. The answer takes it out again. */
  enter(bytes: number): (() => void) | null {
    const { heldRequests, heldRequestBytes } = this.#limits()
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
