import type { ConnectionSummary, ExchangeSummary, InspectorStatus } from '../../inspector/contract.js'
import { API } from '../api.js'
import { isConnection, isListOf, isStatus, isSummary } from '../shapes.js'
import { Emitter } from './emitter.js'

/** Between two hand-overs of what came: often enough to be live, seldom enough to be read. */
const FLUSH_MS = 80
/** The same while the page is hidden: no frames are drawn then. */
const HIDDEN_MS = 500
const RETRY_MS = 1000
const MAX_RETRY_MS = 10_000
/** Rows that wait for the next hand-over; older ones are dropped then, the list would drop them too. */
const MAX_WAITING = 20_000

export interface LiveListener {
  exchanges?(rows: readonly ExchangeSummary[]): void
  connections?(rows: readonly ConnectionSummary[]): void
  status?(status: InspectorStatus): void
  cleared?(): void
  /** The stream of events is there (again): what was missed has to be asked for. */
  opened?(): void
}

export type LiveState = 'connecting' | 'open' | 'lost'

/** What the agent tells as it happens, handed on at most once in `FLUSH_MS`, in a frame. */
export class Live extends Emitter {
  state: LiveState = 'connecting'
  /** Events that could not be read. */
  garbled = 0
  readonly #listeners = new Set<LiveListener>()
  readonly #exchanges = new Map<string, ExchangeSummary>()
  readonly #connections = new Map<string, ConnectionSummary>()
  readonly #statuses: InspectorStatus[] = []
  #source: EventSource | null = null
  #retryMs = RETRY_MS
  #scheduled = false
  #flushedAt = -Infinity

  listen(listener: LiveListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  start(): void {
    // The frame that was waited for does not come while the page is hidden.
    document.addEventListener('visibilitychange', () => this.#flush())
    this.#connect()
  }

  #connect(): void {
    const source = new EventSource(`${API}/events`)
    this.#source = source
    source.addEventListener('open', () => {
      this.#retryMs = RETRY_MS
      this.#enter('open')
      for (const listener of this.#listeners) listener.opened?.()
    })
    source.addEventListener('error', () => this.#onError(source))
    this.#on('exchange', isListOf(isSummary), (rows) => {
      for (const row of rows) this.#exchanges.set(row.id, row)
    })
    this.#on('connection', isListOf(isConnection), (rows) => {
      for (const row of rows) this.#connections.set(row.id, row)
    })
    this.#on('status', isStatus, (status) => this.#statuses.push(status))
    source.addEventListener('cleared', () => {
      this.#exchanges.clear()
      for (const listener of this.#listeners) listener.cleared?.()
    })
  }

  #on<T>(name: string, isGood: (value: unknown) => value is T, take: (value: T) => void): void {
    this.#source?.addEventListener(name, (event: MessageEvent<string>) => {
      let value: unknown
      try {
        value = JSON.parse(event.data)
      } catch {
        value = undefined
      }
      if (!isGood(value)) {
        this.garbled++
        this.changed()
        return
      }
      take(value)
      this.#schedule()
    })
  }

  #onError(source: EventSource): void {
    this.#enter('lost')
    // A lost connection is tried again by the browser; after an answer that is no stream of events it is not.
    if (source.readyState !== EventSource.CLOSED) return
    source.close()
    setTimeout(() => this.#connect(), this.#retryMs)
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS)
  }

  #enter(state: LiveState): void {
    if (this.state === state) return
    this.state = state
    this.changed()
  }

  #schedule(): void {
    if (this.#exchanges.size > MAX_WAITING) this.#flush()
    if (this.#scheduled) return
    this.#scheduled = true
    if (document.visibilityState === 'hidden') {
      setTimeout(this.#onTurn, HIDDEN_MS)
      return
    }
    const wait = this.#flushedAt + FLUSH_MS - performance.now()
    if (wait <= 0) requestAnimationFrame(this.#onTurn)
    else setTimeout(() => requestAnimationFrame(this.#onTurn), wait)
  }

  readonly #onTurn = (): void => {
    this.#scheduled = false
    this.#flush()
  }

  #flush(): void {
    this.#flushedAt = performance.now()
    const exchanges = drained(this.#exchanges)
    const connections = drained(this.#connections)
    const statuses = this.#statuses.splice(0)
    for (const listener of this.#listeners) {
      if (exchanges.length > 0) listener.exchanges?.(exchanges)
      if (connections.length > 0) listener.connections?.(connections)
      for (const status of statuses) listener.status?.(status)
    }
  }
}

function drained<T>(map: Map<string, T>): readonly T[] {
  if (map.size === 0) return []
  const values = [...map.values()]
  map.clear()
  return values
}
