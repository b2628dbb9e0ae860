import type { RuleContext } from '../../access/visitor-rules/index.js'
import type { Clock } from '../../core/clock.js'
import type { Code } from '../../core/error-codes.js'
import { UniRouteError } from '../../core/errors.js'
import { Site } from '../../tunnels/index.js'
import type { Exchange, RequestHead } from './api.js'
import { answerChallenge, isForChallenge, type ChallengeAnswer } from './challenge-page.js'
import { Deadlines } from './deadlines.js'
import { Forwarding } from './forwarding.js'
import { RandomIds } from './headers/index.js'
import { HeldRequests } from './held-requests.js'
import { hostOf } from './host.js'
import type { HttpLimits } from './limits.js'
import { Policies } from './policies.js'
import { failureOf } from './problem.js'
import { senderOf, type Sender } from './sender.js'
import type { HttpTable, TargetPool } from './target.js'
import { Upstreams } from './upstreams.js'

/** One request that is over, for the access log and the metrics. */
export interface RequestRecord {
  readonly exchange: Exchange
  /** The visitor's own address, also behind trusted proxies. */
  readonly visitor: string
  readonly requestId: string
  /** Name of the tunnel; null: none was found. */
  readonly tunnel: string | null
  /** 0: nothing was answered, because the visitor was gone before. */
  readonly status: number
  /** Why we answered, and not the upstream. */
  readonly code: Code | null
  /** Bytes of the bodies. */
  readonly bytesIn: number
  readonly bytesOut: number
  readonly durationMs: number
  /** Whether the answer went out to its end. */
  readonly complete: boolean
}

export interface ForwarderOptions {
  readonly table: HttpTable
  readonly clock: Clock
  limits(): HttpLimits
  /** What the rules of all tunnels share. */
  readonly rules: RuleContext
  /** Whether an address is that of a proxy which tells the truth about visitors, in `X-Forwarded-For` and the like. */
  isTrustedProxy(address: string): boolean
  /** The https:// address of a host, without a path. */
  httpsUrl(host: string): string
  /** Answers certificate authorities in the place of all tunnels; left out: nobody looks for proofs. Must not reject. */
  readonly challengeAnswer?: ChallengeAnswer | undefined
  /** Called once for each request that is for a tunnel, at its end. Must not throw. */
  onRequest(record: RequestRecord): void
  /** A request failed because of ourselves. Must not throw. */
  onDefect(error: unknown): void
}

type Scheme = RequestHead['scheme']

/** Takes requests from all fronts to the agents. */
export class Forwarder {
  readonly clock: Clock
  readonly upstreams: Upstreams
  readonly held: HeldRequests
  readonly deadlines: Deadlines
  readonly ids = new RandomIds()
  readonly policies: Policies
  /** Requests that are not over. */
  active = 0
  readonly #options: ForwarderOptions

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.clock = options.clock
    this.upstreams = new Upstreams(options.clock, () => options.limits().headerBytes)
    this.policies = new Policies(options.rules, this.ids)
    this.held = new HeldRequests(() => options.limits())
    this.deadlines = new Deadlines(options.clock)
  }

  get limits(): HttpLimits {
    return this.#options.limits()
  }

  /** Serves a request. */
  handle(exchange: Exchange): void {
    const { challengeAnswer } = this.#options
    if (challengeAnswer === undefined || !isForChallenge(exchange.head)) return new Forwarding(this, exchange).start()
    void answerChallenge(exchange, challengeAnswer, () => new Forwarding(this, exchange).start())
  }

  /** Who sent a request. */
  senderOf(exchange: Exchange): Sender {
    return senderOf(exchange, this.#options.isTrustedProxy)
  }

  /**
   * The agents for a request that came by `scheme`. Throws ProtocolError UR_HTTP_MALFORMED, or UniRouteError UR_HTTP_NO_TUNNEL or
   * UR_HTTP_MISDIRECTED: a connection is for the tunnel whose name it was made for, and a client that sends it requests
   * for another one (because both have the same certificate) must not reach that one's agent.
   */
  route({ head, connectionHost }: Exchange, scheme: Scheme): TargetPool {
    const host = hostOf(head.authority)
    const { table } = this.#options
    const site = table.findHost(host)
    if (connectionHost !== null && host !== connectionHost && table.findHost(connectionHost) !== site) {
      throw new UniRouteError('UR_HTTP_MISDIRECTED', `This connection was made for ${connectionHost}, not for ${host}.`)
    }
    if (!(site instanceof Site)) throw noSuchTunnel(host)
    const pool = site.find(head.target)
    if (pool === undefined) throw noSuchTunnel(`${host}, or none for this path`)
    if (scheme === 'https' && isOnly(pool, 'http')) throw noSuchTunnel(host)
    return pool
  }

  /** Where a request that came by `scheme` should go instead; null: the tunnel serves it as it is. */
  redirect({ authority, target }: RequestHead, scheme: Scheme, pool: TargetPool): string | null {
    if (scheme === 'https' || !isOnly(pool, 'https')) return null
    return this.#options.httpsUrl(hostOf(authority)) + target
  }

  /** For a forwarding: what the visitor is told of an error. One that is our own is told of as well. */
  failure(error: unknown, requestId: string): ReturnType<typeof failureOf> {
    const failure = failureOf(error, requestId)
    if (failure.code === 'UR_INTERNAL') this.#options.onDefect(error)
    return failure
  }

  /** For a forwarding: it is over. */
  done(record: RequestRecord): void {
    this.active--
    this.#options.onRequest(record)
  }
}

/** Whether all tunnels of a pool are reached by this scheme only. */
function isOnly(pool: TargetPool, scheme: Scheme): boolean {
  const { members } = pool
  return members.every(({ tunnel }) => tunnel.http?.scheme === scheme) && (members.length > 0 || scheme === 'https')
}

function noSuchTunnel(what: string): UniRouteError {
  return new UniRouteError('UR_HTTP_NO_TUNNEL', `No tunnel has the name ${what}.`)
}
