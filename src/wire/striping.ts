import type { Session } from './session.js'
import { idleBeside, Stripe, type StripedStream } from './stripe.js'
import { StripeTrial } from './stripe-trial.js'

/** Decides for one bulk stream on which carriers it sends. */
export class Striping {
  /** Null: on the one where it is at home, without offsets. */
  stripe: Stripe | null = null
  readonly #stream: StripedStream
  readonly #session: Session
  readonly #trial: StripeTrial | null

  constructor(stream: StripedStream, session: Session) {
    this.#stream = stream
    this.#session = session
    this.#trial = session.options.stripes === 'tried' ? new StripeTrial() : null
  }

  /** Now and then, while it sends: carriers are taken or left. @param sent bytes of the stream, ever */
  look(sent: number): void {
    const { carrier } = this.#stream
    const path = this.#session.path.look(carrier)
    if (path === null) return
    const underWay = (this.stripe ?? carrier).unacknowledged
    const advice = this.#trial === null ? 'widen' : this.#trial.look({ ...path, sent, arrived: sent - underWay })
    if (advice === 'widen') this.#widen()
    else if (advice === 'narrow') this.stripe?.narrow()
  }

  #widen(): void {
    const { carrier } = this.#stream
    const idle = idleBeside(carrier, this.#session.carriers)
    if (idle.length === 0) return
    if (this.stripe === null) {
      this.stripe = new Stripe(this.#stream, this.#session.options)
      this.stripe.add(carrier)
    }
    for (const other of idle) this.stripe.add(other)
  }
}
