import { WindowBudget, type Session, type SessionOptions } from '../../../src/wire/index.js'
import { UniRouteError } from '../../../src/core/errors.js'
import { sessionEnd } from '../wire-pair.js'
import { Random } from '../random.js'
import type { Link } from './link.js'
import { Network } from './network.js'
import { Turns } from './turns.js'

/** Two ends of a resumable session over links in memory; call everything within `turns.run`. */
export class SimPair {
  readonly turns = new Turns()
  readonly client: Session
  readonly server: Session
  readonly links: Link[] = []
  /** Codes with which the sessions closed. */
  readonly closes: string[] = []
  readonly #network: Network

  /** @param delayMs what each way of a link takes, once or three times */
  constructor(options: Partial<SessionOptions> = {}, delayMs = 0) {
    const path = { clock: this.turns, delayMs, copy: (bytes: Buffer) => Buffer.from(bytes) }
    this.#network = new Network(new Random(1), path, null)
    const end = (role: 'client' | 'server'): Session =>
      sessionEnd(
        role,
        [],
        { resumable: true, clock: this.turns, resendBudget: new WindowBudget(1024 * 1024), ...options },
        {
          onClose: (error) =>
            this.closes.push(`${role} ${error instanceof UniRouteError ? error.code : String(error?.message)}`),
        },
      ).session
    this.client = end('client')
    this.server = end('server')
  }

  /** One more connection. `welcome` false: the server has it, the client not yet. */
  add(welcome = true): Link {
    const link = this.#network.add(this.server.nextCarrierNumber, false)
    this.links.push(link)
    this.server.addCarrier(link.server.socket, undefined, link.number)
    if (welcome) this.welcome(link)
    return link
  }

  /** The client has the server's answer. @throws what `addCarrier` throws */
  welcome(link: Link): void {
    link.welcomed = true
    this.client.addCarrier(link.client.socket, undefined, link.number)
  }

  /** A connection fails for one end, or both in that order; what was under way is gone. */
  fail(link: Link, ...ends: ('client' | 'server')[]): void {
    link.cut({ up: 0, down: 0 }, { up: null, down: null })
    for (const end of ends) {
      link[end].fail()
      link[end].tellClose()
    }
  }

  /** Moves everything until nothing moves any more. */
  settle(): void {
    this.#network.flow(this.turns)
  }
}
