import { isFieldValue } from '../core/http-fields.js'
import { DEFAULT_TABLE_SIZE, ENTRY_OVERHEAD } from './hpack-decoder.js'
import { STATIC_TABLE } from './static-table.js'

/** Fields of which nearly every value is another one: they would only push the others out of the table. */
const CHANGING: ReadonlySet<string> = new Set([
  ...['age', 'content-length', 'content-range', 'etag', 'last-modified', 'location', 'set-cookie'],
  ...['traceparent', 'tracestate', 'x-request-id'],
])
/** Fields that intermediaries must not put into tables either (RFC 7541 §7.1.3). */
const SECRET: ReadonlySet<string> = new Set(['set-cookie'])
/** An entry that is larger is not worth a place in the table. */
const LARGEST_ENTRY = DEFAULT_TABLE_SIZE / 4
/** Bytes that a field may take besides its text: a first octet and two lengths. */
const MOST_AROUND = 16
/** Spellings of names that are remembered. */
const MOST_SPELLINGS = 1_000
const LONGEST_SPELLING = 64

const INDEXED = 0x80
const WITH_INDEXING = 0x40
const NEVER_INDEXED = 0x10
const NEW_SIZE = 0x20

/** A name as it is written, and what is known of it once for all. */
interface Name {
  readonly lower: string
  /** The first entry of the static table with it; 0: none. */
  readonly index: number
  readonly changing: boolean
  readonly secret: boolean
}

/** An entry of the dynamic table. */
interface Entry {
  readonly name: string
  readonly value: string
  /** How many entries there were before it. */
  readonly number: number
  readonly size: number
}

/**
 * The encoder of one direction of an HTTP/2 connection (RFC 7541). It writes text as it is: what Huffman would save of
 * the few strings that no table has costs more than it is worth here.
 */
export class HpackEncoder {
  /** The newest last. */
  readonly #entries: Entry[] = []
  /** For each name, the newest entry of each value; the newest of all under `#newest`. */
  readonly #values = new Map<string, Map<string, Entry>>()
  readonly #newest = new Map<string, Entry>()
  #count = 0
  #bytes = 0
  #size = DEFAULT_TABLE_SIZE
  /** The smallest size since the last block, which has to be told with the next one; null: it has not changed. */
  #told: number | null = null

