import { UniRouteError } from '../core/errors.js'
import type { Failure } from './failure.js'

export type OutputMode = 'text' | 'json'

/** One line of `--output json`: the member `event` names what happened. */
export type OutputEvent = Readonly<{ event: string } & Record<string, unknown>>

/** Where a program's results go: stdout, as events for programs or as text for people. */
export class Output {
  readonly mode: OutputMode
  readonly #stream: NodeJS.WritableStream
  #broken = false
  #onBroken: () => void = () => process.exit(0)
  #runsOn = false
  #written: Promise<NodeJS.ErrnoException | null> = Promise.resolve(null)

  /**
   * Whoever read the stream may go away (`| head -1`): then nothing more is written, and the command ends.
   * Other failures, such as a full disk, are told by `flush`.
   */
  constructor(mode: OutputMode, stream: NodeJS.WritableStream) {
    this.mode = mode
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' || this.#broken) return
      this.#broken = true
      this.#onBroken()
    })
  }

  /**
   * For programs that run on, whatever becomes of their output: what to do, instead of exiting at once, when nobody
   * reads stdout any more.
   */
  onBroken(action: () => void): void {
    this.#onBroken = action
    this.#runsOn = true
  }

  /** Waits until all is written. Throws UniRouteError(UR_OUTPUT) when a command's answer could not be. */
  async flush(): Promise<void> {
    const error = await this.#written
    if (error === null || this.#broken || this.#runsOn) return
    const message = `the command was done, but its answer could not be written to standard output: ${error.message}`
    throw new UniRouteError('UR_OUTPUT', message, { cause: error })
  }

  /** Writes one event in json mode; nothing in text mode. */
  event(event: OutputEvent): void {
    if (this.mode === 'json') this.#write(`${JSON.stringify(event)}\n`)
  }

  /** Writes text in text mode; nothing in json mode. */
  text(text: string): void {
    if (this.mode === 'text') this.#write(text)
  }

  failure(failure: Failure): void {
    this.event({ event: 'error', code: failure.code, message: failure.message, fatal: true })
  }

  #write(text: string): void {
    if (this.#broken) return
    this.#written = new Promise((resolve) => this.#stream.write(text, (error) => resolve(error ?? null)))
  }
}
