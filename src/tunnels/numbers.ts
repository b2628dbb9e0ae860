import type { NumberName } from '../metrics/index.js'
import type { AgentSession } from './agent-session.js'
import { Traffic } from './traffic.js'
import { kindName } from './tunnel.js'

/** What has happened since the start, of sessions that are gone too. Plain numbers. */
export class Totals {
  readonly traffic = new Traffic(null)
  readonly visitors = { tcp: 0, tls: 0, http: 0 }
  sessions = 0
  /** Of sessions that are gone. */
  readonly gone = { bytesIn: 0, bytesOut: 0, streamsOpened: 0, carriersLost: 0, streamsMoved: 0, sentAgain: 0 }

  sessionGone(session: AgentSession): void {
    const stats = session.wire.stats()
    for (const key of Object.keys(this.gone) as (keyof Totals['gone'])[]) this.gone[key] += stats[key]
  }
}

const TUNNELS_OF = { tcp: 'tcpTunnels', tls: 'tlsTunnels', http: 'httpTunnels' } as const

/** All numbers of `tunnels` for the metrics page. */
export function tunnelNumbers(totals: Totals, sessions: Iterable<AgentSession>): Partial<Record<NumberName, number>> {
  const numbers = {
    sessions: 0,
    sessionsTotal: totals.sessions,
    carriers: 0,
    tcpTunnels: 0,
    tlsTunnels: 0,
    httpTunnels: 0,
    streams: 0,
    streamsTotal: totals.gone.streamsOpened,
    tcpConnectionsTotal: totals.visitors.tcp,
    tlsConnectionsTotal: totals.visitors.tls,
    httpConnectionsTotal: totals.visitors.http,
    visitorBytesIn: totals.traffic.bytesIn,
    visitorBytesOut: totals.traffic.bytesOut,
    carrierBytesIn: totals.gone.bytesIn,
    carrierBytesOut: totals.gone.bytesOut,
    wireUnconsumed: 0,
    wirePending: 0,
    wireWindow: 0,
    wireReordering: 0,
    wireKept: 0,
    heldSessions: 0,
    heldVisitors: 0,
    lostCarriers: 0,
    carriersLostTotal: totals.gone.carriersLost,
    streamsResumedTotal: totals.gone.streamsMoved,
    resentBytes: totals.gone.sentAgain,
  }
  const trips: number[] = []
  for (const session of sessions) {
    const stats = session.wire.stats()
    numbers.sessions++
    numbers.carriers += stats.carriers
    numbers.streams += session.visitors
    numbers.streamsTotal += stats.streamsOpened
    numbers.carrierBytesIn += stats.bytesIn
    numbers.carrierBytesOut += stats.bytesOut
    numbers.wireUnconsumed += stats.unconsumed
    numbers.wirePending += stats.pending
    numbers.wireWindow += stats.windowBorrowed
    numbers.wireReordering += stats.reordering
    numbers.wireKept += stats.kept
    numbers.lostCarriers += stats.lostCarriers
    numbers.carriersLostTotal += stats.carriersLost
    numbers.streamsResumedTotal += stats.streamsMoved
    numbers.resentBytes += stats.sentAgain
    if (session.wire.held) {
      numbers.heldSessions++
      numbers.heldVisitors += session.visitors
    }
    for (const tunnel of session.tunnels.values()) {
      numbers[TUNNELS_OF[kindName(tunnel.kind)]]++
    }
    if (session.wire.rtt !== null) trips.push(session.wire.rtt / 1000)
  }
  return { ...numbers, ...roundTrips(trips) }
}

function roundTrips(seconds: number[]): Partial<Record<NumberName, number>> {
  if (seconds.length === 0) return {}
  seconds.sort((a, b) => a - b)
  const [rttMinSeconds = 0, rttMedianSeconds = 0, rttMaxSeconds = 0] = [0, seconds.length >> 1, seconds.length - 1].map(
    (i) => seconds[i],
  )
  return { rttMinSeconds, rttMedianSeconds, rttMaxSeconds }
}
