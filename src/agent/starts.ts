import type { UniRouteError } from '../core/errors.js'
import type { Tunnel } from './tunnel.js'

interface Waiting {
  readonly timer: NodeJS.Timeout
  resolve(): void
  reject(error: UniRouteError): void
}

/** Tunnels that were asked for while the agent runs, until the server has answered. */
export class Starts {
  readonly #waiting = new Map<Tunnel, Waiting>()

  /**
   * Resolves once the tunnel is bound; rejects with what it fails with, at the latest after `timeoutMs`, with `late`.
   * Nobody need listen.
   */
  begin(tunnel: Tunnel, timeoutMs: number, late: () => UniRouteError): Promise<void> {
    const answer = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => this.fail(tunnel, late()), timeoutMs)
      this.#waiting.set(tunnel, { timer, resolve, reject })
    })
    answer.catch(() => undefined)
    return answer
  }

  has(tunnel: Tunnel): boolean {
    return this.#waiting.has(tunnel)
  }

  find(name: string): Tunnel | undefined {
    return [...this.#waiting.keys()].find(({ spec }) => spec.name === name)
  }

  bound(tunnel: Tunnel): void {
    this.#take(tunnel)?.resolve()
  }

  /** False: nobody waits for this one. */
  fail(tunnel: Tunnel, error: UniRouteError): boolean {
    const waiting = this.#take(tunnel)
    waiting?.reject(error)
    return waiting !== undefined
  }

  failAll(error: UniRouteError): void {
    for (const tunnel of [...this.#waiting.keys()]) this.fail(tunnel, error)
  }

  #take(tunnel: Tunnel): Waiting | undefined {
    const waiting = this.#waiting.get(tunnel)
    this.#waiting.delete(tunnel)
    clearTimeout(waiting?.timer)
    return waiting
  }
}
