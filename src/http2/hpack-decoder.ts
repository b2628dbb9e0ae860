import { decodeHuffman } from './huffman.js'
import { STATIC_TABLE, type HeaderField } from './static-table.js'

/** A field block that is none: the tables of both ends differ from now on, nothing more can be read. */
export class HpackError extends Error {}

/** RFC 7541 §4.1 */
export const ENTRY_OVERHEAD = 32
/** RFC 9113 §6.5.2: what a decoder allows before it says otherwise. */
export const DEFAULT_TABLE_SIZE = 4096
/** Integers are table indexes, lengths and sizes; none that is larger is worth reading. */
const LARGEST_INTEGER = 0xffffff
const NOTHING = Buffer.alloc(0)

/** The decoder of one direction of an HTTP/2 connection (RFC 7541). Text is latin1. */
export class HpackDecoder {
  /** The newest first. */
  readonly #dynamic: HeaderField[] = []
  #bytes = 0
  #size = DEFAULT_TABLE_SIZE
  /** What the receiver of the blocks has allowed (SETTINGS_HEADER_TABLE_SIZE). */
  #allowed = DEFAULT_TABLE_SIZE
  #block: Buffer = NOTHING
  #at = 0
  #end = 0

  /** The receiver of the blocks allows tables of so many bytes. */
  allow(size: number): void {
    this.#allowed = size
  }

  /**
   * The fields of a whole block, `bytes[start, end)`; null: they are larger than `most`, 32 bytes for each counted besides
   * name and value (RFC 9113 §6.5.2), and others can be read after them. Throws HpackError: nothing can.
   */
  decode(bytes: Buffer, start: number, end: number, most: number): HeaderField[] | null {
    this.#block = bytes
    this.#at = start
    this.#end = end
    this.#resize()
    const fields: HeaderField[] = []
    let size = 0
    while (this.#at < end) {
      const field = this.#field(bytes[this.#at]!)
      size += field[0].length + field[1].length + ENTRY_OVERHEAD
      if (size <= most) fields.push(field)
    }
    // It may lie in what a socket was read into.
    this.#block = NOTHING
    return size <= most ? fields : null
  }

  /** Changes of the table's size, which stand in front of all fields (RFC 7541 §4.2, §6.3). */
  #resize(): void {
    while (this.#at < this.#end && (this.#block[this.#at]! & 0xe0) === 0x20) {
      const size = this.#integer(5)
      if (size > this.#allowed) throw new HpackError(`a table of ${size} bytes, where ${this.#allowed} are allowed`)
      this.#size = size
      this.#evict()
    }
  }

  /** RFC 7541 §6.1, §6.2 */
  #field(first: number): HeaderField {
    if (first & 0x80) return this.#entry(this.#integer(7))
    if (first & 0x40) {
      const field = this.#literal(6)
      this.#add(field)
      return field
    }
    if (first & 0x20) throw new HpackError('the size of the table changes behind a field')
    return this.#literal(4)
  }

  #literal(prefix: number): HeaderField {
    const index = this.#integer(prefix)
    const name = index === 0 ? this.#string() : this.#entry(index)[0]
    return [name, this.#string()]
  }

  #entry(index: number): HeaderField {
    const entry =
      index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : this.#dynamic[index - STATIC_TABLE.length - 1]
    if (entry === undefined) throw new HpackError(`no field has the index ${index}`)
    return entry
  }

  #add(field: HeaderField): void {
    this.#dynamic.unshift(field)
    this.#bytes += field[0].length + field[1].length + ENTRY_OVERHEAD
    this.#evict()
  }

  #evict(): void {
    while (this.#bytes > this.#size) {
      const [name, value] = this.#dynamic.pop()!
      this.#bytes -= name.length + value.length + ENTRY_OVERHEAD
    }
  }

  /** RFC 7541 §5.1 */
  #integer(prefix: number): number {
    const most = (1 << prefix) - 1
    let value = this.#octet() & most
    if (value < most) return value
    for (let shift = 0; ; shift += 7) {
      const octet = this.#octet()
      value += (octet & 0x7f) * 2 ** shift
      if (value > LARGEST_INTEGER || shift > 28) throw new HpackError('an integer is too large')
      if (octet < 0x80) return value
    }
  }

  /** RFC 7541 §5.2 */
  #string(): string {
    const huffman = this.#at < this.#end && this.#block[this.#at]! >= 0x80
    const length = this.#integer(7)
    const start = this.#at
    const end = start + length
    if (end > this.#end) throw new HpackError('a string is longer than its block')
    this.#at = end
    if (!huffman) return this.#block.toString('latin1', start, end)
    const text = decodeHuffman(this.#block, start, end)
    if (text === null) throw new HpackError('a string is no Huffman code')
    return text
  }

  #octet(): number {
    if (this.#at >= this.#end) throw new HpackError('the block ends too soon')
    return this.#block[this.#at++]!
  }
}
