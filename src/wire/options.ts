import { systemClock, type Clock } from '../core/clock.js'
import { WindowBudget } from './window.js'

/** Bounds of one session. Bytes and milliseconds. */
export interface SessionOptions {
  /** Largest receive window of one stream. */
  windowMax: number
  /** Window that all streams together may have above 256 KiB each. Share a parent to bound the process. */
  windowBudget: WindowBudget
  /** Open streams, both directions together. */
  maxStreams: number
  /** Open streams that the peer opened. */
  maxInboundStreams: number
  /** Bytes that a stream queues behind a busy carrier before `write` returns false. */
  streamQueue: number
  /** Bytes that a carrier's socket may hold before frames wait in their streams. */
  carrierBacklog: number
  /** Bytes of control frames that may wait on top of a full carrier, before the peer is taken for hostile. */
  controlBacklog: number
  /** Pings, empty frames, and (on a server) resets of its own streams that the peer may send in a second. */
  controlRate: number
  /** Both sides have the capability `resume`: a carrier that is lost is replaced by another. */
  resumable: boolean
  /** Both sides have the capability `stripe` too: a bulk stream over a long path may use several carriers. */
  striping: boolean
  /** A stream that has sent so much looks for idle carriers, and again after as much more. */
  stripeAfter: number
  /**
   * What becomes of such a stream that we send, where `striping`. `tried`: it is striped while that brings it more;
   * `always`: it keeps what carriers it finds; `never`: one connection of ours is as fast as the path, losses or not.
   */
  stripes: 'tried' | 'always' | 'never'
  /**
   * What of a striped stream one carrier gets in a row. 16 to 64 KiB: the peer bounds the pieces that wait, and it is a
   * data frame.
   */
  stripeChunk: number
  /**
   * What a carrier may always have under way, unacknowledged, before it gets no more of striped streams. At least
   * 128 KiB: it is told what has arrived every 64 KiB.
   */
  stripeUnderWay: number
  /** How long a session without any carrier waits for one, ms. 0: not at all. */
  resumeTimeoutMs: number
  /** Bytes sent, not known to have arrived, and kept, of all carriers together. Share a parent to bound the process. */
  resendBudget: WindowBudget
  /** A carrier that was silent this long is pinged. */
  heartbeatMs: number
  /** A carrier that was silent this long, its ping included, is dead. */
  deadMs: number
  clock: Clock
}

export const DEFAULT_SESSION_BUDGET = 64 * 1024 * 1024
/** Eight carriers' share of a long path, and what their sockets hold. */
export const DEFAULT_RESEND_BUDGET = 64 * 1024 * 1024

/** The options as given, the rest by default. */
export function sessionOptions(given: Partial<SessionOptions>): SessionOptions {
  return {
    windowMax: 16 * 1024 * 1024,
    windowBudget: given.windowBudget ?? new WindowBudget(DEFAULT_SESSION_BUDGET),
    maxStreams: 65_536,
    maxInboundStreams: 65_536,
    streamQueue: 256 * 1024,
    carrierBacklog: 256 * 1024,
    controlBacklog: 1024 * 1024,
    controlRate: 2_000,
    resumable: false,
    striping: false,
    stripeAfter: 1024 * 1024,
    stripes: 'tried',
    stripeChunk: 64 * 1024,
    stripeUnderWay: 128 * 1024,
    resumeTimeoutMs: 30_000,
    resendBudget: given.resendBudget ?? new WindowBudget(DEFAULT_RESEND_BUDGET),
    heartbeatMs: 10_000,
    deadMs: 15_000,
    clock: systemClock,
    ...given,
  }
}
