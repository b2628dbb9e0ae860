import type { Refusal, WebhookCheck } from '../../access/visitor-rules/index.js'
import type { RawHeaders, UpstreamRequest } from './api.js'

/** Bytes that are handed to an upstream at once. */
const SLICE = 64 * 1024

/** The body of a request that must be whole and verified before anything of it is sent. It can be sent again. */
export class KeptBody {
  readonly #check: WebhookCheck
  #bytes: Buffer | null = null
  #trailers: RawHeaders = []
  #sent = 0
  #ended = false

  constructor(check: WebhookCheck) {
    this.#check = check
  }

  /** What was verified; null: it is not whole. */
  get bytes(): Buffer | null {
    return this.#bytes
  }

  /** Those that came behind it. */
  get trailers(): RawHeaders {
    return this.#trailers
  }

  /** Takes the next bytes, by copy. Not null: it is refused. */
  push(chunk: Buffer): Refusal | null {
    return this.#check.push(chunk)
  }

  /** It is whole. Not null: it is refused. */
  end(trailers: RawHeaders): Refusal | null {
    const result = this.#check.end()
    if (!Buffer.isBuffer(result)) return result
    this.#bytes = result
    this.#trailers = trailers
    return null
  }

  /** Sends it from its start. */
  send(request: UpstreamRequest, trailersOf: (trailers: RawHeaders) => RawHeaders): void {
    this.#sent = 0
    this.#ended = false
    this.goOn(request, trailersOf)
  }

  /** There is room again. */
  goOn(request: UpstreamRequest, trailersOf: (trailers: RawHeaders) => RawHeaders): void {
    const bytes = this.#bytes
    if (bytes === null || this.#ended) return
    while (this.#sent < bytes.length) {
      const slice = bytes.subarray(this.#sent, this.#sent + SLICE)
      this.#sent += slice.length
      if (!request.write(slice)) return
    }
    this.#ended = true
    request.end(trailersOf(this.#trailers))
  }

  /** Gives its memory back. `delivered`: the upstream answered, with a status below 500. */
  close(delivered: boolean): void {
    this.#bytes = null
    this.#check.close(delivered)
  }
}
