import type { Code } from '../core/error-codes.js'
import type { Clock } from '../core/clock.js'
import type { LimitError } from '../core/errors.js'
import type { AgentSession } from './agent-session.js'
import type { TokenIdentity, TokenRights, TunnelHooks, TunnelLimits, TunnelObserver } from './api.js'
import type { Binder } from './binder.js'
import type { Totals } from './numbers.js'
import type { AccountTraffic } from './traffic.js'
import type { ConnectionIds } from './visitor-stream.js'

/** What a session needs of its surroundings. */
export interface AgentSessionContext {
  readonly binder: Binder
  limits(): TunnelLimits
  readonly hooks: TunnelHooks
  readonly observer: TunnelObserver
  readonly clock: Clock
  readonly connectionIds: ConnectionIds
  readonly totals: Totals
  readonly accounts: AccountTraffic
  /** The session gained its first open visitor stream: `tick` wants to be called from now on. */
  onActive(session: AgentSession): void
  /** The session has no carrier, and waits for its agent. */
  onHold(session: AgentSession): void
  /** It does so no more: its agent is back, or it ends. */
  onHoldEnd(session: AgentSession): void
  /** Why no visitor and no request can be taken at present; null: they can. */
  readonly full: LimitError | null
  /** Whether one more visitor may wait for an agent that is away. */
  readonly mayWait: boolean
  /** Exactly once. */
  onClose(session: AgentSession, why: Code): void
}

export interface AgentIdentity {
  readonly sessionId: string
  readonly token: TokenIdentity
  readonly rights: TokenRights
  readonly instanceId: string
  /** IP address of the agent, as it came first. */
  readonly remote: string
  readonly agentVersion: string
  readonly platform: string
  /** Most carriers that both sides want to have. */
  readonly carriers: number
  /** Both sides can replace lost carriers. */
  readonly resumable: boolean
  /** Both sides can put a stream on several carriers. */
  readonly striping: boolean
}
