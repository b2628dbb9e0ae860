import type { Refusal } from '../../access/visitor-rules/index.js'
import type { Policy } from './policies.js'
import type { RequestQuota } from './request-quota.js'
import type { TargetMember } from './target.js'

/** The time that a request is with one member of a pool: counts it there, and tells the breaker of its upstream how it went. */
export class Turn {
  readonly member: TargetMember
  readonly policy: Policy
  #settle: ((outcome: 'ok' | 'failed' | 'abandoned') => void) | null

  private constructor(member: TargetMember, policy: Policy, settle: Turn['settle'] | null) {
    this.member = member
    this.policy = policy
    this.#settle = settle
    member.active++
  }

  /** Begins one, which must be left; or says why the upstream gets this request not now. */
  static begin(member: TargetMember, policy: Policy, quota: RequestQuota): Turn | Refusal {
    const tooMany = quota.take(member.tunnel.session)
    if (tooMany !== null) return tooMany
    const { breaker } = policy
    if (breaker === null) return new Turn(member, policy, null)
    const permit = breaker.admit()
    if (typeof permit !== 'number') return permit
    return new Turn(member, policy, (outcome) => breaker.settle(permit, outcome))
  }

  /** What the request shows of the upstream; the first word counts. */
  settle(outcome: 'ok' | 'failed' | 'abandoned'): void {
    this.#settle?.(outcome)
    this.#settle = null
  }

  /** The request is there no more. To be called once. */
  leave(): void {
    this.settle('abandoned')
    this.member.active--
  }
}
