import type { BodyGuard, Refusal, WebhookCheck } from '../../access/visitor-rules/index.js'
import type { Exchange, RawHeaders, UpstreamRequest } from './api.js'
import { KeptBody } from './kept-body.js'
import type { Policy } from './policies.js'

/** What became of a part of the body. `full`: it was passed on, and no more until `goOn`. `kept`: nothing, for now or for good. */
type Taken = 'passed on' | 'full' | 'kept' | 'too large'

/** The body of one request on its way: passed on as it comes, or kept until it is verified where rules want to see it. */
export class RequestBody {
  /** Bytes that came. */
  bytes = 0
  /** Something of it was passed on as it came: the request cannot be sent again. */
  used = false
  /** Nothing more comes. */
  done: boolean
  readonly #exchange: Exchange
  #request: UpstreamRequest | null = null
  #policy: Policy | null = null
  #guard: BodyGuard | null = null
  #kept: KeptBody | null = null
  /** It is being kept, and then this is called. */
  #collected: ((refusal: Refusal | null) => void) | null = null

  constructor(exchange: Exchange) {
    this.#exchange = exchange
    this.done = exchange.head.body === 'none'
  }

  /** It was kept, and the visitor told to send it if he waited for that. */
  get isKept(): boolean {
    return this.#kept !== null
  }

  /** It is being kept, and is not whole. */
  get collecting(): boolean {
    return this.#collected !== null
  }

  /** Keeps it until it is whole; `collected` is told once, now or later, what `check` says of it. Not after `close`. */
  collect(check: WebhookCheck, collected: (refusal: Refusal | null) => void): void {
    const before = this.#kept
    this.#kept = new KeptBody(check)
    this.#collected = collected
    if (before !== null) {
      // Another agent's rules wanted to see it first.
      if (before.bytes !== null) this.#keep(before.bytes)
      before.close(false)
      if (this.collecting) this.end(before.trailers)
    } else if (this.#exchange.head.body === 'none') this.end([])
    else {
      if (this.#exchange.head.expectsContinue) this.#exchange.inform(100, [])
      this.#exchange.resume()
    }
  }

  /** Sends it with a request, from its start; what is not here yet when it comes. */
  sendWith(request: UpstreamRequest, policy: Policy): void {
    this.#request = request
    this.#policy = policy
    this.#guard = policy.rules?.bodyGuard() ?? null
    const { body } = this.#exchange.head
    if (!this.done) this.#exchange.resume()
    else if (this.#kept !== null && body !== 'none') this.#kept.send(request, (trailers) => this.#trailersOf(trailers))
    // It came whole, and empty, while an earlier attempt failed.
    else if (body === 'unknown') request.end([])
  }

  /** There is room for more of it. */
  goOn(): void {
    if (this.#kept === null) this.#exchange.resume()
    else if (this.#request !== null) this.#kept.goOn(this.#request, (trailers) => this.#trailersOf(trailers))
  }

  /** The request that it went with is over. `again`: it will go with another one. */
  stop(again: boolean): void {
    this.#request = null
    if (again) this.#exchange.pause()
  }

  /** The next bytes. */
  push(chunk: Buffer): Taken {
    this.bytes += chunk.length
    if (this.collecting) return this.#keep(chunk)
    if (this.#request === null) return 'kept'
    this.used = true
    if (this.#guard?.take(chunk.length) === false) return 'too large'
    if (this.#request.write(chunk)) return 'passed on'
    this.#exchange.pause()
    return 'full'
  }

  /** It is whole. */
  end(trailers: RawHeaders): void {
    this.done = true
    if (this.collecting) this.#stopCollecting(this.#kept?.end(trailers) ?? null)
    else this.#request?.end(this.#trailersOf(trailers))
  }

  /** Gives back what is kept. `delivered`: the upstream answered the request, with a status below 500. */
  close(delivered: boolean): void {
    this.#request = null
    this.#collected = null
    this.#kept?.close(delivered)
    this.#kept = null
  }

  #keep(chunk: Buffer): 'kept' {
    const refusal = this.#kept?.push(chunk) ?? null
    if (refusal !== null) this.#stopCollecting(refusal)
    return 'kept'
  }

  #stopCollecting(refusal: Refusal | null): void {
    const collected = this.#collected
    this.#collected = null
    collected?.(refusal)
  }

  #trailersOf(trailers: RawHeaders): RawHeaders {
    return trailers.length === 0 ? trailers : (this.#policy?.requestHeaders.trailers(trailers) ?? [])
  }
}
