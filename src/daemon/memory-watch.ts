import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Clock, systemClock } from '../core/clock.js'
import { LimitError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'

/** How often the memory is looked at, ms. */
const LOOK_MS = 100
/** Below this share of the limit there is room again: at the limit itself it would come and go with each look. */
const ROOM_AGAIN = 0.95
/** Above the limit, garbage is collected after so long at the earliest, and after twice as long each time, up to so long, ms. */
const COLLECT_MS = { least: 1_000, most: 16_000 }
/** When a visitor who is turned away may try again, ms. */
const RETRY_MS = 1_000

export interface MemoryWatchOptions {
  /** `limits.memory`, bytes. */
  limit(): number
  readonly log: Logger
  /** Bytes of all buffers now. Default: those of the process. */
  readonly used?: () => number
  /** Frees buffers that nobody has any more. Default: V8's collector, which stops the process for that time. */
  readonly collect?: () => void
  readonly clock?: Clock
}

/**
 * Sees to it that the buffers of the process stay within `limits.memory`: above it nothing new is taken, and what is there
 * goes on and gives its buffers back. Every stream is bounded by its window, so what one look misses is small.
 *
 * What nobody has any more counts until the collector comes, and V8 calls it as memory is asked for: a server that turns
 * everybody away asks for none, and would stay full for ever.
 */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions
  #timer: NodeJS.Timeout | null = null
  #full = false
  #collectAt = -Infinity
  #pauseMs = COLLECT_MS.least

  constructor(options: MemoryWatchOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_MS).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  /** Why nothing new can be taken, LimitError UR_MEMORY_LIMIT; null: there is room. */
  get problem(): LimitError | null {
    if (!this.#full) return null
    const message = 'The buffers of the server are as large as they may be (limits.memory).'
    return new LimitError('UR_MEMORY_LIMIT', message, { retryAfterMs: RETRY_MS })
  }

  /** Looks now. */
  look(): void {
    const { limit, log, used = buffersOfProcess } = this.#options
    const most = limit()
    const bound = this.#full ? most * ROOM_AGAIN : most
    if (used() > bound) this.#collect()
    const now = used()
    const isFull = now > bound
    if (isFull === this.#full) return
    this.#full = isFull
    const facts = { buffers: now, limit: most }
    if (isFull) {
      log.warn(
        { code: 'UR_MEMORY_LIMIT', ...facts },
        'the buffers are as large as they may be; new visitors are turned away',
      )
    } else log.info(facts, 'there is room in the buffers again')
  }

  #collect(): void {
    const { clock = systemClock, collect = collectGarbage } = this.#options
    const now = clock.now()
    if (now < this.#collectAt) return
    if (now > this.#collectAt + COLLECT_MS.most) this.#pauseMs = COLLECT_MS.least
    collect()
    this.#collectAt = now + this.#pauseMs
    this.#pauseMs = Math.min(2 * this.#pauseMs, COLLECT_MS.most)
  }
}

/** What lies outside of V8's heap: buffers, and little else. `process.memoryUsage` opens a file, and fails without descriptors. */
function buffersOfProcess(): number {
  return getHeapStatistics().external_memory
}

let collector: (() => void) | null = null

/** There is no other way to it than V8's own function, which Node shows on demand. */
function collectGarbage(): void {
  if (collector === null) {
    setFlagsFromString('--expose-gc')
    collector = runInNewContext('gc') as () => void
  }
  collector()
}
