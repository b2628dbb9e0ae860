import type { Clock } from '../../core/clock.js'
import { LimitError, UniRouteError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import { readUpstream } from '../../config/index.js'
import { summaryOf } from '../api/views.js'
import type { ReplayRequest, SuiteResult, SuiteRun } from '../contract.js'
import type { Exchange } from '../exchange.js'
import type { Recording } from '../files/recording.js'
import type { ExchangeWriter, RequestHead } from '../reader.js'
import { type DiffOptions, diffAnswers } from './diff.js'
import { type Outgoing, outgoingOf, outgoingOfFile } from './outgoing.js'
import { send, type UpstreamSpec } from './send.js'

/** Where an exchange comes from that no visitor caused. */
export interface Origin {
  readonly tunnel: string
  readonly replayOf: string | null
}

/** Makes exchanges: redacted, and within their bounds. */
export interface Recorder {
  begin(head: RequestHead, origin: Origin): ExchangeWriter
  /** Keeps what a file has of a request and its answer. */
  imported(recording: Recording): Exchange
  /** The same, to be compared and not kept. */
  compared(recording: Recording): Exchange
}

export interface ReplayerOptions {
  readonly clock: Clock
  readonly recorder: Recorder
  /** The agent's tunnels, as they are now. */
  tunnels(): readonly UpstreamSpec[]
  /** How another upstream than a tunnel's is verified. */
  readonly upstreamTls?: NonNullable<UpstreamSpec['upstreamTls']>
  /** Default 30 000: for connecting, and then for the answer. */
  readonly timeoutMs?: number
}

export interface Replayed {
  readonly exchange: Exchange
  readonly omitted: readonly string[]
}

/** Replays at once. */
const MOST_AT_ONCE = 16

/** Sends requests that were captured once more. */
export class Replayer {
  readonly #options: ReplayerOptions
  #underWay = 0

  constructor(options: ReplayerOptions) {
    this.#options = options
  }

  /**
   * Throws LimitError UR_INSPECT_BUSY; UniRouteError UR_REPLAY_…; UpstreamError; ConfigError UR_UPSTREAM_SYNTAX.
   */
  async replay(exchange: Exchange, request: ReplayRequest = {}): Promise<Replayed> {
    const outgoing = outgoingOf(exchange, request)
    const spec = this.#specFor(request, exchange)
    const origin = { tunnel: request.tunnel ?? exchange.tunnel, replayOf: exchange.id }
    return { exchange: await this.#send(spec, outgoing, origin), omitted: outgoing.omitted }
  }

  /** Sends each request of a suite, one after the other; what goes wrong with one stands in its result. */
  async run(name: string, suite: readonly Recording[], to: SuiteTarget, options: DiffOptions = {}): Promise<SuiteRun> {
    const results: SuiteResult[] = []
    for (const recording of suite) results.push(resultOf(await this.runOne(recording, to, options)))
    return {
      name,
      same: results.filter(({ diff }) => diff?.same === true).length,
      different: results.filter(({ diff }) => diff?.same === false).length,
      failed: results.filter(({ diff }) => diff === null).length,
      results,
    }
  }

  /** Sends one request of a suite. */
  async runOne(recording: Recording, to: SuiteTarget, options: DiffOptions = {}): Promise<RunOne> {
    const { method, target } = recording
    try {
      const outgoing = outgoingOfFile(recording)
      const spec = this.#specFor(to, recording)
      const origin = { tunnel: to.tunnel ?? recording.tunnel, replayOf: null }
      const after = await this.#send(spec, outgoing, origin)
      const before = this.#options.recorder.compared(recording)
      const diff = diffAnswers(before, after, options)
      return { method, target, exchange: after, diff, error: null, omitted: outgoing.omitted }
    } catch (error) {
      if (!(error instanceof UniRouteError)) throw error
      return { method, target, exchange: null, diff: null, error, omitted: [] }
    }
  }

  async #send(spec: UpstreamSpec, outgoing: Outgoing, origin: Origin): Promise<Exchange> {
    if (this.#underWay >= MOST_AT_ONCE) {
      const message = `${MOST_AT_ONCE} replays are under way, and there may be no more. What to do: try again.`
      throw new LimitError('UR_INSPECT_BUSY', message, { retryAfterMs: 1_000 })
    }
    const { clock, recorder, timeoutMs = 30_000 } = this.#options
    this.#underWay++
    try {
      return await send(spec, outgoing, { clock, timeoutMs, begin: (head) => recorder.begin(head, origin) })
    } finally {
      this.#underWay--
    }
  }

  #specFor(to: SuiteTarget, { tunnel: own, kind }: Pick<Exchange, 'tunnel' | 'kind'>): UpstreamSpec {
    const name = to.tunnel ?? own
    const tunnels = this.#options.tunnels()
    const found = tunnels.find((tunnel) => tunnel.name === name && tunnel.kind === 'http')
    if (to.upstream !== undefined) {
      const upstreamProtocol = found?.http?.upstreamProtocol ?? (kind === 'grpc' ? 'http2' : 'http1')
      const { upstreamTls } = this.#options
      const upstream = readUpstream(to.upstream)
      return { name, kind: 'http', upstream, http: { upstreamProtocol }, ...(upstreamTls && { upstreamTls }) }
    }
    if (found !== undefined) return found
    const names = tunnels.filter((tunnel) => tunnel.kind === 'http').map((tunnel) => printable(tunnel.name))
    const there = names.length === 0 ? 'it has none for HTTP' : `there are: ${names.join(', ')}`
    const message = `The agent has no tunnel "${printable(name)}" for HTTP; ${there}. What to do: name one, or an upstream.`
    throw new UniRouteError('UR_REPLAY_TUNNEL', message)
  }
}

export type SuiteTarget = Pick<ReplayRequest, 'tunnel' | 'upstream'>

export interface RunOne {
  readonly method: string
  readonly target: string
  readonly exchange: Exchange | null
  readonly diff: SuiteResult['diff']
  readonly error: UniRouteError | null
  readonly omitted: readonly string[]
}

/** A result as the API tells it. */
function resultOf({ method, target, exchange, diff, error, omitted }: RunOne): SuiteResult {
  return {
    method,
    target,
    exchange: exchange === null ? null : summaryOf(exchange),
    diff,
    problem: error?.message ?? null,
    omitted,
  }
}
