import { StoreError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'

export interface WriteBehindOptions<T> {
  /** What is written, for the log: `usage`. */
  readonly what: string
  /** Writes all of it or, when it throws, nothing. */
  write(batch: readonly T[]): Promise<void>
  /** The most items that wait; further ones are dropped. */
  readonly most: number
  readonly log: Logger
  /** Time between two tries while the database fails, ms. Default 1000. */
  readonly retryMs?: number
  /** The most items of one write. Default 500. */
  readonly batch?: number
}

/**
 * Writes to the database what happens on the way of the bytes, which never waits for it: in the order that it came,
 * again and again while the database fails, and within a bound.
 */
export class WriteBehind<T> {
  readonly #options: WriteBehindOptions<T>
  readonly #waiting: T[] = []
  #dropped = 0
  #failing = false
  #closed = false
  #turn: Promise<void> | null = null
  #wake: () => void = () => undefined

  constructor(options: WriteBehindOptions<T>) {
    this.#options = options
  }

  /** Items that are not written yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Items that were dropped because too many waited, or because the database will never take them. */
  get dropped(): number {
    return this.#dropped
  }

  push(...items: readonly T[]): void {
    for (const item of items) {
      if (this.#closed || this.#waiting.length >= this.#options.most) this.#dropped++
      else this.#waiting.push(item)
    }
    this.#turn ??= this.#run()
  }

  /** Writes what is left, once; what cannot be written then is lost, and logged. */
  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
    await this.#turn
    const { what, log } = this.#options
    if (this.#waiting.length > 0)
      log.error({ lost: this.#waiting.length }, `${what}: not all could be written at the end`)
  }

  async #run(): Promise<void> {
    // what comes in the same turn of the event loop is written together
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, this.#options.batch ?? 500)
      const failure = await this.#write(batch)
      if (failure === null) this.#waiting.splice(0, batch.length)
      else if (!(failure instanceof StoreError)) await this.#writeSingly(batch)
      else if (this.#closed) break
      else await this.#pause()
    }
    this.#turn = null
  }

  async #write(batch: readonly T[]): Promise<unknown> {
    const { what, write, log } = this.#options
    try {
      await write(batch)
      if (this.#failing) log.info({}, `${what}: written again`)
      this.#failing = false
      return null
    } catch (error) {
      if (!this.#failing) log.warn({ error }, `${what}: could not be written; it is tried again`)
      this.#failing = error instanceof StoreError
      return error
    }
  }

  /** One of them is refused, and always will be: it must not keep the others from being written. */
  async #writeSingly(batch: readonly T[]): Promise<void> {
    for (const item of batch) {
      const failure = await this.#write([item])
      if (failure instanceof StoreError) return
      if (failure !== null) this.#dropped++
      this.#waiting.shift()
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#options.retryMs ?? 1000)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
