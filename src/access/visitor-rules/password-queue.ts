import { availableParallelism } from 'node:os'
import type { HashedCredentials } from '../../config/index.js'
import { Ring } from '../../core/ring.js'
import { isPassword } from './password.js'

export interface PasswordQueueOptions {
  /** Checked at once. Default: a quarter of the processors, 1 to 3, as each takes one of the four threads of the process. */
  readonly running?: number
  /** Waiting to be checked. Default 64. */
  readonly waiting?: number
}

/**
 * Checks passwords for all tunnels of the process, a few at a time: whoever guesses passwords must not get all of the
 * processors, memory and threads with it.
 */
export class PasswordQueue {
  readonly #running: number
  readonly #limit: number
  readonly #waiting = new Ring<() => void>()
  #busy = 0

  constructor({ running = defaultRunning(), waiting = 64 }: PasswordQueueOptions = {}) {
    this.#running = running
    this.#limit = waiting
  }

  /** Passwords that wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Whether the password is the user's; null: too many wait already. */
  check(password: string, credentials: HashedCredentials): Promise<boolean> | null {
    if (this.#busy < this.#running) return this.#run(password, credentials)
    if (this.#waiting.length >= this.#limit) return null
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => this.#run(password, credentials).then(resolve, reject))
    })
  }

  async #run(password: string, credentials: HashedCredentials): Promise<boolean> {
    this.#busy++
    try {
      return await isPassword(password, credentials)
    } finally {
      this.#busy--
      this.#waiting.shift()?.()
    }
  }
}

function defaultRunning(): number {
  return Math.min(3, Math.max(1, Math.floor(availableParallelism() / 4)))
}
