import { setTimeout as sleep } from 'node:timers/promises'

/** A wait that nobody sensible asks for: a year, ms. */
const MAX_RETRY_AFTER_MS = 365 * 86_400_000

/** Waits; rejects with what `signal` was aborted with. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** Waits for a promise; rejects with what `signal` was aborted with, whatever becomes of the promise. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** One piece of work for all who wait for it at a time. It is aborted when the last of them has given up. */
export class SharedWork<T> {
  /** Whether it failed, or all who waited for it gave up: whoever comes now has to begin anew. */
  isOver = false
  readonly #controller = new AbortController()
  readonly #result: Promise<T>
  #waiting = 0

  constructor(work: (signal: AbortSignal) => Promise<T>) {
    this.#result = work(this.#controller.signal)
    this.#result.catch(() => (this.isOver = true))
  }

  /** Rejects as the work does, or with what `signal` was aborted with. */
  async wait(signal: AbortSignal): Promise<T> {
    this.#waiting++
    try {
      return await abortable(this.#result, signal)
    } finally {
      if (--this.#waiting === 0 && signal.aborted) this.#abandon(signal.reason)
    }
  }

  #abandon(reason: unknown): void {
    this.isOver = true
    this.#controller.abort(reason)
  }
}

/** Does `work` under a signal that follows `signal`, and is aborted with `late()` after `ms`. */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const controller = new AbortController()
  const follow = (): void => controller.abort(signal.reason)
  const timer = setTimeout(() => controller.abort(late()), ms)
  signal.addEventListener('abort', follow, { once: true })
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', follow)
  }
}

/** What a Retry-After field says (RFC 9110 §10.2.3: seconds, or a date), ms; null: nothing that makes sense. */
export function parseRetryAfter(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now.getTime()
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

/** Does `work` for all items, at most `most` of them at once. */
export async function inParallel<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values()
  const workers = Array.from({ length: Math.min(most, items.length) }, async () => {
    for (const item of queue) await work(item)
  })
  await Promise.all(workers)
}
