import { INITIAL_WINDOW } from '../../../src/wire/frame.js'
import type { SessionOptions } from '../../../src/wire/index.js'
import type { Random } from '../random.js'
import { LARGEST } from './flows.js'

/**
 * What a history may come to. `whole`: carriers come and go, and nothing else. `short`: the budget for what is sent again
 * is so small that sessions end of it. `leaving`: a side ends the session, or says that it will.
 */
export type Kind = 'whole' | 'short' | 'leaving'

/** How a session may end where it must not end of itself. Whatever two honest sides do, no rule of the wire is broken. */
export const GOOD_ENDS: Record<Kind, ReadonlySet<string>> = {
  whole: new Set(['null']),
  short: new Set(['null', 'UR_RESUME_BUDGET', 'UR_RESUME_TIMEOUT']),
  leaving: new Set([
    'null',
    'read ECONNRESET',
    'read ETIMEDOUT',
    'UR_RESUME_TIMEOUT',
    'UR_WIRE_TIMEOUT',
    'UR_RESUME_BUDGET',
    'ended',
  ]),
}

const SMALL = [1, 5, 30, 100, 500, 1500, 1500, 5000, 5000, LARGEST]
const BULK = [1, 100, 1500, 5000, 5000, LARGEST, LARGEST, LARGEST]

/** Under what a session lives. */
export interface Circumstances {
  readonly kind: Kind
  /** Streams may be striped; the path is long enough for that. */
  readonly striping: boolean
  /** What each way of a connection takes, ms. */
  readonly delayMs: number
  readonly mostStreams: number
  readonly mostLinks: number
  /** Of writes, bytes. */
  readonly sizes: readonly number[]
  /** What may be kept to be sent again, bytes, each side. */
  readonly resendLimit: number
  /** What windows may have above 256 KiB each, bytes, each side. */
  readonly windowLimit: number
  readonly resumeTimeoutMs: number
}

/** The circumstances of one history. Half of all are of streams that may be striped. */
export function circumstances(random: Random): Circumstances {
  const dice = random.below(100)
  const kind = dice < 70 ? 'whole' : dice < 85 ? 'short' : 'leaving'
  const striping = random.chance(0.5)
  return {
    kind,
    striping,
    delayMs: striping ? 3 + random.below(30) : 0,
    mostStreams: striping ? random.pick([1, 2, 5]) : 5,
    mostLinks: striping ? 6 : 4,
    sizes: striping ? BULK : SMALL,
    resendLimit: kind === 'short' ? 100 + random.below(striping ? 100_000 : 30_000) : 8 * 1024 * 1024,
    windowLimit: striping ? random.pick([0, 0, 500_000]) : 0,
    resumeTimeoutMs: kind === 'leaving' && random.chance(0.2) ? 0 : 30_000,
  }
}

/** Bounds of one side's session, budgets and clock apart; small ones are reached sooner. */
export function sizes(random: Random, { striping, windowLimit }: Circumstances): Partial<SessionOptions> {
  return {
    striping,
    stripes: 'always',
    windowMax: INITIAL_WINDOW + windowLimit,
    carrierBacklog: random.pick([500, 8_000, 256 * 1024]),
    streamQueue: random.pick([500, 8_000, 256 * 1024]),
    stripeAfter: random.pick([1, 1_000, 30_000]),
    stripeChunk: random.pick([16, 64]) * 1024,
    stripeUnderWay: random.pick([128 * 1024, 512 * 1024]),
    controlRate: 100_000,
  }
}
