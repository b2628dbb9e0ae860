import type { Refusal } from '../../access/visitor-rules/index.js'
import type { Code } from '../../core/error-codes.js'
import { NetworkError } from '../../core/errors.js'
import type {
  BodyLength,
  Exchange,
  ExchangeEvents,
  RawHeaders,
  ResponseSink,
  Upgraded,
  UpstreamHead,
  UpstreamRequest,
} from './api.js'
import type { Forwarder } from './forwarder.js'
import { requestIdOf } from './headers/index.js'
import { isIdempotent } from './idempotent.js'
import { answerProblem, answerRedirect } from './own-answers.js'
import { Patience, type SlowCode } from './patience.js'
import type { Policy } from './policies.js'
import { codeOf, isFinal, isUnseen, isUpstreamAbsent, isUpstreamFault } from './problem.js'
import { problemOf, type Problem } from './problems.js'
import { RequestBody } from './request-body.js'
import { RequestQuota, retryFields } from './request-quota.js'
import { RuleCheck } from './rule-check.js'
import type { Sender } from './sender.js'
import { stickyCookie, stickyKey } from './sticky.js'
import type { TargetMember, TargetPool } from './target.js'
import { Tried } from './tried.js'
import { Turn } from './turn.js'
import { upstreamHead } from './upstream-head.js'
import { Wait } from './wait.js'

/**
 * One request on its way: finds an agent whose rules let it pass, sends the request, sends it again where that does no
 * harm, and brings the answer back.
 *
 *   start ──▶ attempt ──▶ rules ──▶ send ◀──▶ wait    a member of the pool, or none just now
 *                ▲          └────▶ refuse
 *                │                  │
 *                └── onError: retry ┤                 the answer has not begun
 *                                   ▼
 *                               onRespond ──▶ onEnd   or: onUpgrade, refuse
 */
export class Forwarding implements ExchangeEvents, ResponseSink {
  readonly #forwarder: Forwarder
  readonly #exchange: Exchange
  readonly #startedAt: number
  readonly #sender: Sender
  readonly #requestId: string
  readonly #body: RequestBody
  /** Once there are rules to ask. */
  #rules: RuleCheck | null = null
  readonly #patience: Patience
  #pool: TargetPool | null = null
  /** The policy of the member that was chosen last, and the head that goes there. */
  #policy: Policy | null = null
  #head: UpstreamHead | null = null
  #turn: Turn | null = null
  readonly #quota = new RequestQuota()
  #request: UpstreamRequest | null = null
  /** Those that did not serve it. */
  readonly #tried = new Tried()
  /** Why one of them did not even get it. */
  #resting: Refusal | null = null
  #wait: Wait | null = null
  #waitingSince: number | null = null
  #key: string | null = null
  #fresh = false
  #answered = false
  /** The upstream answered it, and did not fail. */
  #delivered = false
  #closed = false
  #status = 0
  #code: Code | null = null
  #bytesOut = 0

  constructor(forwarder: Forwarder, exchange: Exchange) {
    this.#forwarder = forwarder
    this.#exchange = exchange
    this.#startedAt = forwarder.clock.now()
    this.#patience = new Patience(forwarder.clock, forwarder.limits, this)
    this.#sender = forwarder.senderOf(exchange)
    this.#requestId = requestIdOf(exchange.head.headers, this.#sender.peerTrusted, forwarder.ids)
    this.#body = new RequestBody(exchange)
  }

  start(): void {
    this.#forwarder.active++
    this.#forwarder.deadlines.add(this.#patience)
    this.#exchange.start(this)
    const { head } = this.#exchange
    try {
      this.#pool = this.#forwarder.route(this.#exchange, this.#sender.scheme)
    } catch (error) {
      return this.#refuse(error)
    }
    const elsewhere = this.#forwarder.redirect(head, this.#sender.scheme, this.#pool)
    if (elsewhere !== null) return this.#redirect(elsewhere)
    if (this.#pool.balance.sticky) this.#key = stickyKey(head.headers)
    this.#attempt()
  }

  #answerFields(status: number, headers: RawHeaders): string[] {
    const { version } = this.#exchange.head
    return this.#policy!.responseHeaders.rewrite(headers, { status, version, requestId: this.#requestId })
  }

  // Attempts.

