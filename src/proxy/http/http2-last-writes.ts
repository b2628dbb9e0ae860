import type { ServerHttp2Stream } from 'node:http2'
import { Duplex } from 'node:stream'

/**
 * Ends the streams of one connection with their last bytes. nghttp2 closes a stream when these leave, and Node destroys
 * it then, before it hears that they have left: it makes an error with a whole stack trace for a callback that nobody
 * gave (docs/decisions/http2-last-bytes.md). So the stream is destroyed after that.
 */
export class LastWrites {
  /** Closed streams that are to be destroyed once their last bytes have left. */
  readonly #closed = new Set<ServerHttp2Stream>()
  readonly #destroy: ServerHttp2Stream['destroy']

  constructor() {
    const closed = this.#closed
    this.#destroy = function (this: ServerHttp2Stream, error?: Error | null) {
      if ((error ?? null) === null && isLeaving(this)) {
        closed.add(this)
        return this
      }
      closed.delete(this)
      return destroyNow(this, error)
    }
  }

  /** Ends `stream` with `chunk`, which is Node's from now on. */
  end(stream: ServerHttp2Stream, chunk: Buffer): void {
    stream.end(chunk)
    stream.destroy = this.#destroy
  }

  /** To be called now and then: of a stream that the visitor reset without an error, the last bytes never leave. */
  look(): void {
    for (const stream of this.#closed) destroyNow(stream, null)
    this.#closed.clear()
  }
}

function isLeaving({ closed, rstCode, writableFinished, session }: ServerHttp2Stream): boolean {
  return closed && rstCode === 0 && !writableFinished && session?.destroyed === false
}

function destroyNow(stream: ServerHttp2Stream, error: Error | null | undefined): ServerHttp2Stream {
  return Duplex.prototype.destroy.call(stream, error ?? undefined) as ServerHttp2Stream
}
