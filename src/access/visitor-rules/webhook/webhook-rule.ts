import type { Webhook } from '../../../config/index.js'
import { singleField } from '../../../core/http-fields.js'
import { refusal, refusalFor, type Refusal } from '../refusal.js'
import { type ByteBudget, GrowingBody } from './growing-body.js'
import type { Proof, WebhookRequest } from './proof.js'
import { proofOf } from './providers.js'
import { Replays } from './replays.js'

/** How far a signature's time may be from ours, in seconds: what Stripe and Slack recommend. */
export const TOLERANCE_S = 300

/** The largest body that is kept to be verified: as much as any of the senders but GitHub sends. */
export const MAX_WEBHOOK_BODY = 8 * 1024 * 1024

const BUSY_MS = 2_000

export interface WebhookRuleOptions {
  /** Of all webhooks in the process that wait to be verified. */
  readonly budget: ByteBudget
  /** Bytes that the body of a request may have, if that is less than `MAX_WEBHOOK_BODY`. */
  readonly maxBody: number
  /** Milliseconds since 1970. */
  now(): number
}

/** Lets only those requests through that are signed by whom the user named. */
export class WebhookRule {
  readonly #webhook: Webhook
  readonly #options: WebhookRuleOptions
  readonly #replays = new Replays()

  constructor(webhook: Webhook, options: WebhookRuleOptions) {
    this.#webhook = webhook
    this.#options = options
  }

  /** Looks at the head of a request. What is refused here costs no memory; otherwise its body is to be checked. */
  begin(request: WebhookRequest): WebhookCheck | Refusal {
    const proof = proofOf(this.#webhook, request)
    if (proof === null) return refusal('UR_WEBHOOK_SIGNATURE')
    const { maxBody, budget, now } = this.#options
    if (!isTimely(proof, now())) return refusal('UR_WEBHOOK_EXPIRED')
    const limit = Math.min(maxBody, MAX_WEBHOOK_BODY)
    const declared = Number(singleField(request.fields, 'content-length') ?? 0)
    if (declared > limit) return refusal('UR_BODY_TOO_LARGE')
    return new WebhookCheck(proof, new GrowingBody(budget, limit), this.#replays, now)
  }
}

/** One webhook, from its head on. `close` must be called in the end, whatever became of it. */
export class WebhookCheck {
  readonly #proof: Proof
  readonly #body: GrowingBody
  readonly #replays: Replays
  readonly #now: () => number
  /** Set while the request counts as delivered. */
  #signature: string | null = null

  constructor(proof: Proof, body: GrowingBody, replays: Replays, now: () => number) {
    this.#proof = proof
    this.#body = body
    this.#replays = replays
    this.#now = now
  }

  /** Takes the next bytes of the body, by copy. Not null: the request is refused, and nothing more may be given. */
  push(chunk: Buffer): Refusal | null {
    const result = this.#body.append(chunk)
    if (result === 'too large') return refusal('UR_BODY_TOO_LARGE')
    if (result === 'no room') return refusalFor(BUSY_MS, 'UR_WEBHOOK_BUSY')
    this.#proof.update(chunk)
    return null
  }

  /** The body is complete. Its bytes, to be forwarded, or why they must not be. They are ours until `close`. */
  end(): Buffer | Refusal {
    const body = this.#body.bytes()
    const now = this.#now()
    // again: a body may have come so slowly that its first delivery is forgotten
    if (!isTimely(this.#proof, now)) return refusal('UR_WEBHOOK_EXPIRED')
    const signature = this.#proof.verify(body)
    if (signature === null) return refusal('UR_WEBHOOK_SIGNATURE')
    const { timestamp } = this.#proof
    if (timestamp === null) return body
    if (!this.#replays.add(signature, timestamp + TOLERANCE_S, now / 1000)) return refusal('UR_WEBHOOK_REPLAYED')
    this.#signature = signature
    return body
  }

  /**
   * Ends the check and gives its memory back. `delivered`: the upstream answered with a status below 500. When it did
   * not, the same request may come again.
   */
  close(delivered: boolean): void {
    this.#body.release()
    if (!delivered && this.#signature !== null) this.#replays.forget(this.#signature)
    this.#signature = null
  }
}

function isTimely({ timestamp }: Proof, nowMs: number): boolean {
  return timestamp === null || Math.abs(nowMs / 1000 - timestamp) <= TOLERANCE_S
}
