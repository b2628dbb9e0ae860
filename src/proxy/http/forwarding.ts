import { randomBytes } from 'node:crypto'
import type { Code } from '../../core/error-codes.js'
import { NetworkError, UniRouteError } from '../../core/errors.js'
import type { Pool, PoolMember } from '../../tunnels/index.js'
import type {
  Exchange,
  ExchangeEvents,
  RawHeaders,
  ResponseSink,
  Upgraded,
  UpstreamHead,
  UpstreamRequest,
} from './api.js'
import type { Timed } from './deadlines.js'
import { errorPage } from './error-page.js'
import { valueOf } from './fields.js'
import type { Forwarder } from './forwarder.js'
import { MAX_PASSES, trailerFields } from './headers/index.js'
import { codeOf, failureOf, isUnseen, isUpstreamAbsent } from './problem.js'
import { stickyCookie, stickyKey } from './sticky.js'
import { Wait } from './wait.js'

/** Methods that may be sent again when nobody knows whether they were carried out (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])
/** Upgrades of which a request by HTTP/2 has no key (RFC 8441 §5), and one by HTTP/1.1 must have one. */
const WEBSOCKET = 'websocket'

/**
 * One request on its way: finds an agent, sends the request, sends it again where that does no harm, and brings the
 * answer back.
 *
 *   start ──▶ attempt ◀──▶ wait          a member of the pool, or none just now
 *                │  ▲
 *                │  └─ onError: retry    the answer has not begun
 *                ▼
 *             onRespond ──▶ onEnd        or: onUpgrade, refuse
 */
export class Forwarding implements ExchangeEvents, ResponseSink, Timed {
  deadline = Infinity
  readonly #forwarder: Forwarder
  readonly #exchange: Exchange
  readonly #startedAt: number
  readonly #requestId: string
  #pool: Pool | null = null
  #head: UpstreamHead | null = null
  #member: PoolMember | null = null
  #request: UpstreamRequest | null = null
  /** Those that did not serve it. */
  readonly #tried = new Set<PoolMember>()
  #wait: Wait | null = null
  #waitingSince: number | null = null
  #key: string | null = null
  /** What the visitor sends is no longer whole here. */
  #bodyUsed = false
  #bodyDone: boolean
  #fresh = false
  #answered = false
  #closed = false
  #onDeadline: (() => void) | null = null
  #status = 0
  #code: Code | null = null
  #bytesIn = 0
  #bytesOut = 0

  constructor(forwarder: Forwarder, exchange: Exchange) {
    this.#forwarder = forwarder
    this.#exchange = exchange
    this.#startedAt = forwarder.clock.now()
    this.#requestId = forwarder.ids.hex(16)
    this.#bodyDone = exchange.head.body === 'none'
  }

  start(): void {
    this.#forwarder.active++
    this.#forwarder.deadlines.add(this)
    this.#exchange.start(this)
    const { head } = this.#exchange
    try {
      this.#pool = this.#forwarder.route(this.#exchange)
    } catch (error) {
      return this.#refuse(error)
    }
    const elsewhere = this.#forwarder.redirect(this.#exchange, this.#pool)
    if (elsewhere !== null) return this.#redirect(elsewhere)
    if (this.#pool.balance.sticky) this.#key = stickyKey(head.headers)
    const { fields, passes } = this.#rewritten()
    if (passes > MAX_PASSES) return this.#refuse(new UniRouteError('UR_HTTP_LOOP', 'The request goes round in a loop.'))
    if (head.version === '2' && head.upgrade === WEBSOCKET) {
      fields.push('Sec-WebSocket-Key', randomBytes(16).toString('base64'))
    }
    const { method, target, scheme, body, upgrade } = head
    this.#head = { method, target, scheme, fields, body, upgrade }
    this.#attempt()
  }

  #rewritten(): { fields: string[]; passes: number } {
    const { head, visitor } = this.#exchange
    const { version, scheme, authority, upgrade } = head
    const { address: peer, serverPort: port } = visitor
    const facts = { version, scheme, authority, port, peer, peerTrusted: false, requestId: this.#requestId, upgrade }
    return this.#forwarder.requestHeaders.rewrite(head.headers, facts)
  }

  #answerFields(status: number, headers: RawHeaders): string[] {
    const { version } = this.#exchange.head
    return this.#forwarder.responseHeaders.rewrite(headers, { status, version, requestId: this.#requestId })
  }

  // Attempts.

