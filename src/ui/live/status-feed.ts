import type { ConnectionSummary, InspectorStatus } from '../../inspector/contract.js'
import { askJson, type ApiProblem } from '../api.js'
import { isBag, isConnection, isListOf, isStatus } from '../shapes.js'
import { Emitter } from './emitter.js'
import type { Live } from './live.js'

/** Points of a chart: five minutes of one a second. */
const POINTS = 300
const MAX_CONNECTIONS = 1000
const RETRY_MS = 2000

/** One second of the charts; null: not known. */
export interface Point {
  readonly at: number
  readonly rate: number
  readonly p50: number
  readonly p99: number
  readonly rtt: number | null
}

/** The agent's state now, and how it was since the page was opened. */
export class StatusFeed extends Emitter {
  status: InspectorStatus | null = null
  problem: ApiProblem | null = null
  points: readonly Point[] = []

  constructor(live: Live) {
    super()
    live.listen({
      status: (status) => this.#take(status),
      opened: () => void this.load(),
    })
  }

  async load(): Promise<void> {
    try {
      this.#take(await askJson('GET', '/status', isStatus))
    } catch (error) {
      this.problem = error as ApiProblem
      this.changed()
      setTimeout(() => {
        if (this.problem !== null) void this.load()
      }, RETRY_MS)
    }
  }

  #take(status: InspectorStatus): void {
    this.status = status
    this.problem = null
    const http = status.tunnels.filter(({ kind }) => kind === 'http').map(({ requests }) => requests)
    const busiest = http.reduce<(typeof http)[number] | null>(
      (most, one) => (most !== null && most.rate1 >= one.rate1 ? most : one),
      null,
    )
    const point: Point = {
      at: Date.now(),
      rate: http.reduce((sum, { rate1 }) => sum + rate1, 0),
      p50: busiest?.duration.p50 ?? 0,
      p99: busiest?.duration.p99 ?? 0,
      rtt: status.rttMs,
    }
    this.points = [...this.points.slice(1 - POINTS), point]
    this.changed()
  }
}

/** Connections through `tcp` and `tls` tunnels, newest first. */
export class ConnectionFeed extends Emitter {
  connections: readonly ConnectionSummary[] = []
  problem: ApiProblem | null = null
  loading = true

  constructor(live: Live) {
    super()
    live.listen({
      connections: (rows) => this.#merge(rows),
      cleared: () => {
        this.connections = []
        this.changed()
      },
      opened: () => void this.load(),
    })
  }

  async load(): Promise<void> {
    try {
      this.#merge((await askJson('GET', '/connections', isConnections)).connections)
      this.problem = null
    } catch (error) {
      this.problem = error as ApiProblem
      setTimeout(() => {
        if (this.problem !== null) void this.load()
      }, RETRY_MS)
    }
    this.loading = false
    this.changed()
  }

  #merge(rows: readonly ConnectionSummary[]): void {
    const all = new Map(this.connections.map((one) => [one.id, one]))
    for (const row of rows) all.set(row.id, row)
    this.connections = [...all.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, MAX_CONNECTIONS)
    this.changed()
  }
}

function isConnections(value: unknown): value is { readonly connections: readonly ConnectionSummary[] } {
  return isBag(value) && isListOf(isConnection)(value['connections'])
}
