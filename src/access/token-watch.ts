import type { Logger } from '../core/logger.js'
import type { AgentCertificateRepository, RightsChange, TokenRepository } from '../store/index.js'

export interface TokenWatchOptions {
  readonly tokens: Pick<TokenRepository, 'revokedSince' | 'rightsChangedSince'>
  /** Looked at for revoked ones, whose ids are told like those of tokens. */
  readonly certificates: Pick<AgentCertificateRepository, 'revokedSince'>
  readonly log: Logger
  /** Time between two looks, ms. */
  readonly pollMs: number
  /** Told of each token whose rights or account changed. What it throws counts as a failure of the database. */
  onChange(token: RightsChange): Promise<void>
}

/** How many tokens whose rights changed are remembered: those that may just be logging in. */
const REMEMBERED_CHANGES = 10_000

/**
 * Looks for revoked tokens, and for those whose rights changed, and for revoked certificates of agents, with one cheap query each a turn: other processes write,
 * and embedded SQLite tells nobody. A failing database is logged when it begins and when it is over, and asked again with
 * each turn.
 */
export class TokenWatch {
  readonly #options: TokenWatchOptions
  readonly #revoked = new Set<string>()
  /** The number of the newest change of a token's rights; the one that was seen longest ago first. */
  readonly #changes = new Map<string, number>()
  #revocation = 0
  #certificateRevocation = 0
  #change = 0
  #failure: unknown = null
  #closed = false
  #timer: NodeJS.Timeout | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(options: TokenWatchOptions) {
    this.#options = options
  }

  /** Whether the token, or the certificate, was seen revoked; true is for ever, false may be a turn old. */
  isRevoked(id: string): boolean {
    return this.#revoked.has(id)
  }

  /** Whether rights of a token are older than what was seen; false may be a turn old. */
  isOutdated(id: string, rightsChange: number): boolean {
    return rightsChange < (this.#changes.get(id) ?? 0)
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
    const { log } = this.#options
    try {
      await this.#lookForRevoked()
      await this.#lookForChanges()
      if (this.#failure !== null) log.info({}, 'the database answers again; revoked tokens are seen again')
      this.#failure = null
    } catch (error) {
      if (this.#failure === null)
        log.error({ error }, 'the database failed; revoked tokens are not seen until it answers again')
      this.#failure = error
    }
  }

  async #lookForRevoked(): Promise<void> {
    const { cursor, ids } = await this.#options.tokens.revokedSince(this.#revocation)
    this.#revocation = cursor
    for (const id of ids) this.#revoked.add(id)
    const certificates = await this.#options.certificates.revokedSince(this.#certificateRevocation)
    this.#certificateRevocation = certificates.cursor
    for (const id of certificates.ids) this.#revoked.add(id)
  }

  async #lookForChanges(): Promise<void> {
    const { tokens, onChange } = this.#options
    const { cursor, tokens: changed } = await tokens.rightsChangedSince(this.#change)
    for (const token of changed) {
      this.#changes.delete(token.id)
      this.#changes.set(token.id, token.rightsChange)
    }
    // Only then: what could not be taken over is looked at again.
    for (const token of changed) await onChange(token)
    this.#change = cursor
    for (const [id] of this.#changes) {
      if (this.#changes.size <= REMEMBERED_CHANGES) return
      this.#changes.delete(id)
    }
  }
}
