import type { Clock } from '../core/clock.js'
import { LimitError, type UniRouteError } from '../core/errors.js'
import { TokenBucket } from '../core/token-bucket.js'
import type { StreamHandler } from '../wire/api.js'
import type { Stream } from '../wire/stream.js'
import { decodeMessage, DelimitedReader, encodeDelimited } from './delimited.js'
import { Control, type ControlInit } from './messages.js'

/** The id of the control stream: the agent's first. */
export const CONTROL_STREAM_ID = 1

export interface ControlOptions {
  /** Bytes that may wait here while the peer does not read, before the channel is given up. Default 256 KiB. */
  maxQueuedBytes?: number
  /** Messages per second that the peer may send over time; bursts of four times as many pass. Default: no limit. */
  maxMessagesPerSecond?: number
  /** Needed with `maxMessagesPerSecond`. */
  clock?: Clock
}

export interface ControlEvents {
  /** A message of the peer with exactly one known field set; others were ignored. Must not throw. */
  onMessage(message: Control): void
  /**
   * Exactly once, last. `error` is null after an orderly end by either side. After an error of our own making
   * (UR_PROTOCOL_*, UR_CONTROL_*) the stream has been reset and the owner should close the session with it.
   */
  onClose(error: Error | null): void
}

/** Length-delimited protobuf messages over the control stream of a session. */
export class ControlChannel implements StreamHandler {
  readonly #stream: Stream
  readonly #events: ControlEvents
  readonly #reader = new DelimitedReader('Control')
  readonly #maxQueuedBytes: number
  /** Null: no limit. */
  readonly #rate: TokenBucket | null
  #queue: Buffer[] = []
  #queuedBytes = 0
  #blocked = false
  #ended = false
  #finished = false
  #closed = false

  /** Attaches itself to `stream`. */
  constructor(stream: Stream, events: ControlEvents, options: ControlOptions = {}) {
    this.#stream = stream
    this.#events = events
    this.#maxQueuedBytes = options.maxQueuedBytes ?? 256 * 1024
    const { maxMessagesPerSecond: perSecond, clock } = options
    this.#rate = perSecond && clock ? new TokenBucket(clock, { burst: 4 * perSecond, perSecond }) : null
    stream.attach(this)
  }

  /** Bytes that wait for the peer to read. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Sends a message, or queues it. After `end` or a close it does nothing. Throws UR_PROTOCOL_TOO_LARGE above 64 KiB. */
  send(message: ControlInit): void {
    if (this.#closed || this.#ended) return
    const bytes = encodeDelimited(Control, message)
    if (!this.#blocked) {
      this.#blocked = !this.#stream.write(bytes)
      return
    }
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.length
    if (this.#queuedBytes <= this.#maxQueuedBytes) return
    this.#fail(
      new LimitError(
        'UR_CONTROL_BACKLOG',
        `The other side does not read its control stream: ${this.#queuedBytes} bytes wait for it, ` +
          `at most ${this.#maxQueuedBytes} may.`,
      ),
    )
  }

  /** Sends what waits, then ends our direction. */
  end(): void {
    if (this.#ended || this.#closed) return
    this.#ended = true
    this.#finish()
  }

  onData(slice: Buffer): void {
    if (this.#closed) return
    try {
      this.#reader.push(slice)
      for (let body = this.#reader.next(); body !== null; body = this.#reader.next()) {
        this.#countMessage()
        const message = decodeMessage(Control, body)
        if (isKnown(message)) this.#events.onMessage(message)
        if (this.#closed) return
      }
    } catch (error) {
      this.#fail(error as UniRouteError)
      return
    }
    this.#stream.consumed(slice.length)
  }

  onWritable(): void {
    this.#blocked = false
    while (!this.#blocked) {
      const bytes = this.#queue.shift()
      if (bytes === undefined) break
      this.#queuedBytes -= bytes.length
      this.#blocked = !this.#stream.write(bytes)
    }
    if (this.#ended) this.#finish()
  }

  onEnd(): void {
    this.end()
  }

  onClose(error: Error | null): void {
    this.#close(error)
  }

  #finish(): void {
    if (this.#finished || this.#queue.length > 0) return
    this.#finished = true
    this.#stream.end()
  }

  #countMessage(): void {
    if (this.#rate === null || this.#rate.take()) return
    throw new LimitError(
      'UR_CONTROL_FLOOD',
      `More than ${this.#rate.perSecond} control messages a second came over a while: the other side is broken or hostile.`,
    )
  }

  #fail(error: UniRouteError): void {
    if (this.#closed) return
    this.#close(error)
    this.#stream.reset(error)
  }

  #close(error: Error | null): void {
    if (this.#closed) return
    this.#closed = true
    this.#queue = []
    this.#queuedBytes = 0
    this.#events.onClose(error)
  }
}

function isKnown(message: Control): boolean {
  return Boolean(
    message.bind ??
    message.bound ??
    message.refused ??
    message.unbind ??
    message.carriers ??
    message.drain ??
    message.notice ??
    message.stats,
  )
}
