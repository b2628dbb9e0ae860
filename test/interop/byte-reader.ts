import type { Readable } from 'node:stream'

/** Reads a stream in pieces of our choosing; what is not asked for stays in the stream. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(from: Readable) {
    this.#chunks = from.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  }

  /** The next at most `most` bytes, as they come; null at the end. */
  async some(most = Infinity): Promise<Buffer | null> {
    if (this.#rest.length === 0) {
      const next = await this.#chunks.next()
      if (next.done) return null
      this.#rest = next.value
    }
    const piece = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(piece.length)
    return piece
  }

  /** Exactly `length` bytes. */
  async exactly(length: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let left = length; left > 0;) {
      const piece = await this.some(left)
      if (piece === null) throw new Error(`the stream ended ${left} bytes early`)
      pieces.push(piece)
      left -= piece.length
    }
    return Buffer.concat(pieces)
  }

  /** Up to a line feed, which is taken away. */
  async line(): Promise<string> {
    let line = ''
    for (let byte = await this.exactly(1); byte[0] !== 0x0a; byte = await this.exactly(1))
      line += byte.toString('latin1')
    return line
  }

  /** Everything up to the end. */
  async all(): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let piece = await this.some(); piece !== null; piece = await this.some()) pieces.push(piece)
    return Buffer.concat(pieces)
  }
}
