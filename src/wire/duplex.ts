import { Duplex } from 'node:stream'
import type { ByteStream } from './api.js'

const HIGH_WATER_MARK = 64 * 1024

/** Told of what passes a Duplex. Called synchronously; must not throw. */
export interface DuplexWatch {
  /** Bytes that the peer sent, and that went to it. */
  onBytes(received: number, sent: number): void
  /** The stream is over, with all of its bytes: exactly once. null: in good order. */
  onClose(error: Error | null): void
}

/**
 * A Node Duplex over a stream, for whatever is not on the hot path. Credit is given as the reader reads.
 * `end()` is half-close; `destroy()` before both sides are done is a reset. 'close' may come before the last bytes left.
 */
export function streamToDuplex(stream: ByteStream, watch: DuplexWatch | null = null): Duplex {
  let writeDone: (() => void) | null = null
  let unread = 0
  const duplex = new Duplex({
    highWaterMark: HIGH_WATER_MARK,
    allowHalfOpen: true,
    read() {
      if (unread === 0) return
      stream.consumed(unread)
      unread = 0
    },
    write(chunk: Buffer, _encoding, done) {
      watch?.onBytes(0, chunk.length)
      if (stream.write(chunk)) done()
      else writeDone = done
    },
    final(done) {
      stream.end()
      done()
    },
    destroy(error, destroyed) {
      // Once both sides are done, Node destroys the Duplex by itself; what is still queued leaves nevertheless.
      const done = error === null && duplex.writableFinished && duplex.readableEnded
      if (!done && !stream.closed) stream.reset(error)
      writeDone = null
      destroyed(error)
    },
  })
  stream.attach({
    onData(slice) {
      watch?.onBytes(slice.length, 0)
      if (duplex.push(slice)) stream.consumed(slice.length)
      else unread += slice.length
    },
    onEnd() {
      duplex.push(null)
    },
    onWritable() {
      const done = writeDone
      writeDone = null
      done?.()
    },
    onClose(error) {
      if (error !== null) duplex.destroy(error)
      watch?.onClose(error)
    },
  })
  return duplex
}
