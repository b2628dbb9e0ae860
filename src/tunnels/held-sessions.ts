import { LimitError } from '../core/errors.js'
import type { AgentSession } from './agent-session.js'
import type { TunnelLimits } from './api.js'

/** How often what held sessions hold is looked at, ms: their visitors go on sending until their queues are full. */
const LOOK_MS = 500
/** So soon after one more came, ms: when a path breaks they come by the thousand, and a look costs as much as there are. */
const LOOK_SOON_MS = 100

/** Sessions whose agents are away, and the bounds of what is held for them. Above, the one that holds the most ends. */
export class HeldSessions {
  readonly #limits: () => TunnelLimits
  readonly #sessions = new Set<AgentSession>()
  #timer: NodeJS.Timeout | null = null
  #soon: NodeJS.Timeout | null = null

  constructor(limits: () => TunnelLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Visitors of all of them. */
  get visitors(): number {
    let visitors = 0
    for (const session of this.#sessions) visitors += session.visitors
    return visitors
  }

  /** Whether one more visitor may wait. */
  get hasRoom(): boolean {
    return this.visitors < this.#limits().heldConnections
  }

  add(session: AgentSession): void {
    this.#sessions.add(session)
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref()
    this.#soon ??= setTimeout(() => this.#look(), LOOK_SOON_MS).unref()
  }

  delete(session: AgentSession): void {
    this.#sessions.delete(session)
    if (this.#sessions.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #look(): void {
    this.#soon = null
    const { heldConnections, heldBytes } = this.#limits()
    this.#bound((session) => session.visitors, heldConnections, 'visitors (limits.held_connections)')
    this.#bound((session) => session.heldBytes, heldBytes, 'bytes (limits.held_bytes)')
  }

  #bound(holds: (session: AgentSession) => number, most: number, what: string): void {
    const sessions = [...this.#sessions].map((session) => ({ session, amount: holds(session) }))
    let total = sessions.reduce((sum, { amount }) => sum + amount, 0)
    if (total <= most) return
    sessions.sort((a, b) => b.amount - a.amount)
    for (const { session, amount } of sessions) {
      if (total <= most) return
      total -= amount
      const message = `Agents that are away hold ${total + amount} ${what}, at most ${most} may be.`
      session.wire.destroy(new LimitError('UR_HELD_LIMIT', message))
    }
  }
}
