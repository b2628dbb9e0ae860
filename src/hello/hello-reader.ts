/** Why bytes are no ClientHello; never leaves this room. */
export class MalformedHello extends Error {}

/** Reads big-endian fields one after another; throws `MalformedHello` where a field goes beyond the end. */
export class HelloReader {
  #at = 0

  constructor(readonly bytes: Uint8Array) {}

  /** Bytes not yet read. */
  get left(): number {
    return this.bytes.length - this.#at
  }

  u8(what: string): number {
    return this.#take(1, what)[0]!
  }

  u16(what: string): number {
    const [high, low] = this.#take(2, what)
    return (high! << 8) | low!
  }

  skip(length: number, what: string): void {
    this.#take(length, what)
  }

  /** A vector with one byte of length, RFC 8446 §3.4. */
  vector8(what: string): Uint8Array {
    return this.#take(this.u8(what), what)
  }

  /** A vector with two bytes of length. */
  vector16(what: string): Uint8Array {
    return this.#take(this.u16(what), what)
  }

  #take(length: number, what: string): Uint8Array {
    if (length > this.left) throw new MalformedHello(`${what} goes beyond the end`)
    const slice = this.bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return slice
  }
}
