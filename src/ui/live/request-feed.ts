import type { ExchangePage, ExchangeSummary } from '../../inspector/contract.js'
import { askJson, type ApiProblem } from '../api.js'
import { isPage } from '../shapes.js'
import { filterQuery, type Filter } from '../text/filter-text.js'
import { Emitter } from './emitter.js'
import { ExchangeList } from './exchange-list.js'
import type { Live } from './live.js'
import { isLocal, matches } from './matches.js'

/** Rows that the page keeps; the agent has the others. */
const KEPT = 10_000
const PAGE = 200
/** How often the agent is asked again while a filter is on that only it can answer. */
const ASK_AGAIN_MS = 1000
const RETRY_MS = 2000

/** The list of requests under one filter: what the agent has of it, and what happens. */
export class RequestFeed extends Emitter {
  readonly list = new ExchangeList(KEPT)
  filter: Filter = {}
  /** Null: nothing has been shown yet and nothing went wrong. */
  problem: ApiProblem | null = null
  loading = true
  paused = false
  /** New ones that came while it is paused. */
  held = 0
  /** New ones since the page was opened, for those who listen. */
  arrived = 0
  readonly #waiting = new ExchangeList(KEPT)
  #next: string | null = null
  #asking: AbortController | null = null
  #askAgain: ReturnType<typeof setTimeout> | null = null

  constructor(live: Live) {
    super()
    live.listen({
      exchanges: (rows) => this.#take(rows),
      cleared: () => this.#clear(),
      opened: () => void this.#load(),
    })
  }

  get hasOlder(): boolean {
    return this.#next !== null && !this.list.full
  }

  setFilter(filter: Filter): void {
    this.filter = filter
    this.list.clear()
    this.#waiting.clear()
    this.held = 0
    this.#next = null
    this.loading = true
    this.changed()
    void this.#load()
  }

  pause(): void {
    this.paused = true
    this.changed()
  }

  resume(): void {
    this.paused = false
    for (const row of this.#waiting.rows) this.list.put(row)
    this.#waiting.clear()
    this.held = 0
    this.changed()
    void this.#load()
  }

  async loadOlder(): Promise<void> {
    if (this.#next === null || this.loading || this.list.full) return
    await this.#ask(this.#next)
  }

  /** The newest page, put among what is here. */
  async #load(): Promise<void> {
    if (this.paused) return
    await this.#ask(null)
  }

  async #ask(before: string | null): Promise<void> {
    this.#asking?.abort()
    const asking = new AbortController()
    this.#asking = asking
    this.loading = true
    const newest = this.list.rows.at(-1)?.id ?? ''
    const query = filterQuery({ ...this.filter, limit: PAGE, ...(before === null ? {} : { before }) })
    try {
      const page: ExchangePage = await askJson('GET', `/exchanges?${query.toString()}`, isPage, {
        signal: asking.signal,
      })
      if (asking.signal.aborted) return
      if (before === null) this.#forget(page, newest)
      if (before !== null || this.list.rows.length === 0) this.#next = page.next ?? null
      for (const row of page.exchanges) this.list.put(row)
      this.problem = null
    } catch (error) {
      if (asking.signal.aborted) return
      this.problem = error as ApiProblem
      if (this.problem.status === null || this.problem.status >= 500) this.#later(RETRY_MS)
    }
    this.loading = false
    this.changed()
  }

  /** Drops what the agent has no more, and all that is older than a gap. `newest`: of what was here when it was asked. */
  #forget({ exchanges, next }: ExchangePage, newest: string): void {
    const known = new Set(exchanges.map(({ id }) => id))
    const oldest = exchanges.at(-1)?.id ?? ''
    const isWhole = next === null || oldest > newest
    const gone = this.list.rows.filter(({ id }) => id <= newest && !known.has(id) && (isWhole || id > oldest))
    if (gone.length === this.list.rows.length) this.list.clear()
    else for (const { id } of gone) this.list.remove(id)
  }

  #take(rows: readonly ExchangeSummary[]): void {
    const local = isLocal(this.filter)
    for (const row of rows) {
      const fits = matches(this.filter, row)
      if (this.list.find(row.id) >= 0) {
        if (fits) this.list.update(row)
        else this.list.remove(row.id)
      } else if (fits && !local) this.#later(ASK_AGAIN_MS)
      else if (fits) this.#add(row)
    }
    this.changed()
  }

  #add(row: ExchangeSummary): void {
    const oldest = this.list.rows[0]
    // What is older than all that is shown belongs to a page that was not asked for yet.
    if (this.#next !== null && oldest !== undefined && row.id < oldest.id) return
    if (!this.paused) {
      this.list.put(row)
      this.arrived++
      return
    }
    if (this.#waiting.find(row.id) < 0) this.held++
    this.#waiting.put(row)
  }

  #later(ms: number): void {
    this.#askAgain ??= setTimeout(() => {
      this.#askAgain = null
      void this.#load()
    }, ms)
  }

  #clear(): void {
    this.list.clear()
    this.#waiting.clear()
    this.#next = null
    this.held = 0
    this.changed()
  }
}
