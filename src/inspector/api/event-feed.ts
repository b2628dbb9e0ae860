import type { ServerResponse } from 'node:http'
import { LimitError } from '../../core/errors.js'
import type { ExchangeBook } from '../book.js'
import type { ConnectionLog } from '../connection-log.js'
import type { InspectorEvents, InspectorStatus } from '../contract.js'
import { connectionOf, summaryOf } from './views.js'

/** Readers of events at once. */
const READERS = 32
/** Exchanges and connections are told so often at most, ms. */
const BATCH_MS = 100
const STATUS_MS = 1_000
/** Most of them in one event. */
const BATCH = 500
/** Bytes that wait for a reader before it is told nothing more until it has read on. */
const BACKLOG = 256 * 1024
/** How long it may take for that, ms. */
const STALLED_MS = 30_000
/** Ids that wait for a slow reader before those that are forgotten are sorted out. */
const WAITING = 5_000

export interface EventFeedOptions {
  readonly book: ExchangeBook
  readonly connections: ConnectionLog
  status(): InspectorStatus
}

interface Reader {
  readonly response: ServerResponse
  /** Ids of what changed and was not told yet. */
  readonly exchanges: Set<string>
  readonly connections: Set<string>
  cleared: boolean
  /** Since when it has not read on; null: it reads. */
  stalledAt: number | null
}

/**
 * Tells readers what happens. For a slow one nothing is queued but the ids of what changed: it is told how things are when
 * it reads on.
 */
export class EventFeed {
  readonly #options: EventFeedOptions
  readonly #readers = new Set<Reader>()
  #timer: NodeJS.Timeout | null = null
  #ticks = 0

  constructor(options: EventFeedOptions) {
    this.#options = options
    const { book, connections } = options
    book.on('exchange', ({ id }) => this.#note('exchanges', id))
    connections.on('connection', ({ id }) => this.#note('connections', id))
    book.on('cleared', () => this.#onCleared())
  }

  /** Serves a reader for as long as it stays. Throws LimitError UR_INSPECT_BUSY. */
  serve(response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    if (this.#readers.size >= READERS) {
      const message = `${READERS} readers of events are connected, and there may be no more. What to do: try again later.`
      throw new LimitError('UR_INSPECT_BUSY', message, { retryAfterMs: 10_000 })
    }
    const reader = {
      response,
      exchanges: new Set<string>(),
      connections: new Set<string>(),
      cleared: false,
      stalledAt: null,
    }
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
    response.write('retry: 2000\n\n')
    this.#write(reader, 'status', this.#options.status())
    this.#readers.add(reader)
    response.on('error', () => undefined) // 'close' follows
    response.once('close', () => this.#leave(reader))
    this.#timer ??= setInterval(() => this.#tick(), BATCH_MS)
  }

  /** Ends every reader. */
  close(): void {
    for (const { response } of this.#readers) response.end()
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #note(what: 'exchanges' | 'connections', id: string): void {
    const kept = what === 'exchanges' ? this.#options.book : this.#options.connections
    for (const reader of this.#readers) {
      const waiting = reader[what]
      waiting.add(id)
      if (waiting.size < WAITING + kept.size) continue
      for (const each of waiting) if (kept.get(each) === undefined) waiting.delete(each)
    }
  }

  #onCleared(): void {
    for (const reader of this.#readers) {
      reader.exchanges.clear()
      reader.cleared = true
    }
  }

  #tick(): void {
    const withStatus = ++this.#ticks % (STATUS_MS / BATCH_MS) === 0
    let status: InspectorStatus | null = null
    for (const reader of this.#readers) {
      if (!this.#reads(reader)) continue
      if (reader.cleared) this.#write(reader, 'cleared', {})
      reader.cleared = false
      this.#tell(reader)
      if (withStatus) this.#write(reader, 'status', (status ??= this.#options.status()))
    }
  }

  #reads(reader: Reader): boolean {
    const { response, stalledAt } = reader
    const reads = response.writableLength < BACKLOG
    if (reads) reader.stalledAt = null
    else if (stalledAt === null) reader.stalledAt = performance.now()
    else if (performance.now() - stalledAt > STALLED_MS) response.destroy()
    return reads
  }

  #tell(reader: Reader): void {
    const { book, connections } = this.#options
    const exchanges = taken(reader.exchanges, (id) => book.get(id)).map(summaryOf)
    if (exchanges.length > 0) this.#write(reader, 'exchange', exchanges)
    const told = taken(reader.connections, (id) => connections.get(id)).map(connectionOf)
    if (told.length > 0) this.#write(reader, 'connection', told)
  }

  #write<K extends keyof InspectorEvents>({ response }: Reader, name: K, data: InspectorEvents[K]): void {
    response.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  }
}

/** Takes the first ids out; what is not kept any more is left out. */
function taken<T>(ids: Set<string>, find: (id: string) => T | undefined): T[] {
  const found: T[] = []
  for (const id of ids) {
    if (found.length === BATCH) break
    ids.delete(id)
    const item = find(id)
    if (item !== undefined) found.push(item)
  }
  return found
}