  #attempt(): void {
    const pool = this.#pool!
    const { clock, policies } = this.#forwarder
    const member = pool.pick(clock.now(), this.#tried.members, this.#key)
    const policy = policies.of(pool, member)
    const { rules } = policy
    if (rules === null || this.#rules?.hasPassed(rules) === true) return this.#send(member, policy)
    this.#rules ??= new RuleCheck(this.#exchange.head, this.#sender, (check, collected) => {
      // All of it, where it is kept: that takes memory for as long.
      this.#patience.forVisitor()
      this.#body.collect(check, collected)
    })
    this.#rules.ask(rules, (verdict) => {
      if (verdict === null) this.#send(member, policy)
      else if (verdict instanceof Error) this.#refuse(verdict)
      else this.#turnAway(verdict)
    })
  }

  /** The rules let it pass. */
  #send(member: TargetMember | undefined, policy: Policy): void {
    if (member === undefined) return this.#resting === null ? this.#waitForAgent() : this.#turnAway(this.#resting)
    // It may have gone while a password was checked or a body came.
    if (!member.tunnel.available) return this.#attempt()
    const turn = Turn.begin(member, policy, this.#quota)
    if (!(turn instanceof Turn)) {
      this.#resting = turn
      this.#tried.add(member)
      return this.#attempt()
    }
    this.#turn = turn
    try {
      const head = this.#headFor(policy)
      const origin = { visitor: this.#sender.visitor, requestId: this.#requestId }
      const request = this.#forwarder.upstreams.of(member.tunnel).request(head, origin, this, this.#fresh)
      // It failed at once, and `onError` went on from there.
      if (this.#turn !== turn) return
      this.#request = request
      if (this.#tried.isEmpty && !this.#fresh) member.tunnel.traffic.addRequest()
    } catch (error) {
      this.onError(error as Error)
      return
    }
    this.#expectAnswer()
    this.#body.sendWith(this.#request, policy)
  }

  #headFor(policy: Policy): UpstreamHead {
    if (this.#head !== null && this.#policy === policy) return this.#head
    this.#policy = policy
    const facts = { requestId: this.#requestId, continued: this.#body.isKept }
    return (this.#head = upstreamHead(this.#exchange, policy, this.#sender, facts))
  }

  /** Nobody can serve it now. */
  #waitForAgent(): void {
    const pool = this.#pool!
    this.#waitingSince ??= this.#forwarder.clock.now()
    const error = new NetworkError('UR_AGENT_OFFLINE', `The agent of ${pool.site.host} is not connected.`)
    this.#holdUntil((pool.emptySince ?? this.#waitingSince) + pool.holdMs, error, false)
  }

  /** Waits for a change, then tries again; at the deadline `error` is told. `poll`: tries now and then as well. */
  #holdUntil(deadline: number, error: Error, poll: boolean): void {
    const { clock, held } = this.#forwarder
    if (deadline <= clock.now()) return this.#refuse(error)
    this.#wait ??= Wait.enter(held, this.#exchange.head)
    if (this.#wait === null) {
      return this.#refuse(new NetworkError('UR_HELD_LIMIT', 'Too many requests wait already for agents that are away.'))
    }
    this.#patience.expect(deadline, () => this.#refuse(error))
    this.#wait.until(this.#pool!, poll, () => {
      this.#tried.clear()
      this.#resting = null
      this.#attempt()
    })
  }

  #leave(): void {
    this.#turn?.leave()
    this.#turn = null
    this.#request = null
    this.#body.stop(false)
  }

  #abandonRequest(): void {
    const request = this.#request
    this.#leave()
    request?.abort()
  }

  // ResponseSink

  get movable(): boolean {
    return !this.#body.used && isIdempotent(this.#exchange.head.method)
  }

  onInform(status: number, headers: RawHeaders): void {
    this.#exchange.inform(status, this.#answerFields(status, headers))
  }

  onRespond(status: number, headers: RawHeaders, reason: string, body: BodyLength): void {
    this.#accept(status)
    this.#wait?.leave()
    const fields = this.#answerFields(status, headers)
    fields.push(...stickyCookie(this.#turn?.member, this.#key, this.#sender.scheme === 'https'))
    this.#exchange.respond(status, fields, reason, body)
  }

  onData(chunk: Buffer): boolean {
    this.#bytesOut += chunk.length
    if (this.#exchange.write(chunk)) return true
    this.#patience.forVisitor()
    return false
  }

  onEnd(trailers: RawHeaders): void {
    this.#leave()
    this.#exchange.end(trailers.length === 0 ? trailers : this.#policy!.responseHeaders.trailers(trailers))
    // What we have passed on may still wait for him.
    if (!this.#closed) this.#patience.forVisitor()
  }

  onUpgrade(status: number, headers: RawHeaders, upgraded: Upgraded): void {
    this.#accept(status)
    const turn = this.#turn
    this.#turn = null
    this.#leave()
    const visitor = this.#exchange.switchProtocols(status, this.#answerFields(status, headers))
    upgraded.join(visitor, (complete) => {
      turn?.leave()
      this.#close(complete)
    })
  }

  /** The upstream answers. */
  #accept(status: number): void {
    this.#answered = true
    this.#status = status
    this.#delivered = status < 500
    this.#turn?.settle(this.#delivered ? 'ok' : 'failed')
    this.#turn?.member.worked()
    this.#patience.off()
  }

  onWritable(): void {
    this.#body.goOn()
    if (!this.#answered) this.#expectAnswer()
  }

  onError(error: Error): void {
    const member = this.#turn?.member ?? null
    // A connection that the upstream was just closing says nothing of the upstream.
    const isStale = this.#request?.used === true && !this.#fresh && member?.tunnel.available === true
    if (!isStale && isUpstreamFault(error)) this.#turn?.settle('failed')
    this.#leave()
    if (this.#closed) return
    if (this.#answered) return this.#breakOff(codeOf(error))
    const again = this.movable || (!this.#body.used && isUnseen(error))
    if (!again || isFinal(error)) return this.#refuse(error)
    this.#body.stop(true)
    if (!isStale) return this.#retry(member, error)
    this.#fresh = true
    this.#attempt()
  }

  #retry(member: TargetMember | null, error: Error): void {
    const pool = this.#pool!
    const now = this.#forwarder.clock.now()
    if (member !== null) {
      this.#tried.add(member)
      // One that is away comes back as good as it was.
      if (member.tunnel.available) member.failed(now)
      this.#key = null
    }
    if (pool.members.some((other) => other.tunnel.available && !this.#tried.members.has(other))) return this.#attempt()
    if (pool.members.every(({ tunnel }) => !tunnel.available)) return this.#waitForAgent()
    const since = isUpstreamAbsent(error) ? (member?.restartingSince ?? null) : null
    if (since === null) return this.#refuse(error)
    this.#holdUntil(since + pool.holdMs, error, true)
  }

  // ExchangeEvents

  onBody(chunk: Buffer): void {
    const taken = this.#body.push(chunk)
    if (taken === 'too large') this.#cutBody()
    else if (taken !== 'kept' && !this.#answered) this.#expectAnswer(taken === 'passed on')
  }

  onBodyEnd(trailers: RawHeaders): void {
    if (this.#body.collecting) this.#patience.off()
    this.#body.end(trailers)
    if (this.#request !== null && !this.#answered) this.#expectAnswer()
  }

  onDrain(): void {
    this.#patience.off()
    this.#request?.resume()
  }

  onClose(complete: boolean): void {
    this.#abandonRequest()
    this.#close(complete)
  }

  // Time.

  /** The answer should begin, or the upstream should take more of the body; or the visitor should send more of it. */
  #expectAnswer(hasRoom = true): void {
    if (this.#body.done || !hasRoom) this.#patience.forUpstream()
    else this.#patience.forVisitor()
  }

  /** For `Patience`. */
  onSlow(code: SlowCode): void {
    if (this.#answered) return this.#breakOff(code)
    if (code === 'UR_UPSTREAM_SILENT') this.#turn?.settle('failed')
    this.#abandonRequest()
    const what = code === 'UR_UPSTREAM_SILENT' ? 'The upstream did not answer' : 'Nothing more of the body came'
    this.#refuse(new NetworkError(code, `${what} in time.`))
  }

  // The end.

  /** Breaks off an answer that has begun. */
  #breakOff(code: Code): void {
    this.#code = code
    this.#exchange.abort()
  }

  /** The body is longer than it may be. Nothing says to the upstream that it is whole. */
  #cutBody(): void {
    this.#abandonRequest()
    if (this.#answered) this.#breakOff('UR_BODY_TOO_LARGE')
    else this.#turnAway({ code: 'UR_BODY_TOO_LARGE', headers: {} })
  }

  #refuse(error: unknown): void {
    this.#answer(this.#forwarder.failure(error, this.#requestId), retryFields(error))
  }

  /** A rule does not let it pass. */
  #turnAway({ code, headers }: Refusal): void {
    this.#answer({ ...problemOf(code, this.#requestId), code }, headers)
  }

  #answer(problem: Problem & { readonly code: Code }, extra?: Refusal['headers']): void {
    this.#endAttempts(problem.status, problem.code)
    answerProblem(this.#exchange, problem, extra)
  }

  #redirect(location: string): void {
    this.#endAttempts(308, null)
    answerRedirect(this.#exchange, location, this.#requestId)
  }

  /** The answer is our own. */
  #endAttempts(status: number, code: Code | null): void {
    this.#answered = true
    this.#status = status
    this.#code = code
    this.#wait?.leave()
    this.#patience.off()
    this.#rules?.stop()
    this.#body.close(false)
  }

  #close(complete: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#wait?.leave()
    this.#patience.off()
    this.#rules?.stop()
    this.#body.close(this.#delivered)
    this.#forwarder.deadlines.delete(this.#patience)
    this.#forwarder.done({
      exchange: this.#exchange,
      visitor: this.#sender.visitor.address,
      requestId: this.#requestId,
      tunnel: this.#pool?.members[0]?.tunnel.name ?? null,
      status: this.#status,
      code: this.#code,
      bytesIn: this.#body.bytes,
      bytesOut: this.#bytesOut,
      durationMs: this.#forwarder.clock.now() - this.#startedAt,
      complete,
    })
  }
}
