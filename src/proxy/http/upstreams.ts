import { NetworkError } from '../../core/errors.js'
import type { Clock } from '../../core/clock.js'
import type { Upstream } from './api.js'
import type { HttpTarget } from './target.js'
import { UpstreamHttp1 } from './upstream-http1.js'
import { UpstreamHttp2 } from './upstream-http2.js'

/** The upstreams of all `http` tunnels, for as long as the tunnels are bound. */
export class Upstreams {
  readonly #clock: Clock
  readonly #maxHeadBytes: () => number
  readonly #byTunnel = new Map<HttpTarget, Upstream>()

  constructor(clock: Clock, maxHeadBytes: () => number) {
    this.#clock = clock
    this.#maxHeadBytes = maxHeadBytes
  }

  of(tunnel: HttpTarget): Upstream {
    return this.#byTunnel.get(tunnel) ?? this.#add(tunnel)
  }

  /** Ends what has no request, and everything else when it has none. */
  retire(): void {
    for (const upstream of this.#byTunnel.values()) upstream.retire()
  }

  #add(tunnel: HttpTarget): Upstream {
    const upstream =
      tunnel.http?.upstreamProtocol === 'http2'
        ? new UpstreamHttp2({ tunnel, clock: this.#clock, maxHeadBytes: this.#maxHeadBytes })
        : new UpstreamHttp1(tunnel, this.#clock, this.#maxHeadBytes)
    this.#byTunnel.set(tunnel, upstream)
    tunnel.watchers.add({
      onAway: () => {
        const others = tunnel.member?.pool.members.some((member) => member.tunnel.available)
        if (others !== true) return
        upstream.dropMovable(new NetworkError('UR_AGENT_AWAY', `The agent of ${tunnel.publicUrl} lost its connection.`))
      },
      onUnbound: () => {
        this.#byTunnel.delete(tunnel)
        upstream.retire()
      },
    })
    return upstream
  }
}
