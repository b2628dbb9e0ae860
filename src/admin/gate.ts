import { FailedLogins } from '../access/index.js'
import type { Clock } from '../core/clock.js'
import { StoreError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import {
  ADMIN_TOKEN_PATTERN,
  type AdminScope,
  type AdminTokenRecord,
  type AdminTokenRepository,
  TOKEN_PATTERN,
  tokenHash,
} from '../store/index.js'
import { AdminError } from './problems.js'

/** Who sends a request. */
export interface AdminIdentity {
  /** The id of a token of the admin API; `cli`: a command on this machine, through the socket in the data folder. */
  readonly id: string
  readonly scope: AdminScope
}

export interface AdminGateOptions {
  readonly tokens: Pick<AdminTokenRepository, 'findByHash' | 'touch'>
  readonly clock: Clock
  readonly log: Logger
  /** The time of the calendar, ms. Default `Date.now`. */
  readonly now?: () => number
}

const REMEMBERED = 1_000
/** How far behind the time of the last use may be, ms. */
const TOUCH_MS = 60_000

/**
 * Says who may use the API. Each request asks the database, so a token that was revoked is refused from the next request
 * on; only while the database fails are those let in that were good before.
 */
export class AdminGate {
  readonly #options: AdminGateOptions
  readonly #failures: FailedLogins
  /** By hash; the oldest goes first. */
  readonly #known = new Map<string, AdminTokenRecord>()

  constructor(options: AdminGateOptions) {
    this.#options = options
    this.#failures = new FailedLogins({ clock: options.clock })
  }

  /**
   * Who the field `Authorization` names. Throws AdminError 401 UR_ADMIN_TOKEN_MISSING or UR_ADMIN_TOKEN_INVALID, 429
   * UR_ADMIN_TOKEN_RATE; StoreError.
   */
  async check(authorization: string | undefined, address: string): Promise<AdminIdentity> {
    const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
    if (token === undefined) {
      throw new AdminError(
        401,
        'UR_ADMIN_TOKEN_MISSING',
        'The request has no token. What to do: send `Authorization: Bearer unra_…`.',
      )
    }
    const hash = tokenHash(token)
    this.#checkRate(hash, address)
    const record = ADMIN_TOKEN_PATTERN.test(token) ? await this.#find(hash) : null
    const isGood = record !== null && record.revokedAt === null && !this.#isOver(record)
    if (!isGood) {
      this.#known.delete(hash)
      this.#failures.add(address)
      throw invalid(token)
    }
    this.#remember(hash, record)
    return { id: record.id, scope: record.scope }
  }

  #checkRate(hash: string, address: string): void {
    const waitMs = this.#known.has(hash) ? 0 : this.#failures.blockedFor(address)
    if (waitMs === 0) return
    const seconds = Math.ceil(waitMs / 1000)
    const message = `Too many requests with wrong tokens came from ${address}. What to do: wait ${seconds} s.`
    throw new AdminError(429, 'UR_ADMIN_TOKEN_RATE', message, { retryAfterMs: waitMs })
  }

  async #find(hash: string): Promise<AdminTokenRecord | null> {
    try {
      return await this.#options.tokens.findByHash(hash)
    } catch (error) {
      const known = this.#known.get(hash)
      if (known === undefined || !(error instanceof StoreError)) throw error
      return known
    }
  }

  #isOver({ expiresAt }: AdminTokenRecord): boolean {
    const { now = Date.now } = this.#options
    return expiresAt !== null && expiresAt.getTime() <= now()
  }

  #remember(hash: string, record: AdminTokenRecord): void {
    this.#known.delete(hash)
    this.#known.set(hash, record)
    const oldest = this.#known.keys().next()
    if (this.#known.size > REMEMBERED && !oldest.done) this.#known.delete(oldest.value)
    const { now = Date.now, tokens, log } = this.#options
    if (now() - (record.lastUsedAt?.getTime() ?? 0) < TOUCH_MS) return
    tokens.touch(record.id, new Date(now())).catch((error: unknown) => {
      log.debug({ error }, 'when a token of the admin API was last used could not be written')
    })
  }
}

function invalid(token: string): AdminError {
  const what = TOKEN_PATTERN.test(token)
    ? 'This is the token of an agent, which is no good for the admin API.'
    : 'The admin API does not know this token, or it was revoked or has expired.'
  return new AdminError(
    401,
    'UR_ADMIN_TOKEN_INVALID',
    `${what} What to do: make one with \`uniroutd admin-token create NAME\`.`,
  )
}
