import { type Clock, systemClock } from '../core/clock.js'
import { LimitError, RefusedError, StoreError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import { ThrottledLog } from '../core/throttled-log.js'
import { TOKEN_PATTERN, tokenHash, type LoginRecord, type TokenRepository } from '../store/index.js'
import {
  certificateExpired,
  certificateKey,
  type CertificateLookup,
  certificateMissing,
  certificateOfOther,
  certificateRevoked,
  findCertificate,
  fingerprintOf,
  type ShownCertificate,
} from './agent-certificates.js'
import { AddressRate } from './address-limits.js'
import { Expiries } from './expiries.js'
import { FailedLogins } from './failed-logins.js'
import type { RightsBook } from './rights/index.js'
import { TokenWatch } from './token-watch.js'

/** Whom a token stands for. */
export interface TokenIdentity {
  readonly id: string
  readonly name: string
  readonly accountId: string
  /** Id of the certificate that its agent showed; null: it sent a token alone. */
  readonly certificateId: string | null
}

export interface TokenGateOptions {
  /** The store's `tokens`; the gate does not close it. */
  readonly tokens: Pick<TokenRepository, 'findByHash' | 'findById' | 'revokedSince' | 'rightsChangedSince' | 'touch'>
  /** The store's certificates of agents. */
  readonly certificates: CertificateLookup
  /** Is told what tokens may do, at their login and when it changes; the gate does not close it. */
  readonly rights: RightsBook
  readonly log: Logger
  readonly clock?: Clock
  readonly failedLogins?: FailedLogins
  /** New sessions a second from one address; 0: any number. Default: 0. */
  readonly sessionRate?: () => number
  /** Time between two looks for revoked tokens and changed rights, ms. Default 500. */
  readonly pollMs?: number
  /** Time between two writes of when tokens were last used, ms. Default 60 000. */
  readonly touchMs?: number
  /** Told of an address that failed so often that it has to wait; once each time. Must not throw. */
  readonly onBanned?: (address: string) => void
  /** The time of the calendar, ms. Default `Date.now`. */
  readonly now?: () => number
}

const REMEMBERED_TOKENS = 10_000
/** What ids of certificates begin with. */
const CERTIFICATE = 'crt_'
/** After how long an agent that was one too many in its second may try again, ms. */
const SESSION_RETRY_MS = 1_000
/** How often a token is read again whose rights change while it is read. */
const READS = 3

/**
 * Says who may connect. Every check asks the database, so a revoked token is refused from the next check on; only while
 * the database fails are tokens let in that were good before and have not been seen revoked.
 *
 * Tokens are looked up by their SHA-256. What an index look-up leaks by its timing is about that hash, from which
 * nobody can come closer to the 256 random bits behind it, so no comparison here has to take constant time.
 */
export class TokenGate {
  readonly #options: TokenGateOptions
  readonly #log: Logger
  /** For what anybody can provoke, without a token. */
  readonly #strangers: ThrottledLog
  readonly #failedLogins: FailedLogins
  readonly #sessions: AddressRate
  readonly #watch: TokenWatch
  readonly #expiries: Expiries
  /** By hash; the least recently used goes first when there are too many. */
  readonly #known = new Map<string, TokenIdentity>()
  #used = new Map<string, Date>()
  readonly #touchTimer: NodeJS.Timeout

  constructor(options: TokenGateOptions) {
    const {
      tokens,
      certificates,
      rights,
      log,
      clock = systemClock,
      pollMs = 500,
      touchMs = 60_000,
      now = Date.now,
    } = options
    this.#options = options
    this.#log = log
    this.#strangers = new ThrottledLog(log, clock)
    this.#failedLogins = options.failedLogins ?? new FailedLogins({ clock })
    this.#sessions = new AddressRate(clock)
    this.#watch = new TokenWatch({ tokens, certificates, log, pollMs, onChange: (token) => rights.change(token) })
    this.#expiries = new Expiries(now)
    this.#touchTimer = setInterval(() => void this.#touch(), touchMs)
    this.#touchTimer.unref()
  }

  /** Why the database did not answer the last time that it was asked for revoked tokens; null: it did. */
  get databaseFailure(): unknown {
    return this.#watch.failure
  }

  /**
   * Who the token belongs to, or the certificate that the agent showed; who gives both gives those of one token. `address`
   * is the agent's IP address, for the limit of failed logins; without one there is no limit.
   * Throws RefusedError UR_TOKEN_MISSING, UR_TOKEN_MALFORMED, UR_TOKEN_INVALID, UR_TOKEN_REVOKED, UR_TOKEN_EXPIRED,
   * UR_AGENT_CERT_AUTHORITY, UR_AGENT_CERT_UNKNOWN, UR_AGENT_CERT_REVOKED, UR_AGENT_CERT_EXPIRED, UR_AGENT_CERT_TOKEN,
   * UR_ACCOUNT_DISABLED or UR_RIGHTS_UNREADABLE; LimitError UR_SESSION_RATE or UR_TOKEN_RATE; StoreError
   * UR_TOKEN_UNCHECKED. The last three may pass with time.
   */
  async check(token: string, address?: string, shown: ShownCertificate | null = null): Promise<TokenIdentity> {
    if (address !== undefined && !this.#sessions.take(address, this.#options.sessionRate?.() ?? 0)) {
      const message = `Too many agents came from ${address} in this second. What to do: nothing; the agent tries again.`
      throw new LimitError('UR_SESSION_RATE', message, { retryAfterMs: SESSION_RETRY_MS })
    }
    if (token === '' && shown === null) {
      throw new RefusedError(
        'UR_TOKEN_MISSING',
        'The agent sent no token. What to do: give one with --token or UNIROUTE_TOKEN, or a certificate with --agent-cert.',
      )
    }
    return this.#counted(shown === null ? tokenHash(token) : keyOf(shown), address, async () => {
      if (shown === null) return this.#lookUp(token)
      const identity = await this.#lookUpCertificate(shown)
      if (token !== '' && (await this.#lookUp(token)).id !== identity.id) throw certificateOfOther()
      return identity
    })
  }

  /**
   * Whether a further connection of a session belongs to it, going by what it showed: a session that was opened with a
   * certificate has others of the same token alone. Throws RefusedError UR_AGENT_CERT_MISSING, and as `check`.
   */
  async checkCarrier(
    identity: TokenIdentity,
    address: string | undefined,
    shown: ShownCertificate | null,
  ): Promise<void> {
    if (shown === null) {
      if (identity.certificateId !== null) throw certificateMissing()
      return
    }
    await this.#counted(keyOf(shown), address, async () => {
      if ((await this.#lookUpCertificate(shown)).id !== identity.id) throw certificateOfOther()
    })
  }

  /** What is no good counts against its address. */
  async #counted<T>(key: string, address: string | undefined, work: () => Promise<T>): Promise<T> {
    this.#checkRate(this.#known.has(key) ? undefined : address)
    try {
      return await work()
    } catch (error) {
      if (error instanceof RefusedError && address !== undefined && this.#failedLogins.add(address)) {
        this.#options.onBanned?.(address)
      }
      throw error
    }
  }

  /**
   * Calls `onEnded` for each of `liveIds()`, of tokens and of certificates, that was revoked or has expired, or may do nothing any more, at most
   * about a second after it was, and again with each look for as long as the id stays among them; and `onRightsChanged`
   * once for each whose rights are others now. Both must not throw. Ends with `close()`.
   */
  watchTokens(
    liveIds: () => Iterable<string>,
    onEnded: (id: string, reason: RefusedError) => void,
    onRightsChanged: (id: string) => void,
  ): void {
    this.#watch.start(() => {
      // ids seen revoked in earlier turns count too: a session may begin in the moment between check and revocation
      const live = new Set(liveIds())
      for (const id of live) {
        const reason = this.#endOf(id)
        if (reason !== null) onEnded(id, reason)
        else if (this.#options.rights.find(id)?.takeChanged() === true) onRightsChanged(id)
      }
      this.#expiries.forget(live)
    })
  }

  #endOf(id: string): RefusedError | null {
    const isCertificate = id.startsWith(CERTIFICATE)
    if (this.#watch.isRevoked(id)) return isCertificate ? certificateRevoked() : revoked()
    if (this.#expiries.isOver(id)) return isCertificate ? certificateExpired() : expired()
    return this.#options.rights.find(id)?.barred ?? null
  }

  /** Ends the watch and writes down what was last used. Call it before the store is closed. */
  async close(): Promise<void> {
    clearInterval(this.#touchTimer)
    await this.#watch.close()
    await this.#touch()
  }

  #checkRate(address: string | undefined): void {
    const waitMs = address === undefined ? 0 : this.#failedLogins.blockedFor(address)
    if (waitMs === 0) return
    throw new LimitError(
      'UR_TOKEN_RATE',
      `Too many failed logins came from ${address}. What to do: wait ${Math.ceil(waitMs / 1000)} s, then try with the right token.`,
    )
  }

  async #lookUp(token: string): Promise<TokenIdentity> {
    if (!TOKEN_PATTERN.test(token)) {
      throw new RefusedError(
        'UR_TOKEN_MALFORMED',
        'What the agent sent does not look like a token. What to do: copy the whole token, unr_ and 43 letters or digits.',
      )
    }
    const hash = tokenHash(token)
    return this.#login(hash, () => this.#read(() => this.#options.tokens.findByHash(hash)), null)
  }

  async #lookUpCertificate(shown: ShownCertificate): Promise<TokenIdentity> {
    const { certificates, tokens } = this.#options
    let id: string | null = null
    const read = async (): Promise<LoginRecord> => {
      const certificate = await findCertificate(certificates, shown)
      this.#expiries.note(certificate.id, certificate.expiresAt)
      if (this.#expiries.isOver(certificate.id)) throw certificateExpired()
      id = certificate.id
      return this.#read(() => tokens.findById(certificate.tokenId))
    }
    return this.#login(keyOf(shown), read, () => id)
  }

  /** `key`: under which it is known. `certificateId`: once it was read; null: there is none. */
  async #login(
    key: string,
    read: () => Promise<LoginRecord>,
    certificateId: (() => string | null) | null,
  ): Promise<TokenIdentity> {
    let record: LoginRecord
    try {
      record = await read()
      await this.#options.rights.login(record)
    } catch (error) {
      if (!(error instanceof RefusedError)) return this.#withoutDatabase(key, error)
      this.#known.delete(key)
      throw error
    }
    const { id, name, accountId } = record
    const identity = { id, name, accountId, certificateId: certificateId?.() ?? null }
    this.#remember(key, identity)
    return identity
  }

  /** The token, when it is good. Its rights are not older than those that were seen. */
  async #read(find: () => Promise<LoginRecord | null>): Promise<LoginRecord> {
    for (let reads = 1; ; reads++) {
      const record = await find()
      if (record === null || record.revokedAt !== null) throw record === null ? unknown() : revoked()
      const { id, expiresAt, rightsChange } = record
      this.#expiries.note(id, expiresAt)
      if (this.#expiries.isOver(id)) throw expired()
      if (!this.#watch.isOutdated(id, rightsChange)) return record
      if (reads === READS) throw new StoreError('UR_TOKEN_UNCHECKED', 'The rights of the token change too often.')
    }
  }

  #withoutDatabase(hash: string, error: unknown): TokenIdentity {
    const known = this.#known.get(hash)
    const certificateEnd = known?.certificateId ? this.#endOf(known.certificateId) : null
    const end = certificateEnd ?? (known ? this.#endOf(known.id) : null)
    if (end !== null) throw end
    // What it may do has to be known as well, and be what was seen last.
    const rights = known && this.#options.rights.find(known.id)
    if (rights && !this.#watch.isOutdated(known.id, rights.change)) {
      this.#log.warn({ error, token: known.id }, 'the database failed; a token that was good before is let in')
      return known
    }
    this.#strangers.error('UR_TOKEN_UNCHECKED', { error }, 'the database failed; an agent is turned away')
    const message = 'The server cannot look tokens up now. What to do: try again; the log of the server says why.'
    throw new StoreError('UR_TOKEN_UNCHECKED', message, { cause: error })
  }

  #remember(hash: string, identity: TokenIdentity): void {
    this.#used.set(identity.id, new Date())
    this.#known.delete(hash)
    this.#known.set(hash, identity)
    if (this.#known.size <= REMEMBERED_TOKENS) return
    const oldest = this.#known.keys().next()
    if (!oldest.done) this.#known.delete(oldest.value)
  }

  async #touch(): Promise<void> {
    const used = this.#used
    this.#used = new Map()
    try {
      await this.#options.tokens.touch(used)
    } catch (error) {
      this.#log.warn({ error }, 'when tokens were last used could not be written; it is tried again later')
      this.#used = new Map([...used, ...this.#used])
    }
  }
}

function keyOf(shown: ShownCertificate): string {
  return certificateKey(fingerprintOf(shown))
}

function unknown(): RefusedError {
  return new RefusedError(
    'UR_TOKEN_INVALID',
    'The server does not know this token. What to do: check that token and server belong together, ' +
      'or have the operator make one with `uniroutd token create NAME`.',
  )
}

function revoked(): RefusedError {
  return new RefusedError(
    'UR_TOKEN_REVOKED',
    'The token was revoked. What to do: ask the operator of the server for a new one.',
  )
}

function expired(): RefusedError {
  return new RefusedError(
    'UR_TOKEN_EXPIRED',
    'The token has expired. What to do: ask the operator of the server for a new one.',
  )
}
