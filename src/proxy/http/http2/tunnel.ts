import { Duplex } from 'node:stream'
import { ErrorCode } from '../../../http2/index.js'
import type { ExchangeEvents, RawHeaders } from '../api.js'

/** What a tunnel does with its stream. */
export interface TunnelStream {
  readonly resetCode: number
  start(events: ExchangeEvents): void
  resume(): void
  pause(): void
  write(chunk: Buffer): boolean
  end(trailers: RawHeaders): void
  reset(code: number): void
}

/** A stream of HTTP/2 that has gone over to another protocol (RFC 8441), as a Duplex. */
export class Http2Tunnel extends Duplex implements ExchangeEvents {
  /** It was broken off, by whomever. */
  aborted = false
  readonly #stream: TunnelStream
  #writeDone: (() => void) | null = null
  #allDone: (() => void) | null = null
  #over = false

  constructor(stream: TunnelStream) {
    super({ highWaterMark: 64 * 1024, allowHalfOpen: true })
    this.#stream = stream
    stream.start(this)
  }

  /** By which code of RFC 9113 §7 it was broken off. */
  get rstCode(): number {
    return this.#stream.resetCode
  }

  /** Breaks it off. */
  close(code: number): void {
    this.aborted = true
    this.#stream.reset(code)
  }

  // Duplex

  override _read(): void {
    this.#stream.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#stream.write(chunk)) done()
    else this.#writeDone = done
  }

  /** Finished is what has left: a Duplex that has ended both ways destroys itself, and what still waits with it. */
  override _final(done: () => void): void {
    this.#allDone = done
    this.#stream.end([])
  }

  override _destroy(_error: Error | null, done: (error: Error | null) => void): void {
    this.#writeDone = null
    this.#allDone = null
    if (!this.#over) this.#stream.reset(ErrorCode.CANCEL)
    done(null)
  }

  // ExchangeEvents

  onBody(chunk: Buffer): void {
    if (!this.push(Buffer.from(chunk))) this.#stream.pause()
  }

  onBodyEnd(): void {
    this.push(null)
  }

  onDrain(): void {
    const done = this.#writeDone
    this.#writeDone = null
    done?.()
  }

  onClose(complete: boolean): void {
    this.#over = true
    if (complete) return this.#allDone?.()
    this.aborted = true
    this.destroy()
  }
}
