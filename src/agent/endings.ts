import type { EndsContext, TlsEnds } from './terminate/index.js'
import type { Tunnel } from './tunnel.js'

export type { EndsContext } from './terminate/index.js'

/** Makes tunnels ready, and what ends the TLS of their visitors here; that is loaded only when one of them wants it. */
export class Endings {
  readonly #tunnels: readonly Tunnel[]
  readonly #context: EndsContext
  #ends: TlsEnds | null = null
  #closed = false

  constructor(tunnels: readonly Tunnel[], context: EndsContext) {
    this.#tunnels = tunnels
    this.#context = context
  }

  /** Before the first `bind`. Throws CertificateError when a certificate that was given cannot be used. */
  async prepare(): Promise<void> {
    for (const tunnel of this.#tunnels) await tunnel.prepare()
    if (this.#tunnels.every(({ spec }) => spec.terminate === undefined)) return
    const { TlsEnds } = await import('./terminate/index.js')
    this.#ends = await TlsEnds.open(this.#tunnels, this.#context)
    if (this.#closed) this.#ends.close()
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
