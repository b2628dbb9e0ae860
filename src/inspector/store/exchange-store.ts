import { chmodSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import Database from 'libsql'
import { StoreError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'
import { openHandle, prepareFile, pragma } from '../../store/embedded-file.js'
import { explain } from '../../store/errors.js'
import type { ExchangeBook } from '../book.js'
import type { Exchange } from '../exchange.js'
import { decodeExchange, encodeExchange } from './codec.js'

export interface ExchangeStoreOptions {
  /** It is created if need be (0700), and holds one file (0600). */
  readonly folder: string
  readonly book: ExchangeBook
  readonly log: Logger
  /** Bytes of all exchanges on disk. Default 256 MiB. */
  readonly maxBytes?: number
  /** How long they are kept, ms. Default 7 days. */
  readonly maxAgeMs?: number
  /** Default 500: how often is written, ms. */
  readonly everyMs?: number
}

const FILE = 'exchanges.sqlite'
/** Two agents that shared a file would write over each other's exchanges. */
const LOCK = 'exchanges.lock'
const SCHEMA = 1
/** Exchanges, and bytes of them, in one transaction: others of the thread wait meanwhile. */
const BATCH = 200
const BATCH_BYTES = 8 * 1024 * 1024
/** After a failure it is tried again so much later, ms. */
const RETRY_MS = 10_000
/** Ids that wait before those that are forgotten are sorted out. */
const WAITING = 5_000

/**
 * Keeps the exchanges of a book across restarts: those that are over are written to an SQLite file, in batches. When that
 * fails it is said once, and tried again; the book goes on.
 */
export class ExchangeStore {
  readonly #options: Required<ExchangeStoreOptions>
  readonly #file: string
  readonly #waiting = new Set<string>()
  #database: Database.Database | null = null
  #unlock: (() => void) | null = null
  #bytes = 0
  #cleared = false
  #failing = false
  #closed = false
  #timer: NodeJS.Timeout | null = null

  constructor(options: ExchangeStoreOptions) {
    const { maxBytes = 256 * 1024 * 1024, maxAgeMs = 7 * 86_400_000, everyMs = 500 } = options
    this.#options = { ...options, maxBytes, maxAgeMs, everyMs }
    this.#file = path.join(options.folder, FILE)
  }

  /** Whether they cannot be written, and are in memory only. */
  get failing(): boolean {
    return this.#failing
  }

  /** Exchanges that are over and not written yet. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Puts what is on disk into the book, which is to be empty, and writes what comes from now on. Throws nothing. */
  start(): void {
    const { book } = this.#options
    this.#attempt(() => this.#load(this.#opened()))
    book.on('exchange', this.#onExchange)
    book.on('cleared', this.#onCleared)
  }

  /** Writes what is left, if it can. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    const { book } = this.#options
    book.off('exchange', this.#onExchange)
    book.off('cleared', this.#onCleared)
    if (this.#timer !== null) clearTimeout(this.#timer)
    let written = true
    while (written && (this.#waiting.size > 0 || this.#cleared)) written = this.#attempt(() => this.#write())
    this.#database?.close()
    this.#database = null
    this.#unlock?.()
  }

  readonly #onExchange = (exchange: Exchange): void => {
    if (exchange.state === 'open') return
    const { book } = this.#options
    this.#waiting.add(exchange.id)
    if (this.#waiting.size > WAITING + book.size) {
      for (const id of this.#waiting) if (book.get(id) === undefined) this.#waiting.delete(id)
    }
    this.#schedule(this.#options.everyMs)
  }

  readonly #onCleared = (): void => {
    this.#waiting.clear()
    this.#cleared = true
    this.#schedule(0)
  }

  #schedule(ms: number): void {
    if (this.#closed) return
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      const done = this.#attempt(() => this.#write())
      if (!done) this.#schedule(RETRY_MS)
      else if (this.#waiting.size > 0 || this.#cleared) this.#schedule(this.#options.everyMs)
    }, ms)
  }

  /** False: it failed, which is told once. */
  #attempt(work: () => void): boolean {
    const { log, folder } = this.#options
    try {
      work()
      if (this.#failing) log.info({ folder }, 'exchanges are kept on disk again')
      this.#failing = false
      return true
    } catch (error) {
      if (!this.#failing) {
        const { code, message } = explain(error, this.#file) as StoreError
        const text = `exchanges are kept in memory only, as they could not be written: ${message} (UR_INSPECT_STORE)`
        log.warn({ code: 'UR_INSPECT_STORE', reason: code ?? 'UR_STORE_FAILED' }, text)
      }
      this.#failing = true
      return false
    }
  }

  #opened(): Database.Database {
    if (this.#database !== null) return this.#database
    const { folder } = this.#options
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
    this.#unlock ??= lock(path.join(folder, LOCK))
    prepareFile(this.#file)
    const database = openHandle(this.#file)
    try {
      database.pragma('synchronous = normal')
      migrate(database, this.#file)
      const [sum] = database.prepare('select coalesce(sum(bytes), 0) as bytes from exchanges').all() as {
        bytes: number
      }[]
      this.#bytes = sum?.bytes ?? 0
    } catch (error) {
      database.close()
      throw error
    }
    this.#database = database
    return database
  }

  #load(database: Database.Database): void {
    const { book, maxAgeMs } = this.#options
    const found: Exchange[] = []
    const page = database.prepare(
      'select id, content, bytes from exchanges where at >= ? and id < ? order by id desc limit 100',
    )
    let room = book.limitBytes
    for (let before = 'g'; room > 0;) {
      const rows = page.all(Date.now() - maxAgeMs, before) as StoredRow[]
      for (const { content, bytes } of rows) {
        room -= bytes
        const exchange = room < 0 ? null : decodeExchange(content)
        if (exchange !== null) found.push(exchange)
      }
      if (rows.length === 0) break
      before = rows.at(-1)!.id
    }
    for (const exchange of found.reverse()) book.add(exchange)
    const newest = found.at(-1)
    // what comes now sorts behind them, whatever the clock says
    if (newest !== undefined) book.nextId(Number.parseInt(newest.id.slice(0, 11), 16) + 1)
  }

  /** One batch. */
  #write(): void {
    const { book } = this.#options
    const database = this.#opened()
    const ids: string[] = []
    let total = 0
    let added = 0
    database.exec('begin immediate')
    try {
      if (this.#cleared) database.exec('delete from exchanges')
      const insert = database.prepare('insert or replace into exchanges (id, at, bytes, content) values (?, ?, ?, ?)')
      const old = database.prepare('select bytes from exchanges where id = ?')
      for (const id of this.#waiting) {
        ids.push(id)
        const exchange = book.get(id)
        if (exchange === undefined) continue
        const content = encodeExchange(exchange)
        const before = (old.all(id) as { bytes: number }[])[0]?.bytes ?? 0
        insert.run(id, Math.floor(exchange.startedAt), content.length, content)
        added += content.length - before
        total += content.length
        if (ids.length === BATCH || total > BATCH_BYTES) break
      }
      const bytes = this.#prune(database, (this.#cleared ? 0 : this.#bytes) + added)
      database.exec('commit')
      this.#bytes = bytes
    } catch (error) {
      // a full disk makes SQLite roll back by itself
      if (database.inTransaction) database.exec('rollback')
      throw error
    }
    this.#cleared = false
    for (const id of ids) this.#waiting.delete(id)
  }

  /** Deletes what is too old, and the oldest of what is too much. Returns the bytes that are left. */
  #prune(database: Database.Database, bytes: number): number {
    const { maxBytes, maxAgeMs } = this.#options
    let left = bytes
    const gone = database.prepare('select id, bytes from exchanges where at < ?').all(Date.now() - maxAgeMs) as Row[]
    const remove = database.prepare('delete from exchanges where id = ?')
    const forget = (row: Row): void => {
      remove.run(row.id)
      left -= row.bytes
    }
    gone.forEach(forget)
    while (left > maxBytes) {
      const oldest = database.prepare('select id, bytes from exchanges order by id limit 100').all() as Row[]
      if (oldest.length === 0) return 0
      for (const row of oldest) if (left > maxBytes) forget(row)
    }
    return left
  }
}

/** Holds a lock that ends with the process, however that ends. Returns what gives it back. Throws SqliteError. */
function lock(file: string): () => void {
  prepareFile(file)
  const held = new Database(file)
  try {
    held.exec('begin exclusive')
  } catch (error) {
    held.close()
    throw error
  }
  return () => {
    held.exec('rollback')
    held.close()
  }
}

interface Row {
  readonly id: string
  readonly bytes: number
}

interface StoredRow extends Row {
  readonly content: string
}

/** Throws StoreError UR_STORE_NEWER. */
function migrate(database: Database.Database, file: string): void {
  const version = Number(pragma(database, 'user_version'))
  if (version > SCHEMA) {
    throw new StoreError(
      'UR_STORE_NEWER',
      `The database ${file} was written by a newer version of UniRoute. What to do: update, or name another folder.`,
    )
  }
  database.exec(`
    create table if not exists exchanges (id text primary key, at integer not null, bytes integer not null, content text not null);
    create index if not exists exchanges_at on exchanges (at);
    pragma user_version = ${SCHEMA};
  `)
}
