import type { ServerHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../core/clock.js'
import { LastWrites } from './http2-last-writes.js'

/** Bytes that serve no request which a visitor may send at once, and in a second over time. */
const BURST = 1024 * 1024
const PER_SECOND = 64 * 1024
/** So much may come with each byte of a request: frames around it, and what HPACK did not shorten. */
const PER_BYTE_SERVED = 2
/** So much may come with each byte that we sent: WINDOW_UPDATE and the like. Below 1, or PING would pay for itself. */
const PER_BYTE_SENT = 0.5
/** What may be under way of a body when we refuse the rest of it: the window of a stream. */
const UNDER_WAY = 1024 * 1024
/** So many parts of requests are taken without a look. */
const LOOK_EACH = 1024
/** How long a visitor may take to read the last of a connection that is over, ms. */
const CLOSE_MS = 10_000

/**
 * Watches one connection from outside, where nghttp2 tells nothing: it takes any number of PING, SETTINGS, PRIORITY,
 * WINDOW_UPDATE, empty DATA and unknown frames, and frames of streams that are over (each costs less than a
 * microsecond, but a visitor can send millions in a second); PING keeps a connection without requests; and after some
 * errors it sends GOAWAY, reads no more, and does not even learn that the visitor has gone.
 */
export class Http2Watch {
  readonly session: ServerHttp2Session
  readonly socket: TLSSocket
  readonly lastWrites = new LastWrites()
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #onFlood: () => void
  #openStreams = 0
  /** Since when there was no request; ms of the clock. */
  #idleSince: number
  /** When it is ended that is over; null: it is not over. */
  #endAt: number | null = null
  #served = 0
  /** What may still come without serving a request, bytes. */
  #allowance = BURST
  #at: number
  #read: number
  #sent: number
  /** Since when nothing came, and whether we have asked since then. */
  #silentSince: number
  #asked = false

  /** `idleMs`: how long it may stay without a request. `onFlood` has to destroy the session. */
  constructor(
    session: ServerHttp2Session,
    socket: TLSSocket,
    { clock, idleMs, onFlood }: { clock: Clock; idleMs: number; onFlood: () => void },
  ) {
    const now = clock.now()
    this.#clock = clock
    this.session = session
    this.socket = socket
    this.#idleMs = idleMs
    this.#onFlood = onFlood
    this.#idleSince = now
    this.#at = now
    this.#silentSince = now
    this.#read = socket.bytesRead
    this.#sent = socket.bytesWritten
  }

  opened(): void {
    this.#openStreams++
  }

  closed(): void {
    this.#openStreams--
    this.#idleSince = this.#clock.now()
  }

  /** Bytes of the head or the body of a request came, and were used. */
  served(bytes: number): void {
    this.#allowance += bytes * PER_BYTE_SERVED
    // Hundreds of thousands of small ones may come before a timer has its turn.
    if (++this.#served % LOOK_EACH === 0) this.look()
  }

  /** The rest of a body was refused: what is under way of it is not the visitor's fault. */
  refusedBody(): void {
    this.#allowance += UNDER_WAY
  }

  /** Ends it when it has been without a request, or without a sign of life, for too long, or floods us. */
  look(): void {
    const now = this.#clock.now()
    this.lastWrites.look()
    if (this.session.destroyed) return this.#endSoon(now)
    const quiet = this.socket.bytesRead === this.#read
    if (!this.#settle(now)) this.#onFlood()
    else if (this.#openStreams > 0) this.#lookForLife(now, quiet)
    else if (now - this.#idleSince >= this.#idleMs) {
      this.session.close()
      // It stays as long as something is to be sent, or a header section has begun: nobody waits for either.
      this.session.destroy()
    }
  }

  /** Ends it at once: a session that was to close ends its socket only once the visitor has taken what is to be sent. */
  destroy(): void {
    this.session.destroy()
    this.socket.destroy()
  }

  #endSoon(now: number): void {
    this.#endAt ??= now + CLOSE_MS
    if (now >= this.#endAt) this.destroy()
  }

  #settle(now: number): boolean {
    const { bytesRead, bytesWritten } = this.socket
    const gained = ((now - this.#at) / 1000) * PER_SECOND + (bytesWritten - this.#sent) * PER_BYTE_SENT
    this.#allowance = Math.min(BURST, this.#allowance + gained - (bytesRead - this.#read))
    this.#at = now
    this.#read = bytesRead
    this.#sent = bytesWritten
    return this.#allowance >= 0
  }

  #lookForLife(now: number, quiet: boolean): void {
    if (!quiet) {
      this.#silentSince = now
      this.#asked = false
    } else if (now - this.#silentSince >= this.#idleMs) {
      if (this.#asked) return this.destroy()
      this.#asked = true
      this.#silentSince = now
      if (!this.session.closed) this.session.ping(() => undefined)
    }
  }
}