  readonly #attempt = (): void => {
    const pool = this.#pool!
    const { clock, upstreams } = this.#forwarder
    const member = pool.pick(clock.now(), this.#tried, this.#key)
    if (member === undefined) return this.#waitForAgent(pool)
    this.#member = member
    member.active++
    try {
      const origin = { visitor: this.#exchange.visitor, requestId: this.#requestId }
      this.#request = upstreams.of(member.tunnel).request(this.#head!, origin, this, this.#fresh)
    } catch (error) {
      this.onError(error as Error)
      return
    }
    this.#expectAnswer()
    if (!this.#bodyDone) this.#exchange.resume()
  }

  /** Nobody can serve it now. */
  #waitForAgent(pool: Pool): void {
    this.#waitingSince ??= this.#forwarder.clock.now()
    const error = new NetworkError('UR_AGENT_OFFLINE', `The agent of ${pool.site.host} is not connected.`)
    this.#holdUntil((pool.emptySince ?? this.#waitingSince) + pool.holdMs, error, false)
  }

  /** Waits for a change, then tries again; at the deadline `error` is told. `poll`: tries now and then as well. */
  #holdUntil(deadline: number, error: Error, poll: boolean): void {
    const { clock, held } = this.#forwarder
    if (deadline <= clock.now()) return this.#refuse(error)
    this.#wait ??= Wait.enter(held, this.#head!)
    if (this.#wait === null) {
      return this.#refuse(new NetworkError('UR_HELD_LIMIT', 'Too many requests wait already for agents that are away.'))
    }
    this.#expect(deadline, () => this.#refuse(error))
    this.#wait.until(this.#pool!, poll, () => {
      this.#tried.clear()
      this.#attempt()
    })
  }

  #leaveMember(): PoolMember | null {
    const member = this.#member
    if (member !== null) member.active--
    this.#member = null
    this.#request = null
    return member
  }

  // ResponseSink

  onInform(status: number, headers: RawHeaders): void {
    this.#exchange.inform(status, this.#answerFields(status, headers))
  }

  onRespond(status: number, headers: RawHeaders, reason: string, isWhole: boolean): void {
    this.#answered = true
    this.#status = status
    this.#wait?.leave()
    this.#member?.worked()
    this.#deadlineOff()
    const fields = this.#answerFields(status, headers)
    this.#addCookie(fields)
    this.#exchange.respond(status, fields, reason, isWhole)
  }

  onData(chunk: Buffer): boolean {
    this.#bytesOut += chunk.length
    if (this.#exchange.write(chunk)) return true
    this.#expect(this.#forwarder.clock.now() + this.#forwarder.limits.bodyTimeoutMs, () => this.#giveUp())
    return false
  }

  onEnd(trailers: RawHeaders): void {
    this.#leaveMember()
    this.#exchange.end(trailers.length === 0 ? trailers : trailerFields(trailers))
  }

  onUpgrade(status: number, headers: RawHeaders, upgraded: Upgraded): void {
    this.#answered = true
    this.#status = status
    this.#member?.worked()
    const member = this.#leaveMember()
    if (member !== null) member.active++
    this.#deadlineOff()
    const visitor = this.#exchange.switchProtocols(status, this.#answerFields(status, headers))
    upgraded.join(visitor, (error) => {
      if (member !== null) member.active--
      this.#close(error === null)
    })
  }

  onWritable(): void {
    this.#exchange.resume()
    if (!this.#answered) this.#expectAnswer()
  }

  onError(error: Error): void {
    const used = this.#request?.used === true
    const member = this.#leaveMember()
    if (this.#closed) return
    if (this.#answered) {
      this.#code = codeOf(error)
      this.#exchange.abort()
      return
    }
    const again = !this.#bodyUsed && (isUnseen(error) || IDEMPOTENT.has(this.#exchange.head.method))
    if (!again || codeOf(error) === 'UR_HTTP_MALFORMED') return this.#refuse(error)
    // A connection that the upstream was just closing says nothing of the upstream.
    if (used && !this.#fresh) {
      this.#fresh = true
      this.#attempt()
      return
    }
    this.#retry(member, error)
  }

  #retry(member: PoolMember | null, error: Error): void {
    const pool = this.#pool!
    const { clock } = this.#forwarder
    const now = clock.now()
    if (member !== null) {
      this.#tried.add(member)
      member.failed(now)
      this.#key = null
    }
    if (pool.members.some((other) => other.tunnel.available && !this.#tried.has(other))) return this.#attempt()
    if (pool.members.every(({ tunnel }) => !tunnel.available)) return this.#waitForAgent(pool)
    const since = isUpstreamAbsent(error) ? (member?.restartingSince ?? null) : null
    if (since === null) return this.#refuse(error)
    this.#holdUntil(since + pool.holdMs, error, true)
  }

  // ExchangeEvents

  onBody(chunk: Buffer): void {
    this.#bodyUsed = true
    this.#bytesIn += chunk.length
    const hasRoom = this.#request?.write(chunk) !== false
    if (!hasRoom) this.#exchange.pause()
    if (!this.#answered) this.#expectAnswer(hasRoom)
  }

  onBodyEnd(trailers: RawHeaders): void {
    this.#bodyDone = true
    this.#request?.end(trailers.length === 0 ? trailers : trailerFields(trailers))
    if (!this.#answered) this.#expectAnswer()
  }

  onDrain(): void {
    this.#deadlineOff()
    this.#request?.resume()
  }

  onClose(complete: boolean): void {
    const request = this.#request
    this.#leaveMember()
    request?.abort()
    this.#close(complete)
  }

  // Time.

  onDeadline(): void {
    const act = this.#onDeadline
    this.#deadlineOff()
    act?.()
  }

  #expect(deadline: number, act: () => void): void {
    this.deadline = deadline
    this.#onDeadline = act
  }

  #deadlineOff(): void {
    this.deadline = Infinity
    this.#onDeadline = null
  }

  /** The answer should begin, or the upstream should take more of the body; or the visitor should send more of it. */
  #expectAnswer(hasRoom = true): void {
    const { clock, limits } = this.#forwarder
    if (this.#bodyDone || !hasRoom)
      this.#expect(clock.now() + limits.responseTimeoutMs, () => this.#tooSlow('UR_UPSTREAM_SILENT'))
    else this.#expect(clock.now() + limits.bodyTimeoutMs, () => this.#tooSlow('UR_HTTP_SLOW_VISITOR'))
  }

  #tooSlow(code: 'UR_UPSTREAM_SILENT' | 'UR_HTTP_SLOW_VISITOR'): void {
    const request = this.#request
    this.#leaveMember()
    request?.abort()
    const what = code === 'UR_UPSTREAM_SILENT' ? 'The upstream did not answer' : 'Nothing more of the body came'
    this.#refuse(new NetworkError(code, `${what} in time.`))
  }

  #giveUp(): void {
    this.#code = 'UR_HTTP_SLOW_VISITOR'
    this.#exchange.abort()
  }

  // The end.

  /** Answers with a page of our own. */
  #refuse(error: unknown): void {
    this.#wait?.leave()
    this.#deadlineOff()
    this.#answered = true
    const failure = failureOf(error, this.#requestId)
    this.#status = failure.status
    this.#code = failure.code
    const { head } = this.#exchange
    const extra: Record<string, string> = {}
    if (failure.status === 503) extra['Retry-After'] = '5'
    if (failure.status === 405) extra['Allow'] = 'GET'
    const page = errorPage(failure, valueOf(head.headers, 'accept'), extra)
    const isWhole = head.method === 'HEAD'
    this.#exchange.respond(failure.status, Object.entries(page.headers).flat(), '', isWhole)
    if (!isWhole) this.#exchange.write(page.body)
    this.#exchange.end([])
  }

  /** Sends the visitor to the same place by TLS, with the method that he used (RFC 9110 §15.4.9). */
  #redirect(location: string): void {
    this.#answered = true
    this.#status = 308
    const fields = ['Location', location, 'Content-Length', '0', 'X-Request-Id', this.#requestId]
    this.#exchange.respond(308, fields, '', true)
    this.#exchange.end([])
  }

  #addCookie(fields: string[]): void {
    const member = this.#member
    if (member === null || !member.pool.balance.sticky || this.#key === member.key) return
    fields.push(...stickyCookie(member.key, member.pool.path, this.#exchange.head.scheme === 'https'))
  }

  #close(complete: boolean): void {
    if (this.#closed) return
    this.#closed = true
    this.#wait?.leave()
    this.#deadlineOff()
    this.#forwarder.deadlines.delete(this)
    this.#forwarder.done({
      exchange: this.#exchange,
      requestId: this.#requestId,
      tunnel: this.#pool?.members[0]?.tunnel.name ?? null,
      status: this.#status,
      code: this.#code,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      durationMs: this.#forwarder.clock.now() - this.#startedAt,
      complete,
    })
  }
}
