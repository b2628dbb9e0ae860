import { closeSync, openSync } from 'node:fs'
import type { Clock } from '../core/clock.js'
import type { Logger } from '../core/logger.js'
import { ThrottledLog } from '../core/throttled-log.js'
import type { IngressHooks } from './api.js'

const EVERY_MS = 1000
/** Descriptors that are kept for a time without any: for a connection, and for libuv's spare one. */
const RESERVE = 2

/**
 * Notices when the process has no file descriptors left. libuv keeps a spare one and uses it to accept and close what
 * the listeners cannot take, without telling anybody; so this asks the system for one more than its reserve once a second.
 * The reserve is given away then: a thread may have taken libuv's spare one, which gets another one with the next
 * connection that it takes, and until then it would leave visitors waiting. The state heals by itself as connections end.
 */
export class FdWatch {
  /** True while the last look found none. */
  exhausted = false
  readonly #file: string
  readonly #hooks: IngressHooks
  readonly #log: Logger
  readonly #throttled: ThrottledLog
  #timer: NodeJS.Timeout | null = null
  #reserve: number[] = []

  /** `file`: what is opened to see whether it can be. */
  constructor(hooks: IngressHooks, log: Logger, clock: Clock, file = '/dev/null') {
    this.#file = file
    this.#hooks = hooks
    this.#log = log
    this.#throttled = new ThrottledLog(log, clock)
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), EVERY_MS).unref()
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#release()
  }

  look(): void {
    try {
      while (this.#reserve.length < RESERVE) this.#reserve.push(openSync(this.#file, 'r'))
      closeSync(openSync(this.#file, 'r'))
      if (this.exhausted) this.#log.info({}, 'file descriptors are free again')
      this.exhausted = false
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'EMFILE' && code !== 'ENFILE') {
        this.#log.warn({ error }, 'whether file descriptors are left cannot be seen, and is not looked for any more')
        this.stop()
        return
      }
      this.exhausted = true
      this.#release()
      this.#hooks.rejected('UR_FD_EXHAUSTED')
      this.#throttled.warn('UR_FD_EXHAUSTED', {}, 'no file descriptors left: new connections are closed until some end')
    }
  }

  #release(): void {
    for (const descriptor of this.#reserve) closeSync(descriptor)
    this.#reserve = []
  }
}
