import type { Clock } from '../../../core/clock.js'
import type { FrontOptions } from '../front.js'

/** A visitor's connection, as its front has it. */
export interface Http2Visit {
  /** Ends it in good order. True: it may take requests until `onLeft`. */
  drain(): boolean
  /** Ends it at once. */
  destroy(): void
  /** To be called now and then; `now`: ms of the clock. */
  look(now: number): void
}

/** What all connections of a front share. */
export interface Http2Shared {
  readonly options: FrontOptions
  readonly clock: Clock
  /** It takes no further requests. */
  onLeft(connection: Http2Visit): void
  onGone(connection: Http2Visit): void
}
