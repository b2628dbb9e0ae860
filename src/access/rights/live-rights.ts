import type { Clock } from '../../core/clock.js'
import { LimitError, RefusedError } from '../../core/errors.js'
import { PacePair } from '../../core/pace.js'
import { TokenBucket } from '../../core/token-bucket.js'
import type { RightsChange } from '../../store/index.js'
import { DayUsage } from './day-usage.js'
import { Rights, type TunnelFacts } from './rights.js'

/** After how long a visitor who found too many others may try again, ms. */
const STREAMS_RETRY_MS = 1_000

export interface LiveRightsOptions {
  readonly clock: Clock
  /** Milliseconds since 1970. */
  now(): number
  /** The server's, normalised. */
  readonly domain: string
}

/** What one token may do now, whichever of its sessions does it, and what it has of that. */
export class LiveRights {
  readonly usage: DayUsage
  sessions = 0
  tunnels = 0
  streams = 0
  readonly #options: LiveRightsOptions
  #rights: Rights
  #barred: RefusedError | null = null
  #change = -1
  #followed = -1
  #rate: TokenBucket | null = null
  #paces: PacePair | null = null

  constructor(options: LiveRightsOptions) {
    this.#options = options
    this.#rights = new Rights(null, options.domain)
    this.usage = new DayUsage(() => options.now())
  }

  /** Why the token may do nothing at all: its rights cannot be read, or its account is disabled. Null: it may. */
  get barred(): RefusedError | null {
    return this.#barred
  }

  /** The number of the change that they are of. */
  get change(): number {
    return this.#change
  }

  /** Most sessions and tunnels that the token may have; Infinity: any number. */
  get mostSessions(): number {
    return this.#rights.spec.max_sessions ?? Infinity
  }

  get mostTunnels(): number {
    return this.#rights.spec.max_tunnels ?? Infinity
  }

  /** Whether bytes have to be counted while a stream lasts, and written down. */
  get countsBytes(): boolean {
    return this.#rights.spec.bytes_per_day !== undefined
  }

  /** What all of its streams share, in each direction; null: they may be as fast as they can. */
  get paces(): PacePair | null {
    return this.#paces
  }

  /** Bytes a second of each of its tunnels, in each direction; null: any number. */
  get tunnelRate(): number | null {
    return this.#rights.spec.tunnel_bytes_per_second ?? null
  }

  /** Takes over what the store says, unless it is older than what is known. */
  apply({ rights, accountDisabledAt, rightsChange }: Omit<RightsChange, 'id'>): void {
    if (rightsChange <= this.#change) return
    const isFirst = this.#change < 0
    this.#change = rightsChange
    if (isFirst) this.#followed = rightsChange
    this.#barred = accountDisabledAt === null ? null : disabled()
    try {
      const before = this.#rights.spec.requests_per_second
      this.#rights = new Rights(rights, this.#options.domain)
      const { requests_per_second: perSecond, bytes_per_second: pace } = this.#rights.spec
      if (perSecond !== before) this.#rate = perSecond === undefined ? null : this.#bucket(perSecond)
      this.#pace(pace)
    } catch (error) {
      this.#barred ??= unreadable(error)
    }
  }

  /** Whether the rights changed since the last call, so that what the token has must be looked at again. */
  takeChanged(): boolean {
    const changed = this.#followed < this.#change
    this.#followed = this.#change
    return changed
  }

  allowsPort(port: number): boolean {
    return this.#rights.allowsPort(port)
  }

  /** Why the token may not have such a tunnel: RefusedError UR_RIGHTS_…; null: it may. */
  problemOf(tunnel: TunnelFacts): RefusedError | null {
    return this.#barred ?? this.#rights.problemOf(tunnel)
  }

  /** Why the token may not have so many sessions; null: it may. */
  sessionProblem(sessions: number): LimitError | null {
    if (sessions <= this.mostSessions) return null
    const message = `This token may have ${this.mostSessions} sessions at once, and has them; stop another agent that has it.`
    return new LimitError('UR_QUOTA_SESSIONS', message)
  }

  /** Why the token may not have so many tunnels; null: it may. */
  tunnelProblem(tunnels: number): LimitError | null {
    if (tunnels <= this.mostTunnels) return null
    const message = `This token may have ${this.mostTunnels} tunnels at once, over all agents, and has them; close one.`
    return new LimitError('UR_QUOTA_TUNNELS', message)
  }

  /** Counts a request, or a connection that is none of requests. Why there are too many; null: it may go on. */
  takeRequest(): LimitError | null {
    const spent = this.spentProblem()
    if (spent !== null) return spent
    if (this.#rate === null || this.#rate.take()) return null
    return new LimitError('UR_QUOTA_REQUESTS', 'The token has as many requests a second as it may.', {
      retryAfterMs: 1000 / this.#rate.perSecond,
    })
  }

  /** Why the visitors of the token may move no more bytes today; null: they may. */
  spentProblem(): LimitError | null {
    const most = this.#rights.spec.bytes_per_day
    if (most === undefined || this.usage.bytes < most) return null
    const message = `The token has used up its ${most} bytes of today (UTC).`
    return new LimitError('UR_QUOTA_BYTES', message, { retryAfterMs: this.usage.leftMs })
  }

  /** Why the token may not have one more stream; null: it may. */
  streamProblem(): LimitError | null {
    const most = this.#rights.spec.max_streams
    if (most === undefined || this.streams < most) return null
    const message = `The token has as many streams at once as it may, ${most}.`
    return new LimitError('UR_QUOTA_STREAMS', message, { retryAfterMs: STREAMS_RETRY_MS })
  }

  #pace(rate: number | undefined): void {
    if (rate === undefined) {
      this.#paces?.lift()
      this.#paces = null
    } else if (this.#paces === null) this.#paces = new PacePair(this.#options.clock, rate)
    else this.#paces.rate = rate
  }

  #bucket(perSecond: number): TokenBucket {
    return new TokenBucket(this.#options.clock, { burst: Math.max(1, perSecond), perSecond })
  }
}

function disabled(): RefusedError {
  const message = 'The account of this token is disabled. What to do: ask the operator of the server.'
  return new RefusedError('UR_ACCOUNT_DISABLED', message)
}

function unreadable(error: unknown): RefusedError {
  const message =
    'The server does not understand the rights of this token, so it may do nothing ' +
    `(${error instanceof Error ? error.message.replaceAll('\n', '; ') : 'unknown'}). What to do: ask the operator of the server.`
  return new RefusedError('UR_RIGHTS_UNREADABLE', message, { cause: error })
}