  /** The receiver allows tables of so many bytes (SETTINGS_HEADER_TABLE_SIZE). */
  allow(size: number): void {
    const next = Math.min(size, DEFAULT_TABLE_SIZE)
    if (next === this.#size) return
    this.#told = Math.min(next, this.#told ?? next)
    this.#size = next
    this.#evict(0)
  }

  /**
   * Encodes an answer's head, or trailers (`status` 0): name, value, name, value… of any letter case. Characters that may
   * not stand in them, controls and those above U+00FF among them, become `?`: cut to a byte, they could end a field. The
   * bytes are valid until the next call of any encoder.
   */
  encode(status: number, fields: readonly string[]): Buffer {
    written = 0
    if (this.#told !== null) this.#tellSize()
    if (status !== 0) this.#status(status)
    for (let i = 0; i + 1 < fields.length; i += 2) this.#field(nameOf(fields[i]!), fields[i + 1]!)
    return out.subarray(0, written)
  }

  #tellSize(): void {
    ensure(MOST_AROUND)
    // A table that was smaller for a while has lost what it had (RFC 7541 §4.2).
    if (this.#told! < this.#size) writeInteger(NEW_SIZE, 5, this.#told!)
    writeInteger(NEW_SIZE, 5, this.#size)
    this.#told = null
  }

  #status(status: number): void {
    const index = STATUSES.get(status)
    ensure(MOST_AROUND)
    if (index !== undefined) out[written++] = INDEXED | index
    else this.#field(STATUS, String(status))
  }

  #field(name: Name, text: string): void {
    const value = isFieldValue(text) ? text : text.replaceAll(NOT_IN_VALUE, '?')
    ensure(name.lower.length + value.length + MOST_AROUND)
    const { lower } = name
    const same = name.changing ? undefined : this.#values.get(lower)?.get(value)
    if (same !== undefined) return writeInteger(INDEXED, 7, this.#indexOf(same))
    const named = name.index !== 0 ? undefined : this.#newest.get(lower)
    const index = named === undefined ? name.index : this.#indexOf(named)
    const size = lower.length + value.length + ENTRY_OVERHEAD
    // A name that no table has is worth an entry, whatever its value.
    const adds = !name.secret && (!name.changing || index === 0) && size <= Math.min(LARGEST_ENTRY, this.#size)
    if (adds) writeInteger(WITH_INDEXING, 6, index)
    else writeInteger(name.secret ? NEVER_INDEXED : 0, 4, index)
    if (index === 0) writeString(lower)
    writeString(value)
    if (adds) this.#add(lower, value, size)
  }

  #indexOf({ number }: Entry): number {
    return STATIC_TABLE.length + this.#count - number
  }

  #add(name: string, text: string, size: number): void {
    this.#evict(size)
    const value = ownCopy(text)
    const entry: Entry = { name, value, number: this.#count++, size }
    this.#entries.push(entry)
    this.#bytes += size
    let values = this.#values.get(name)
    if (values === undefined) this.#values.set(name, (values = new Map<string, Entry>()))
    values.set(value, entry)
    this.#newest.set(name, entry)
  }

  /** Makes room for an entry of `size`. */
  #evict(size: number): void {
    while (this.#bytes + size > this.#size && this.#entries.length > 0) {
      const entry = this.#entries.shift()!
      this.#bytes -= entry.size
      const values = this.#values.get(entry.name)!
      if (values.get(entry.value) === entry) values.delete(entry.value)
      if (values.size === 0) this.#values.delete(entry.name)
      if (this.#newest.get(entry.name) === entry) this.#newest.delete(entry.name)
    }
  }
}

/** The block that is being written: one at a time, of all encoders. */
let out = Buffer.allocUnsafe(16 * 1024)
let written = 0

function ensure(bytes: number): void {
  if (written + bytes <= out.length) return
  const grown = Buffer.allocUnsafe(2 * (written + bytes))
  out.copy(grown, 0, 0, written)
  out = grown
}

/** RFC 7541 §5.1 */
function writeInteger(flags: number, prefix: number, value: number): void {
  const most = (1 << prefix) - 1
  if (value < most) {
    out[written++] = flags | value
    return
  }
  out[written++] = flags | most
  let rest = value - most
  for (; rest >= 0x80; rest >>>= 7) out[written++] = (rest & 0x7f) | 0x80
  out[written++] = rest
}

/** RFC 7541 §5.2 */
function writeString(text: string): void {
  writeInteger(0, 7, text.length)
  written += out.write(text, written, 'latin1')
}

/** The same text without the one that it was cut out of, which it would keep in memory. */
function ownCopy(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

const NOT_IN_NAME = /[^\x21-\x7e]/g
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/g

const STATUSES = new Map<number, number>()
const STATIC_NAMES = new Map<string, number>()
for (const [i, [name, value]] of STATIC_TABLE.entries()) {
  if (name === ':status') STATUSES.set(Number(value), i + 1)
  if (!STATIC_NAMES.has(name)) STATIC_NAMES.set(name, i + 1)
}

const spellings = new Map<string, Name>()
const STATUS = nameOf(':status')

function nameOf(spelling: string): Name {
  const known = spellings.get(spelling)
  if (known !== undefined) return known
  const own = ownCopy(spelling.replaceAll(NOT_IN_NAME, '?'))
  const lower = own.toLowerCase()
  const name: Name = {
    lower,
    index: STATIC_NAMES.get(lower) ?? 0,
    changing: CHANGING.has(lower),
    secret: SECRET.has(lower),
  }
  if (spelling.length > LONGEST_SPELLING) return name
  if (spellings.size >= MOST_SPELLINGS) spellings.clear()
  spellings.set(own, name)
  return name
}
