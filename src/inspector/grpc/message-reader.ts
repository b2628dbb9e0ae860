import { Parts } from '../record/parts.js'

/** One length-prefixed message (gRPC over HTTP/2, "Length-Prefixed-Message"), with as much of it as is kept. */
export interface GrpcFrame {
  /** Its first octet; 1: compressed. */
  readonly flags: number
  /** All of it. */
  readonly bytes: number
  /** Its first bytes, as they were sent; owned by the receiver. */
  readonly payload: Buffer
}

const PREFIX = 5

/** Cuts one direction of a call into messages, in any pieces. Anything is a message: what is none looks like a long one. */
export class GrpcMessageReader {
  #most: number
  readonly #onMessage: (frame: GrpcFrame) => void
  readonly #prefix = Buffer.alloc(PREFIX)
  #prefixBytes = 0
  #left = 0
  readonly #kept = new Parts()

  /** @param most bytes of one message that are kept */
  constructor(most: number, onMessage: (frame: GrpcFrame) => void) {
    this.#most = most
    this.#onMessage = onMessage
  }

  /** Whether the direction is in the midst of a message. */
  get broken(): boolean {
    return this.#prefixBytes > 0
  }

  /** Memory that is taken, bytes. */
  get cost(): number {
    return this.#kept.cost
  }

  /** Nothing of messages is kept from here on. */
  keepNothing(): void {
    this.#most = 0
    this.#kept.take()
  }

  /** Copies what it keeps of `bytes`. */
  push(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#prefixBytes < PREFIX) {
        const taken = bytes.copy(this.#prefix, this.#prefixBytes, at, at + PREFIX - this.#prefixBytes)
        this.#prefixBytes += taken
        at += taken
        if (this.#prefixBytes < PREFIX) return
        this.#left = this.#prefix.readUInt32BE(1)
      } else {
        const end = Math.min(bytes.length, at + this.#left)
        this.#keep(bytes.subarray(at, end))
        this.#left -= end - at
        at = end
      }
      if (this.#left === 0) this.#finish()
    }
  }

  #keep(part: Buffer): void {
    const wanted = Math.min(part.length, this.#most - this.#kept.bytes)
    if (wanted > 0) this.#kept.push(part.subarray(0, wanted))
  }

  #finish(): void {
    const payload = this.#kept.take()
    this.#prefixBytes = 0
    this.#onMessage({ flags: this.#prefix[0]!, bytes: this.#prefix.readUInt32BE(1), payload })
  }
}
