import { Traffic } from '../../core/traffic.js'
import type { ExchangeBook } from '../book.js'
import type { InspectorStatus, TrafficStatistics } from '../contract.js'
import type { Exchange } from '../exchange.js'

const BUCKET_MS = 5_000
/** One minute. */
const BUCKETS = 12

/** Where the time of the requests of a few seconds went. */
interface Spent {
  readonly bucket: number
  requests: number
  sending: number
  waiting: number
  receiving: number
}

/** Counts the requests of a book by tunnel, and where their time goes. What no visitor sent is not counted. */
export class RequestStatistics {
  readonly #byTunnel = new Map<string, Traffic>()
  readonly #open = new WeakMap<Exchange, Traffic>()
  readonly #seen = new WeakSet<Exchange>()
  #spent: Spent[] = []

  constructor(book: ExchangeBook) {
    book.on('exchange', (exchange) => this.#onExchange(exchange))
    book.on('forgotten', (exchange) => this.#onOver(exchange))
    book.on('clearing', (exchange) => this.#onOver(exchange))
  }

  of(tunnel: string): TrafficStatistics {
    return figuresOf(this.#byTunnel.get(tunnel))
  }

  /** Forgets those of other tunnels. */
  keepOnly(tunnels: ReadonlySet<string>): void {
    for (const name of this.#byTunnel.keys()) if (!tunnels.has(name)) this.#byTunnel.delete(name)
  }

  /** Of the last minute, milliseconds on average; null: there were no requests. */
  timeSpent(): InspectorStatus['timeSpent'] {
    const oldest = bucketNow() - BUCKETS
    const last = this.#spent.filter(({ bucket }) => bucket > oldest)
    const requests = last.reduce((sum, { requests: count }) => sum + count, 0)
    if (requests === 0) return null
    const average = (part: 'sending' | 'waiting' | 'receiving'): number =>
      Math.round((10 * last.reduce((sum, spent) => sum + spent[part], 0)) / requests) / 10
    return { sending: average('sending'), waiting: average('waiting'), receiving: average('receiving') }
  }

  #onExchange(exchange: Exchange): void {
    if (!exchange.byVisitor) return
    if (!this.#seen.has(exchange)) {
      this.#seen.add(exchange)
      const traffic = this.#trafficOf(exchange)
      this.#open.set(exchange, traffic)
      traffic.opened(performance.now())
    }
    if (exchange.state !== 'open') this.#onOver(exchange)
  }

  #onOver(exchange: Exchange): void {
    const traffic = this.#open.get(exchange)
    if (traffic === undefined) return
    this.#open.delete(exchange)
    traffic.closed(exchange.doneMs ?? 0)
    if (exchange.kind === 'http' || exchange.kind === 'grpc') this.#spend(exchange)
  }

  #trafficOf({ tunnel }: Exchange): Traffic {
    let traffic = this.#byTunnel.get(tunnel)
    if (traffic === undefined) this.#byTunnel.set(tunnel, (traffic = new Traffic()))
    return traffic
  }

  #spend({ requestDoneMs, answeredMs, doneMs }: Exchange): void {
    if (answeredMs === null || doneMs === null) return
    const sent = Math.min(requestDoneMs ?? Infinity, answeredMs)
    const bucket = bucketNow()
    let last = this.#spent.at(-1)
    if (last?.bucket !== bucket) {
      last = { bucket, requests: 0, sending: 0, waiting: 0, receiving: 0 }
      this.#spent = [...this.#spent, last].slice(-BUCKETS)
    }
    last.requests++
    last.sending += sent
    last.waiting += answeredMs - sent
    last.receiving += doneMs - answeredMs
  }
}

/** What a `Traffic` counted, in milliseconds. */
export function figuresOf(traffic: Traffic | undefined): TrafficStatistics {
  const { total, open, rate1, rate5, rate15, p50, p90, p95, p99 } = (traffic ?? new Traffic()).figures(
    performance.now(),
  )
  const duration = { p50: p50 * 1000, p90: p90 * 1000, p95: p95 * 1000, p99: p99 * 1000 }
  return { count: total, open, rate1, rate5, rate15, duration }
}

function bucketNow(): number {
  return Math.floor(performance.now() / BUCKET_MS)
}
