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

  /** Whoever read the stream may go away (`| head -1`): then nothing more is written, and the command ends. */
  constructor(mode: OutputMode, stream: NodeJS.WritableStream) {
    this.mode = mode
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      if (this.#broken) return
      this.#broken = true
      this.#onBroken()
    })
  }

  /** What to do instead of exiting at once when nobody reads stdout any more. */
  onBroken(action: () => void): void {
    this.#onBroken = action
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
    if (!this.#broken) this.#stream.write(text)
  }
}
