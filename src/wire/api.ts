import type { Stream } from './stream.js'

/**
 * Who consumes a stream. Methods are called synchronously from the carrier's read; they must not throw.
 * Set once, with `stream.attach(handler)`; bytes that came before wait inside the window.
 */
export interface StreamHandler {
  /**
   * Bytes of the peer, in order. The slice may be kept, but it pins the read slab (up to 256 KiB) behind it: copy a
   * small one that has to wait. It is never overwritten, unless the receiver allows that: with `giveBack`, once it will
   * not look at the slice any more, so that its memory may be read into again.
   * The receiver must call `stream.consumed(n)` for every byte, once it has truly left (that is what gives credit).
   */
  onData(slice: Buffer, stream: Stream): void
  /** The peer's FIN; every byte before it has been given to `onData`. Writing may go on (half-close). */
  onEnd(stream: Stream): void
  /** There is room again, after a `write` that returned false. */
  onWritable(stream: Stream): void
  /** Called exactly once, last: both directions are finished (error null) or the stream was reset or lost. */
  onClose(error: Error | null, stream: Stream): void
}
