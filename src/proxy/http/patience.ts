import type { Clock } from '../../core/clock.js'
import { Deadline } from './deadlines.js'
import type { HttpLimits } from './limits.js'

export type SlowCode = 'UR_UPSTREAM_SILENT' | 'UR_HTTP_SLOW_VISITOR'

/** For how long a request waits for what it needs next. */
export class Patience extends Deadline {
  readonly #clock: Clock
  readonly #limits: HttpLimits
  readonly #owner: { onSlow(code: SlowCode): void }
  #code: SlowCode | null = null

  constructor(clock: Clock, limits: HttpLimits, owner: { onSlow(code: SlowCode): void }) {
    super()
    this.#clock = clock
    this.#limits = limits
    this.#owner = owner
  }

  /** The answer should begin, or the upstream should take more of the body. */
  forUpstream(): void {
    this.#within(this.#limits.responseTimeoutMs, 'UR_UPSTREAM_SILENT')
  }

  /** The visitor should send more of the body, or take more of the answer. */
  forVisitor(): void {
    this.#within(this.#limits.bodyTimeoutMs, 'UR_HTTP_SLOW_VISITOR')
  }

  override expect(deadline: number, act: () => void): void {
    this.#code = null
    super.expect(deadline, act)
  }

  override onDeadline(): void {
    const code = this.#code
    if (code === null) return super.onDeadline()
    this.off()
    this.#owner.onSlow(code)
  }

  #within(ms: number, code: SlowCode): void {
    this.deadline = this.#clock.now() + ms
    this.#code = code
  }
}
