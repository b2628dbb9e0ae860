/** Numbers from a seed: xorshift128 (Marsaglia 2003). The same seed gives the same numbers on every machine. */
export class Random {
  readonly #state: Uint32Array

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed, 0x9e3779b9, 0x243f6a88, 0xb7e15162)
    for (let i = 0; i < 16; i++) this.u32()
  }

  u32(): number {
    const s = this.#state
    let mixed = s[3]!
    mixed ^= mixed << 11
    mixed ^= mixed >>> 8
    s[3] = s[2]!
    s[2] = s[1]!
    s[1] = s[0]!
    s[0] = mixed ^ s[0]! ^ (s[0]! >>> 19)
    return s[0]
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.u32() / 0x1_0000_0000) * limit)
  }

  chance(probability: number): boolean {
    return this.u32() < probability * 0x1_0000_0000
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let i = 0; i < length; i++) bytes[i] = this.u32()
    return bytes
  }
}
