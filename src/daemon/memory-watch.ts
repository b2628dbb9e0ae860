import { getHeapStatistics } from 'node:v8'
import { LimitError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'

/** How often the memory is looked at, ms. */
const LOOK_MS = 100
/** Below this share of the limit there is room again: at the limit itself it would come and go with each look. */
const ROOM_AGAIN = 0.95
/** When a visitor who is turned away may try again, ms. */
const RETRY_MS = 1_000

export interface MemoryWatchOptions {
  /** `limits.memory`, bytes. */
  limit(): number
  readonly log: Logger
  /** Bytes of all buffers now. Default: those of the process. */
  readonly used?: () => number
}

/**
 * Sees to it that the buffers of the process stay within `limits.memory`: above it nothing new is taken, and what is there
 * goes on and gives its buffers back. Every stream is bounded by its window, so what one look misses is small.
 */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions
  #timer: NodeJS.Timeout | null = null
  #full = false

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
    const [most, now] = [limit(), used()]
    const isFull = now > (this.#full ? most * ROOM_AGAIN : most)
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
}

/** What lies outside of V8's heap: buffers, and little else. `process.memoryUsage` opens a file, and fails without descriptors. */
function buffersOfProcess(): number {
  return getHeapStatistics().external_memory
}
