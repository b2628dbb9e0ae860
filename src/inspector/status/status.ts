import { Traffic } from '../../core/traffic.js'
import { VERSION } from '../../core/version.js'
import type { ExchangeBook } from '../book.js'
import type { ConnectionLog, LoggedConnection } from '../connection-log.js'
import type { CaptureStatus, InspectorStatus, TunnelInspection } from '../contract.js'
import type { AgentReport, InspectedTunnel } from '../messages.js'
import { figuresOf, RequestStatistics } from './statistics.js'
import { verdictOf } from './verdict.js'

export interface StatusSources {
  readonly book: ExchangeBook
  readonly connections: readonly ConnectionLog[]
  /** Those of the agent, as they are now; another list after each change. */
  tunnels(): readonly InspectedTunnel[]
  report(): AgentReport | null
  capture(): CaptureStatus
}

/** Puts together how the agent, its tunnels and what is kept of them stand. */
export class StatusBoard {
  readonly #sources: StatusSources
  readonly #requests: RequestStatistics
  readonly #connections = new Map<string, Traffic>()
  #tunnelsBefore: readonly InspectedTunnel[]

  constructor(sources: StatusSources) {
    this.#sources = sources
    this.#tunnelsBefore = sources.tunnels()
    this.#requests = new RequestStatistics(sources.book)
    for (const log of sources.connections) log.on('connection', (connection) => this.#onConnection(connection))
  }

  status(): InspectorStatus {
    const { report, capture } = this.#sources
    this.#forgetOthers()
    const agent = report()
    const state = agent?.state ?? 'idle'
    const rttMs = agent?.rttMs ?? null
    const timeSpent = this.#requests.timeSpent()
    return {
      version: VERSION,
      state,
      server: agent?.server ?? '',
      serverVersion: agent?.session?.serverVersion ?? null,
      node: agent?.session?.node ?? null,
      rttMs,
      carriers: agent?.carriers ?? [],
      tunnels: this.#tunnels(agent),
      timeSpent,
      verdict: verdictOf({ state, rttMs, timeSpent }),
      capture: capture(),
    }
  }

  /** Who starts a tunnel under a name that was used before begins to count anew. */
  #forgetOthers(): void {
    const tunnels = this.#sources.tunnels()
    if (tunnels === this.#tunnelsBefore) return
    this.#tunnelsBefore = tunnels
    const names = new Set(tunnels.map(({ name }) => name))
    for (const name of this.#connections.keys()) if (!names.has(name)) this.#connections.delete(name)
    this.#requests.keepOnly(names)
  }

  #tunnels(agent: AgentReport | null): TunnelInspection[] {
    const tunnels = this.#sources.tunnels()
    return (agent?.tunnels ?? []).map(
      ({ name, kind, publicUrl, upstream, problem, bytesIn, bytesOut, ...visitors }) => ({
        name,
        kind,
        publicUrl,
        upstream,
        inspected: tunnels.find((tunnel) => tunnel.name === name)?.inspected ?? false,
        problem,
        bytesIn,
        bytesOut,
        connections: {
          ...figuresOf(this.#connections.get(name)),
          count: visitors.visitorsTotal,
          open: visitors.visitorsOpen,
        },
        requests: this.#requests.of(name),
      }),
    )
  }

  #onConnection({ tunnel, durationMs }: LoggedConnection): void {
    let traffic = this.#connections.get(tunnel)
    if (traffic === undefined) this.#connections.set(tunnel, (traffic = new Traffic()))
    if (durationMs === null) traffic.opened(performance.now())
    else traffic.closed(durationMs)
  }
}
