import type { Agent } from '../../agent/index.js'
import { tunnelConfigFrom } from '../../config/index.js'
import { ConfigError } from '../../core/errors.js'
import { printable } from '../../core/printable.js'
import type { Inspector, TunnelControl, TunnelDefinition } from '../../inspector/index.js'
import { inspectedOf } from './inspector.js'
import { planOf, type TunnelPlan } from './tunnel-plan.js'
import { specOf } from './tunnel-spec.js'

/** Starts and stops tunnels of an agent that runs, in the agent and in its inspector. */
export class RunTimeTunnels implements TunnelControl {
  readonly #plans: Map<string, TunnelPlan>
  #used: { readonly agent: Agent; readonly inspector: Inspector } | null = null

  /** `plans`: of the tunnels that the agent is started with. */
  constructor(plans: readonly TunnelPlan[]) {
    this.#plans = new Map(plans.map((plan) => [plan.name, plan]))
  }

  /** Before the inspector is started. */
  use(agent: Agent, inspector: Inspector): void {
    this.#used = { agent, inspector }
  }

  /** Whether requests may be seen: there is an `http` tunnel that is inspected. */
  get hasHttp(): boolean {
    return [...this.#plans.values()].some(({ kind, inspect }) => kind === 'http' && inspect)
  }

  async start({ name, keys, origins }: TunnelDefinition, replaces: boolean): Promise<void> {
    if (this.#plans.has(name) && !replaces) {
      const message = `the agent has a tunnel "${printable(name)}" already; choose another name, or stop that one first`
      throw new ConfigError('UR_TUNNEL_EXISTS', message)
    }
    const plan = planOf(name, tunnelConfigFrom(keys, origins))
    this.#used?.agent.removeTunnel(name)
    // Its first visitor may come before anybody reads that it is there.
    this.#plans.set(name, plan)
    this.#tellInspector()
    try {
      await this.#used?.agent.addTunnel(specOf(plan))
    } catch (error) {
      if (this.#plans.get(name) === plan) this.#plans.delete(name)
      this.#tellInspector()
      throw error
    }
  }

  stop(name: string): Promise<boolean> {
    const removed = this.#used?.agent.removeTunnel(name) ?? false
    this.#plans.delete(name)
    this.#tellInspector()
    return Promise.resolve(removed)
  }

  #tellInspector(): void {
    this.#used?.inspector.setTunnels([...this.#plans.values()].map(inspectedOf))
  }
}
