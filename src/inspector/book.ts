import { EventEmitter } from 'node:events'
import { Ring } from '../core/ring.js'
import { costOf } from './cost.js'
import type { Exchange } from './exchange.js'

/** What a book tells; the arguments of each event. */
export interface BookEvents {
  /** It was added, or something of it changed. */
  exchange: [exchange: Exchange]
  /** It made room for newer ones. */
  forgotten: [exchange: Exchange]
  /** It is about to be forgotten with all others. */
  clearing: [exchange: Exchange]
  /** All were forgotten. */
  cleared: []
}

interface Entry {
  readonly exchange: Exchange
  bytes: number
  /** Stands among the finished ones. */
  finished: boolean
  held: boolean
  /** Tells whoever writes to it that it is not kept any more; null: nobody does. */
  letGo: (() => void) | null
  newer: Entry | null
  older: Entry | null
}

/** So many ids may be given out in one millisecond before they run ahead of the clock. */
const IDS_PER_MS = 0x10_0000

/**
 * The exchanges that are kept, in their order, within a number of bytes. To make room those that have been finished for
 * the longest go first, then the oldest open ones; whoever still writes to one of those is told by `changed`.
 */
export class ExchangeBook extends EventEmitter<BookEvents> {
  readonly limitBytes: number
  /** Estimated memory of all that is kept. Never above `limitBytes`. */
  bytes = 0
  /** Exchanges that made room for newer ones. */
  forgotten = 0
  readonly #byId = new Map<string, Entry>()
  #newest: Entry | null = null
  #oldest: Entry | null = null
  #finished = new Ring<Entry>(64)
  #lastIdMs = 0
  #lastIdNumber = 0

  constructor(limitBytes: number) {
    super()
    this.limitBytes = limitBytes
  }

  /** How many there are. */
  get size(): number {
    return this.#byId.size
  }

  /** An id that sorts behind all that were given out before. `atMs`: epoch milliseconds. */
  nextId(atMs: number): string {
    const ms = Math.max(0, Math.floor(atMs))
    if (ms > this.#lastIdMs) {
      this.#lastIdMs = ms
      this.#lastIdNumber = 0
    } else if (++this.#lastIdNumber === IDS_PER_MS) {
      this.#lastIdMs++
      this.#lastIdNumber = 0
    }
    return this.#lastIdMs.toString(16).padStart(11, '0') + this.#lastIdNumber.toString(16).padStart(5, '0')
  }

  /**
   * Keeps an exchange whose id is of `nextId`. False: it is larger than all that may be kept. `letGo` is called when it is
   * forgotten while it is open, for what its writer holds besides.
   */
  add(exchange: Exchange, letGo: (() => void) | null = null): boolean {
    const newest = this.#newest
    const entry: Entry = {
      exchange,
      bytes: costOf(exchange),
      finished: false,
      held: true,
      letGo,
      newer: null,
      older: newest,
    }
    if (newest === null) this.#oldest = entry
    else newest.newer = entry
    this.#newest = entry
    this.#byId.set(exchange.id, entry)
    this.bytes += entry.bytes
    return this.#settle(entry)
  }

  /**
   * Something of an exchange changed, by which it takes `addedBytes` more memory (or less). False: it is not kept (any
   * more), so that nothing need be written to it.
   */
  changed(exchange: Exchange, addedBytes: number): boolean {
    const entry = this.#byId.get(exchange.id)
    if (entry === undefined) return false
    entry.bytes += addedBytes
    this.bytes += addedBytes
    return this.#settle(entry)
  }

  get(id: string): Exchange | undefined {
    return this.#byId.get(id)?.exchange
  }

  /**
   * Newest first; with `before` only those older than that id, which need not be kept any more. What is added meanwhile is
   * not seen; it ends early when the place where it stands is forgotten.
   */
  *newestFirst(before?: string): Generator<Exchange, void, undefined> {
    let entry = before === undefined ? this.#newest : this.#olderThan(before)
    for (; entry !== null && entry.held; entry = entry.older) yield entry.exchange
  }

  /** Forgets all. */
  clear(): void {
    for (const entry of this.#byId.values()) {
      entry.held = false
      this.emit('clearing', entry.exchange)
      entry.letGo?.()
    }
    this.#byId.clear()
    this.#finished = new Ring<Entry>(64)
    this.#newest = null
    this.#oldest = null
    this.bytes = 0
    this.emit('cleared')
  }

  #olderThan(id: string): Entry | null {
    const known = this.#byId.get(id)
    if (known !== undefined) return known.older
    let entry = this.#newest
    while (entry !== null && entry.exchange.id >= id) entry = entry.older
    return entry
  }

  #settle(entry: Entry): boolean {
    const { exchange } = entry
    if (exchange.state !== 'open' && !entry.finished) {
      entry.finished = true
      entry.letGo = null
      this.#finished.push(entry)
    }
    while (this.bytes > this.limitBytes) this.#forget(this.#nextToGo())
    if (entry.held) this.emit('exchange', exchange)
    return entry.held
  }

  #nextToGo(): Entry {
    for (let entry = this.#finished.shift(); entry !== undefined; entry = this.#finished.shift()) {
      if (entry.held) return entry
    }
    return this.#oldest!
  }

  #forget(entry: Entry): void {
    const { newer, older } = entry
    if (newer === null) this.#newest = older
    else newer.older = older
    if (older === null) this.#oldest = newer
    else older.newer = newer
    entry.held = false
    this.#byId.delete(entry.exchange.id)
    this.bytes -= entry.bytes
    this.forgotten++
    this.emit('forgotten', entry.exchange)
    entry.letGo?.()
  }
}
