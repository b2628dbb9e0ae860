import type { RawHeaders } from '../../proxy/http/api.js'
import { ChunkedDecoder } from '../../proxy/http/chunked.js'
import { OBSERVED } from './observed.js'

const MAX_TRAILERS = 64 * 1024

/** How a body ends (RFC 9112 §6). */
export type BodyFraming = number | 'chunked' | 'until-close'

export interface BodySink {
  onBody(slice: Buffer): void
}

/** Takes a body out of the bytes of a connection. */
export class BodyCutter {
  /** Not null: it is over. */
  trailers: RawHeaders | null = null
  #left: number
  readonly #chunks: ChunkedDecoder | null

  constructor(framing: BodyFraming) {
    this.#left = typeof framing === 'number' ? framing : Infinity
    this.#chunks = framing === 'chunked' ? new ChunkedDecoder(MAX_TRAILERS, OBSERVED) : null
  }

  /** Bytes that are surely still of the body; Infinity: all that come. */
  get left(): number {
    return this.#chunks === null ? this.#left : 0
  }

  /** It ends with the connection. */
  get endsWithConnection(): boolean {
    return this.#chunks === null && this.#left === Infinity
  }

  /** Takes bytes of `slice` from `from` on; returns where the body ends, or the slice. Throws ProtocolError. */
  push(slice: Buffer, from: number, sink: BodySink): number {
    const chunks = this.#chunks
    if (chunks !== null) {
      let at = from
      while (at < slice.length && chunks.trailers === null) at = chunks.push(slice, at, sink)
      this.trailers = chunks.trailers
      return at
    }
    const end = Math.min(slice.length, from + this.#left)
    sink.onBody(slice.subarray(from, end))
    this.#pass(end - from)
    return end
  }

  /** So many bytes were not seen. False: they are not surely of the body. */
  missed(bytes: number): boolean {
    if (bytes > this.left) return false
    this.#pass(bytes)
    return true
  }

  #pass(bytes: number): void {
    this.#left -= bytes
    if (this.#left === 0) this.trailers = []
  }
}
