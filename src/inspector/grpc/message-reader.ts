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
const SMALL = 4_096

/** Cuts one direction of a call into messages, in any pieces. Anything is a message: what is none looks like a long one. */
export class GrpcMessageReader {
  readonly #most: number
  readonly #onMessage: (frame: GrpcFrame) => void
  readonly #prefix = Buffer.alloc(PREFIX)
  #prefixBytes = 0
  #left = 0
  #kept: Buffer[] = []
  #keptBytes = 0

  /** @param most bytes of one message that are kept */
  constructor(most: number, onMessage: (frame: GrpcFrame) => void) {
    this.#most = most
    this.#onMessage = onMessage
  }

  /** Whether the direction is in the midst of a message. */
  get broken(): boolean {
    return this.#prefixBytes > 0
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
    const wanted = Math.min(part.length, this.#most - this.#keptBytes)
    if (wanted <= 0) return
    const kept = part.subarray(0, wanted)
    const last = this.#kept.at(-1)
    // Small parts are put together, or a message of single bytes would cost an object for each.
    if (last !== undefined && last.length < SMALL) this.#kept[this.#kept.length - 1] = Buffer.concat([last, kept])
    else this.#kept.push(Buffer.from(kept))
    this.#keptBytes += wanted
  }

  #finish(): void {
    const payload = this.#kept.length === 1 ? this.#kept[0]! : Buffer.concat(this.#kept)
    this.#prefixBytes = 0
    this.#kept = []
    this.#keptBytes = 0
    this.#onMessage({ flags: this.#prefix[0]!, bytes: this.#prefix.readUInt32BE(1), payload })
  }
}
