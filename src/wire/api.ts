import type { Carrier } from './carrier.js'
import type { Stream } from './stream.js'

/**
 * What its consumer does with a stream: with one of a session, or with what stands in for one, such as a socket to an
 * upstream that is dialled here.
 */
export interface ByteStream extends Pick<
  Stream,
  'closed' | 'gate' | 'write' | 'writeSlab' | 'writeCopy' | 'end' | 'reset' | 'consumed'
> {
  attach(handler: StreamHandler<ByteStream>): void
}

/**
 * Who consumes a stream. Methods are called synchronously from the carrier's read; they must not throw.
 * Set once, with `stream.attach(handler)`; bytes that came before wait inside the window.
 */
export interface StreamHandler<S = Stream> {
  /**
   * Bytes of the peer, in order. The slice may be kept, but it pins the read slab (up to 256 KiB) behind it: copy a
   * small one that has to wait. It is never overwritten, unless the receiver allows that: with `giveBack`, once it will
   * not look at the slice any more, so that its memory may be read into again.
   * The receiver must call `stream.consumed(n)` for every byte, once it has truly left (that is what gives credit).
   */
  onData(slice: Buffer, stream: S): void
  /** The peer's FIN; every byte before it has been given to `onData`. Writing may go on (half-close). */
  onEnd(stream: S): void
  /** There is room again, after a `write` that returned false. */
  onWritable(stream: S): void
  /** Called exactly once, last: both directions are finished (error null) or the stream was reset or lost. */
  onClose(error: Error | null, stream: S): void
}

/** Who decides, beside the room that a stream has, whether its writer may go on. */
export interface WriteGate {
  /**
   * So many bytes were written, and the stream has room for more (`hasRoom`) or not. The answer is what `write` returns:
   * with false, `onWritable` of the writer has to be called in time, also after the stream has called it itself.
   */
  take(bytes: number, hasRoom: boolean): boolean
}

/** What a session tells its owner. Called synchronously; must not throw. */
export interface SessionEvents {
  /** The peer opened a stream: `attach` a handler to it, now or later (its bytes wait inside the window). */
  onStream(stream: Stream): void
  /** A carrier is gone; its streams have been closed, or go on over others. */
  onCarrierClose?(carrier: Carrier, error: Error | null): void
  /** The last carrier is gone, and one more is waited for (`resumeTimeoutMs`). */
  onHold?(error: Error | null): void
  /** It came. */
  onResume?(): void
  /** The peer wants no new streams: on one of several carriers, or at all (`last`). */
  onGoAway?(code: number, last: boolean): void
  /** Exactly once: no carrier is left, nor waited for. */
  onClose(error: Error | null): void
}

/** Plain counters of a session. Bytes are payload bytes. */
export interface SessionStats {
  bytesIn: number
  bytesOut: number
  streams: number
  streamsOpened: number
  streamsAccepted: number
  carriers: number
  /** Received and not yet consumed. */
  unconsumed: number
  /** Of these: come over several carriers, and waiting for what stands in front of them. */
  reordering: number
  /** Given to sockets and not yet taken by them. */
  pending: number
  /** Window above the guaranteed 256 KiB of each stream. */
  windowBorrowed: number
  /** Sent, not known to have arrived, and kept to be sent again. */
  kept: number
  /** Sent again, over other carriers. */
  sentAgain: number
  /** Carriers that are lost and not yet made good; those that ever were, and the streams that went on without them. */
  lostCarriers: number
  carriersLost: number
  streamsMoved: number
}
