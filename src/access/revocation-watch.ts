import type { Logger } from '../core/logger.js'
import type { TokenRepository } from '../store/index.js'

export interface RevocationWatchOptions {
  readonly tokens: Pick<TokenRepository, 'revokedSince'>
  readonly log: Logger
  /** Time between two looks, ms. */
  readonly pollMs: number
}

/**
 * Looks for revoked tokens with one cheap query a turn: other processes revoke, and embedded SQLite tells nobody.
 * A failing database is logged when it begins and when it is over, and asked again with each turn.
 */
export class RevocationWatch {
  readonly #options: RevocationWatchOptions
  readonly #revoked = new Set<string>()
  #cursor = 0
  #failure: unknown = null
  #closed = false
  #timer: NodeJS.Timeout | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(options: RevocationWatchOptions) {
    this.#options = options
  }

  /** Whether the token was seen revoked; true is for ever, false may be a turn old. */
  isRevoked(id: string): boolean {
    return this.#revoked.has(id)
  }

  /** Why the last look failed; null: it did not. */
  get failure(): unknown {
    return this.#failure
  }

  /** Begins to look, and calls `onTurn` after each look, also one that failed. It must not throw. */
  start(onTurn: () => void): void {
    const turn = async (): Promise<void> => {
      await this.#look()
      if (!this.#closed) onTurn()
      if (!this.#closed) this.#timer = setTimeout(() => (this.#turn = turn()), this.#options.pollMs)
    }
    this.#turn = turn()
  }

  /** Resolves when the turn under way is over; there is no other. */
  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearTimeout(this.#timer)
    await this.#turn
  }

  async #look(): Promise<void> {
    const { tokens, log } = this.#options
    try {
      const { cursor, ids } = await tokens.revokedSince(this.#cursor)
      this.#cursor = cursor
      for (const id of ids) this.#revoked.add(id)
      if (this.#failure !== null) log.info({}, 'the database answers again; revoked tokens are seen again')
      this.#failure = null
    } catch (error) {
      if (this.#failure === null)
        log.error({ error }, 'the database failed; revoked tokens are not seen until it answers again')
      this.#failure = error
    }
  }
}
