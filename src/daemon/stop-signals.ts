const SIGNALS = ['SIGINT', 'SIGTERM'] as const

export interface StopActions {
  /** The first signal: come to an end in good order. */
  stop(): void
  /** A second one, of either kind: end now. */
  force(): void
}

/** Listens to SIGINT and SIGTERM of this process until disposed of. */
export class StopSignals {
  readonly #actions: StopActions
  #stopping = false

  constructor(actions: StopActions) {
    this.#actions = actions
    for (const signal of SIGNALS) process.on(signal, this.stop)
  }

  /** As if a signal had come. */
  readonly stop = (): void => {
    if (this.#stopping) {
      this.#actions.force()
      return
    }
    this.#stopping = true
    this.#actions.stop()
  }

  dispose(): void {
    for (const signal of SIGNALS) process.off(signal, this.stop)
  }
}
