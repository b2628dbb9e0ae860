import type { Clock } from '../../core/clock.js'
import { Deadline } from './deadlines.js'
import type { HttpLimits } from './limits.js'

export type SlowCode = 'UR_UPSTREAM_SILENT' | 'UR_HTTP_SLOW_VISITOR'

/** For how long a request waits for what it needs next. */
export class Patience extends Deadline {
  readonly #clock: Clock
  readonly #limits: HttpLimits
  readonly #onSlow: (code: SlowCode) => void

  constructor(clock: Clock, limits: HttpLimits, onSlow: (code: SlowCode) => void) {
    super()
    this.#clock = clock
    this.#limits = limits
    this.#onSlow = onSlow
  }

  /** The answer should begin, or the upstream should take more of the body. */
  forUpstream(): void {
    this.#within(this.#limits.responseTimeoutMs, 'UR_UPSTREAM_SILENT')
  }

  /** The visitor should send more of the body, or take more of the answer. */
  forVisitor(): void {
    this.#within(this.#limits.bodyTimeoutMs, 'UR_HTTP_SLOW_VISITOR')
  }

  #within(ms: number, code: SlowCode): void {
    this.expect(this.#clock.now() + ms, () => this.#onSlow(code))
  }
}
