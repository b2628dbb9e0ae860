import { Duplex } from 'node:stream'
import type { ByteStream, StreamHandler } from '../../wire/index.js'

/**
 * A Node Duplex that is there before its stream: it is the handler with which the stream is opened. Credit is given as
 * the reader reads. 'close' comes when the stream is over.
 */
export class StreamDuplex extends Duplex implements StreamHandler<ByteStream> {
  /** Why the stream is over; null: in good order. */
  reason: Error | null = null
  #stream: ByteStream | null = null
  #writeDone: (() => void) | null = null
  #unread = 0

  constructor() {
    super({ highWaterMark: 64 * 1024, allowHalfOpen: true })
  }

  /** The stream that was opened; nothing may be written before. */
  use(stream: ByteStream): void {
    this.#stream = stream
  }

  // Duplex

  override _read(): void {
    if (this.#unread === 0) return
    const bytes = this.#unread
    this.#unread = 0
    this.#stream?.consumed(bytes)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.#stream?.write(chunk) !== false) done()
    else this.#writeDone = done
  }

  override _final(done: () => void): void {
    this.#stream?.end()
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.#stream?.closed === false) this.#stream.reset(error)
    this.#writeDone = null
    done(null)
  }

  // StreamHandler

  onData(slice: Buffer, stream: ByteStream): void {
    this.#stream ??= stream
    if (this.push(slice)) stream.consumed(slice.length)
    else this.#unread += slice.length
  }

  onEnd(): void {
    this.push(null)
  }

  onWritable(): void {
    const done = this.#writeDone
    this.#writeDone = null
    done?.()
  }

  onClose(error: Error | null): void {
    this.reason = error
    if (error !== null) this.destroy()
  }
}
