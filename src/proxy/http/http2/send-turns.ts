import { Ring } from '../../../core/ring.js'
import { INITIAL_WINDOW, LARGEST } from '../../../http2/index.js'
import type { FrameWriter } from './frame-writer.js'

/** Who has bytes to send. */
export interface Sending {
  /** It stands among those that wait. */
  queued: boolean
  /** Whether there are bytes that the visitor would take. */
  readonly sendable: boolean
  /** Sends one frame of them, of `most` bytes at most. */
  sendSome(most: number): void
}

/** Lets the streams of one connection send in turn, a frame each, as the visitor's window and the socket have room. */
export class SendTurns {
  /** Bytes that the bodies of all answers together may have under way (RFC 9113 §6.9). */
  window = INITIAL_WINDOW
  readonly #writer: Pick<FrameWriter, 'hasRoom'>
  readonly #waiting = new Ring<Sending>(4)
  #sending = false

  constructor(writer: Pick<FrameWriter, 'hasRoom'>) {
    this.#writer = writer
  }

  /** Whether one may send at once: nobody waits, and there is room. */
  get isFree(): boolean {
    return this.#waiting.length === 0 && this.window > 0 && this.#writer.hasRoom
  }

  /** Takes part in it as long as it has something to send. */
  add(sending: Sending): void {
    this.#queue(sending)
    this.send()
  }

  /** The visitor takes more. False: more than a window may be. */
  widen(bytes: number): boolean {
    this.window += bytes
    if (this.window > LARGEST) return false
    this.send()
    return true
  }

  /** Sends what can be sent. */
  send(): void {
    if (this.#sending) return
    this.#sending = true
    while (this.#waiting.length > 0 && this.window > 0 && this.#writer.hasRoom) {
      const next = this.#waiting.shift()!
      next.queued = false
      if (!next.sendable) continue
      next.sendSome(this.window)
      if (next.sendable) this.#queue(next)
    }
    this.#sending = false
  }

  #queue(sending: Sending): void {
    if (sending.queued) return
    sending.queued = true
    this.#waiting.push(sending)
  }
}
