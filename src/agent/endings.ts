import type { EndsContext, TlsEnds } from './terminate/index.js'
import type { Tunnel } from './tunnel.js'

export type { EndsContext } from './terminate/index.js'

/** Makes tunnels ready, and what ends the TLS of their visitors here; that is loaded only when one of them wants it. */
export class Endings {
  readonly #tunnels: readonly Tunnel[]
  readonly #context: EndsContext
  #ends: TlsEnds | null = null
  #closed = false

  /** `tunnels`: of the agent, as they are from time to time. */
  constructor(tunnels: readonly Tunnel[], context: EndsContext) {
    this.#tunnels = tunnels
    this.#context = context
  }

  /** Before the first `bind`. Throws CertificateError when a certificate that was given cannot be used. */
  async prepare(): Promise<void> {
    for (const tunnel of this.#tunnels) await this.add(tunnel)
  }

  /** As `prepare`, for one more. */
  async add(tunnel: Tunnel): Promise<void> {
    await tunnel.prepare()
    if (tunnel.spec.terminate === undefined) return
    const { TlsEnds } = await import('./terminate/index.js')
    this.#ends ??= new TlsEnds(this.#tunnels, this.#context)
    await this.#ends.add(tunnel)
    if (this.#closed) this.#ends.close()
  }

  /** Forgets one that is removed. */
  remove(tunnel: Tunnel): void {
    this.#ends?.remove(tunnel)
  }

  /** Lets requests end, and closes the connections that have none. */
  drain(): void {
    this.#ends?.drain()
  }

  close(): void {
    this.#closed = true
    this.#ends?.close()
  }
}
