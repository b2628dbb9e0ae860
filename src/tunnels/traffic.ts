/** Bytes from visitors (in) and to visitors (out), and what they did: of one tunnel, or of everything behind `parent`. */
export class Traffic {
  bytesIn = 0
  bytesOut = 0
  /** Visitors' streams that were opened. */
  connections = 0
  /** Requests of `http` tunnels that were given to an agent. */
  requests = 0
  readonly #parent: Traffic | null
  readonly #quota: { add(bytes: number): void } | null

  /** Whatever is added here is added to `parent` too, and its bytes to `quota`. */
  constructor(parent: Traffic | null, quota: { add(bytes: number): void } | null = null) {
    this.#parent = parent
    this.#quota = quota
  }

  addBytes(bytesIn: number, bytesOut: number): void {
    this.bytesIn += bytesIn
    this.bytesOut += bytesOut
    this.#quota?.add(bytesIn + bytesOut)
    this.#parent?.addBytes(bytesIn, bytesOut)
  }

  addConnection(): void {
    this.connections++
    this.#parent?.addConnection()
  }

  addRequest(): void {
    this.requests++
    this.#parent?.addRequest()
  }
}

/** What accounts have used since the start of the process: one entry for each that had a tunnel. */
export class AccountTraffic {
  readonly #total: Traffic
  readonly #accounts = new Map<string, Traffic>()

  constructor(total: Traffic) {
    this.#total = total
  }

  /** The same object for as long as the process runs. */
  of(accountId: string): Traffic {
    let traffic = this.#accounts.get(accountId)
    if (traffic === undefined) this.#accounts.set(accountId, (traffic = new Traffic(this.#total)))
    return traffic
  }

  entries(): IterableIterator<[string, Traffic]> {
    return this.#accounts.entries()
  }
}
