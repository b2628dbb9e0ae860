import type { ServerResponse } from 'node:http'
import { eventText, type EventHub } from './event-hub.js'

/** Bytes that wait for a reader before it gets no more events, but the whole state when it has read on. */
const BACKLOG = 256 * 1024
const STALLED_MS = 30_000
/** How often it is asked whether the reader may still read, ms. */
const CHECK_MS = 15_000

export interface EventStreamOptions {
  readonly hub: EventHub
  /** All that is now: what a reader begins with, unless it was here a moment ago. */
  state(): unknown
  /** Rejects when the reader may read no longer. */
  check(): Promise<unknown>
  /** Called once, at the end. */
  onClose(): void
  /** How long a reader that is behind may take to read on, ms. Default 30 000. */
  readonly stalledMs?: number
}

/** Sends events to one reader, for as long as it reads them. What waits for a slow one is bounded. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #options: EventStreamOptions
  readonly #timer: NodeJS.Timeout
  readonly #stopListening: () => void
  #stalled: NodeJS.Timeout | null = null
  #behind = false

  /** `lastEventId`: what the reader had before. */
  constructor(response: ServerResponse, options: EventStreamOptions, lastEventId: string | undefined) {
    this.#response = response
    this.#options = options
    const { hub } = options
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    response.write('retry: 2000\n\n')
    const missed = lastEventId === undefined ? null : hub.since(lastEventId)
    if (missed === null) this.#sendState()
    else for (const text of missed) this.#send(text)
    this.#stopListening = hub.listen((text) => this.#send(text))
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref()
    response.on('drain', () => this.#onDrain())
    response.once('close', () => this.#onClose())
    response.on('error', () => undefined) // 'close' follows
  }

  #send(text: string): void {
    if (this.#behind) return
    if (this.#response.writableLength > BACKLOG) {
      this.#behind = true
      this.#stalled = setTimeout(() => this.#response.destroy(), this.#options.stalledMs ?? STALLED_MS).unref()
      return
    }
    this.#response.write(text)
  }

  #sendState(): void {
    const { hub, state } = this.#options
    this.#response.write(eventText('state', state(), hub.lastId))
  }

  #onDrain(): void {
    if (!this.#behind) return
    this.#behind = false
    if (this.#stalled !== null) clearTimeout(this.#stalled)
    this.#sendState()
  }

  #check(): void {
    this.#options.check().then(
      () => this.#send(': still here\n\n'),
      () => this.#response.end(),
    )
  }

  #onClose(): void {
    clearInterval(this.#timer)
    if (this.#stalled !== null) clearTimeout(this.#stalled)
    this.#stopListening()
    this.#options.onClose()
  }
}
