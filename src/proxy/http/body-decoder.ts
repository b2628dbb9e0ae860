import type { RawHeaders } from './api.js'

/** Takes a body out of the bytes of a connection. */
export interface BodyDecoder {
  /** Once the body is whole: its trailer section. */
  readonly trailers: RawHeaders | null
  /**
   * Takes the bytes of `slice` from `from` on as far as it has given one piece of the body (a slice of it), and returns
   * where it stopped: there, or where the body or the slice ended. Throws what the source says of malformed messages.
   */
  push(slice: Buffer, from: number, sink: { onBody(slice: Buffer): void }): number
}

/** A body of so many bytes (`Content-Length`), at least one. */
export class SizedDecoder implements BodyDecoder {
  trailers: RawHeaders | null = null
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  push(slice: Buffer, from: number, sink: { onBody(slice: Buffer): void }): number {
    const end = Math.min(slice.length, from + this.#left)
    this.#left -= end - from
    if (this.#left === 0) this.trailers = NONE
    sink.onBody(from === 0 && end === slice.length ? slice : slice.subarray(from, end))
    return end
  }
}

const NONE: RawHeaders = []
