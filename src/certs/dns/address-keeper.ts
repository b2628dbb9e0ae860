import { Backoff } from '../../core/backoff.js'
import { UniRouteError } from '../../core/errors.js'
import type { Logger } from '../../core/logger.js'
import type { AddressRecord, RecordEditor } from './provider.js'

/** What a name is to resolve to. */
export interface WantedRecords {
  /** A wildcard as `*.example.com`. */
  readonly name: string
  /** Its only A, AAAA and CNAME records. */
  readonly records: readonly AddressRecord[]
}

export interface AddressKeeperOptions {
  readonly editor: RecordEditor
  readonly wanted: readonly WantedRecords[]
  /** Between two looks when all was well, ms. */
  readonly everyMs: number
  /** After a failure: the first pause is at most `baseMs`, none is longer than `everyMs`. */
  readonly baseMs: number
  /** For one name, ms. */
  readonly timeoutMs: number
  readonly log: Logger
}

/** What is known of a name: null, it has its records; otherwise why not. */
export interface AddressState {
  readonly name: string
  readonly problem: string | null
}

/**
 * Keeps the addresses of our own names as they are configured: looks at the start and from time to time, and writes only
 * what is otherwise. A name that fails holds no other up.
 */
export class AddressKeeper {
  readonly #options: AddressKeeperOptions
  readonly #backoff: Backoff
  readonly #stop = new AbortController()
  readonly #problems = new Map<string, string>()
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> = Promise.resolve()

  constructor(options: AddressKeeperOptions) {
    this.#options = options
    this.#backoff = new Backoff({ baseMs: Math.min(options.baseMs, options.everyMs), maxMs: options.everyMs })
  }

  /** Begins; the first look is made at once. */
  start(): void {
    this.#looking = this.#look()
  }

  /** What the last look at each name found. */
  states(): AddressState[] {
    return this.#options.wanted.map(({ name }) => ({ name, problem: this.#problems.get(name) ?? null }))
  }

  /** Ends it; resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the address keeper was closed'))
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#looking
  }

  async #look(): Promise<void> {
    const { wanted, everyMs } = this.#options
    const results = await Promise.all(wanted.map((each) => this.#keep(each)))
    if (this.#stop.signal.aborted) return
    const isWell = results.every((result) => result)
    if (isWell) this.#backoff.reset()
    this.#timer = setTimeout(() => this.start(), isWell ? everyMs : this.#backoff.next())
    this.#timer.unref()
  }

  async #keep({ name, records }: WantedRecords): Promise<boolean> {
    const { editor, timeoutMs, log } = this.#options
    const { signal } = this.#stop
    const time = AbortSignal.timeout(timeoutMs)
    try {
      const changes = await editor.replace(name, records, AbortSignal.any([signal, time]))
      if (changes.length > 0) log.info({ name, changes }, 'the DNS records of a name were changed')
      if (this.#problems.delete(name)) log.info({ name }, 'the DNS records of a name are as they should be again')
      return true
    } catch (error) {
      if (signal.aborted) return false
      const code = error instanceof UniRouteError ? error.code : null
      const problem = time.aborted ? `it took longer than ${timeoutMs} ms` : (error as Error).message
      log.warn({ name, code, problem }, 'the DNS records of a name could not be looked after')
      this.#problems.set(name, problem)
      return false
    }
  }
}
