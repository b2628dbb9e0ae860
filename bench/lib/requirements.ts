import { medianOf, type Results } from './results.js'
import type { Table } from '../tables.js'

export interface Verdict {
  text: string
  ours: number | null
  /** What ours is held against: a figure of a peer times a factor, or a constant. */
  bound: number | null
  /** Null when one of the two was not measured. */
  met: boolean | null
}

type Place = [table: Table['name'], row: string, figure: string]
type Bound = (results: Results) => number | null

interface Requirement {
  text: string
  place: Place
  /** `least`: ours must be the bound or more; `most`: the bound or less. */
  side: 'least' | 'most'
  bound: Bound
}

const OURS = 'uniroute'
const RTT_MS = 50

/** What the project wants to reach, each held against the peers of the same run. */
const REQUIREMENTS: readonly Requirement[] = [
  ...(['down', 'up'] as const).flatMap((way): Requirement[] => {
    const [rate, cpu]: [Place, Place] = [
      ['loopback', `bulk-${way}`, 'rate'],
      ['loopback', `bulk-${way}`, 'cpu'],
    ]
    return [
      { text: `one stream ${way}: 1.0 × stunnel's MB/s`, place: rate, side: 'least', bound: times(1, 'stunnel', rate) },
      {
        text: `one stream ${way}: at most stunnel's CPU per GiB`,
        place: cpu,
        side: 'most',
        bound: times(1, 'stunnel', cpu),
      },
    ]
  }),
  ...requestsAtLeast('requests-64', '64 kept alive', { rathole: 1.2, frp: 1.2, stunnel: 3 }),
  {
    text: '512 kept alive: 1.0 × the best that encrypts',
    place: ['loopback', 'requests-512', 'rate'],
    side: 'least',
    bound: best(['loopback', 'requests-512', 'rate'], (id, { encrypted }) => encrypted && isPeer(id), 1),
  },
  ...requestsAtLeast('new-connections', 'a new connection each', { frp: 1.2, stunnel: 3 }),
  ...delayAtMost("one connection's p50: at most 1.3 × stunnel's", 'stunnel', 1.3),
  ...delayAtMost("one connection's p50: below frp's", 'frp', 1),
  {
    text: 'memory per idle visitor, both ends: at most 26 KiB',
    place: ['loopback', 'visitors', 'rss'],
    side: 'most',
    bound: () => 26,
  },
  {
    text: 'echo p99 under a saturating stream: at most 10 × that of an idle session',
    place: ['loopback', 'echo', 'busy99'],
    side: 'most',
    bound: times(10, OURS, ['loopback', 'echo', 'idle99']),
  },
  {
    text: 'server memory per idle session: under 100 KiB',
    place: ['loopback', 'sessions', 'rss'],
    side: 'most',
    bound: () => 100,
  },
  ...httpAtLeast('http1', 'HTTP/1.1'),
  ...httpAtLeast('http2', 'HTTP/2'),
  {
    text: '50 ms path: a new connection answered within one RTT and 8 ms',
    place: ['wan', 'new-connection', 'p50'],
    side: 'most',
    bound: () => RTT_MS + 8,
  },
  ...(['down', 'up'] as const).map((way): Requirement => {
    const place: Place = ['wan', `flow-${way}`, 'rate']
    return {
      text: `50 ms path: one flow ${way}, 0.95 × direct`,
      place,
      side: 'least',
      bound: times(0.95, 'direct', place),
    }
  }),
  {
    text: '50 ms path: one flow at 0.5 % loss under BBR, 0.9 × direct',
    place: ['wan', 'flow-bbr', 'rate'],
    side: 'least',
    bound: times(0.9, 'direct', ['wan', 'flow-bbr', 'rate']),
  },
  ...(['flow-cubic', 'flow-cubic-up'] as const).map((row): Requirement => {
    const place: Place = ['wan', row, 'rate']
    const way = row === 'flow-cubic' ? 'down' : 'up'
    return {
      text: `50 ms path: one flow ${way} at 0.05 % loss under cubic, 2.5 × the best peer's`,
      place,
      side: 'least',
      bound: best(place, isPeer, 2.5),
    }
  }),
  {
    text: "50 ms path: one flow at 0.5 % loss under cubic, 3 × the best peer's",
    place: ['wan', 'flow-cubic-lossy', 'rate'],
    side: 'least',
    bound: best(['wan', 'flow-cubic-lossy', 'rate'], isPeer, 3),
  },
  {
    text: "50 ms path: eight flows at 0.05 % loss under cubic, 0.8 × rathole's",
    place: ['wan', 'eight-cubic', 'rate'],
    side: 'least',
    bound: times(0.8, 'rathole', ['wan', 'eight-cubic', 'rate']),
  },
  {
    text: '50 ms path: a small request beside a bulk flow, p99 within RTT + 25 ms',
    place: ['wan', 'small-beside-bulk', 'p99'],
    side: 'most',
    bound: () => RTT_MS + 25,
  },
]

/** Holds the medians against the requirements. */
export function checkRequirements(results: Results): Verdict[] {
  return REQUIREMENTS.map(({ text, place, side, bound: boundOf }) => {
    const ours = value(results, OURS, place)
    const bound = boundOf(results)
    const met = ours === null || bound === null ? null : side === 'least' ? ours >= bound : ours <= bound
    return { text, ours, bound, met }
  })
}

function requestsAtLeast(row: string, words: string, factors: Record<string, number>): Requirement[] {
  const place: Place = ['loopback', row, 'rate']
  return Object.entries(factors).map(([peer, factor]) => ({
    text: `${words}: ${factor.toFixed(1)} × ${peer}'s requests/s`,
    place,
    side: 'least',
    bound: times(factor, peer, place),
  }))
}

function httpAtLeast(version: 'http1' | 'http2', words: string): Requirement[] {
  const place: Place = ['http', `${version}-1k`, 'rate64']
  const tcp: Place = ['loopback', 'requests-64', 'rate']
  return [
    {
      text: `${words}, 64 connections: 0.5 × the requests/s of a tcp tunnel`,
      place,
      side: 'least',
      bound: times(0.5, OURS, tcp),
    },
    {
      text: `${words}, 64 connections: 0.5 × those of a tcp tunnel under the same load`,
      place,
      side: 'least',
      bound: times(0.5, 'uniroute-tcp', place),
    },
    {
      text: `${words}, 64 connections: 2.0 × http2-proxy's requests/s`,
      place,
      side: 'least',
      bound: times(2, 'http2-proxy', place),
    },
  ]
}

function delayAtMost(text: string, peer: string, factor: number): Requirement[] {
  const place: Place = ['loopback', 'one-connection', 'p50']
  return [{ text, place, side: 'most', bound: times(factor, peer, place) }]
}

function times(factor: number, column: string, place: Place): Bound {
  return (results) => {
    const base = value(results, column, place)
    return base === null ? null : base * factor
  }
}

/** The best of these columns, times a factor. */
function best(place: Place, among: (id: string, column: Results['tools'][string]) => boolean, factor: number): Bound {
  return (results) => {
    const columns = Object.entries(results.tools).filter(([id, column]) => among(id, column))
    const values = columns.map(([id]) => value(results, id, place)).filter((figure) => figure !== null)
    return values.length === 0 ? null : Math.max(...values) * factor
  }
}

function isPeer(id: string): boolean {
  return id !== 'direct' && id !== 'node-floor' && !id.startsWith(OURS)
}

function value(results: Results, column: string, [table, row, figure]: Place): number | null {
  return medianOf(results.tables[table][row], column, figure)
}
