import { ReadingBudget } from './reading-budget.js'
import { HEAD_BYTES, RecordWriter, type RecordKind } from './records.js'

/** Memory of one batch, and how many there are: what is under way to the reading thread is bounded by their product. */
export const BATCH_BYTES = 256 * 1024
export const MOST_BATCHES = 64
/** A batch that is not full leaves after this time, ms. */
const BATCH_MS = 5

/** Takes a batch over: `used` bytes of records. */
export type SendBatch = (buffer: ArrayBuffer, used: number) => void

/** Puts records into batches, and sends each once it is full or a few milliseconds old. Memory is used again and again. */
export class Batches {
  readonly #send: SendBatch
  readonly #free: ArrayBuffer[] = []
  readonly #reading = new ReadingBudget(performance.now())
  #made = 0
  #current: RecordWriter | null = null
  #sent = 0
  #read = 0
  #stopped = false
  readonly #timer: NodeJS.Timeout

  constructor(send: SendBatch) {
    this.#send = send
    this.#timer = setTimeout(() => this.flush(), BATCH_MS)
    this.#timer.unref()
  }

  /** Copies what there is room for; returns how many bytes of the content that is: a long one may take several records. */
  write(kind: RecordKind, connection: number, atMs: number, content: Uint8Array, start: number, end: number): number {
    let at = start
    do {
      const writer = this.#roomFor(Math.min(end - at, MIN_PIECE))
      if (writer === null) break
      const next = Math.min(end, at + writer.room)
      writer.write(kind, connection, atMs, content, at, next)
      at = next
    } while (at < end)
    return at - start
  }

  /** Writes a record whole, or not at all (false). The content must be far smaller than a batch. */
  writeWhole(kind: RecordKind, connection: number, atMs: number, content: Uint8Array): boolean {
    const writer = this.#roomFor(content.length)
    writer?.write(kind, connection, atMs, content, 0, content.length)
    return writer !== null
  }

  /** More is under way, or was read, than is well: nothing should be begun of which the rest may find no room. */
  get isCrowded(): boolean {
    return this.written - this.#read > MOST_BATCHES / 2 || this.#reading.isSpent(performance.now())
  }

  /** Batches that were read. */
  get read(): number {
    return this.#read
  }

  /** What `read` will be, at least, once all that was written is read. */
  get written(): number {
    return this.#current === null ? this.#sent : this.#sent + 1
  }

  /** Sends what there is. */
  flush(): void {
    const current = this.#current
    this.#current = null
    if (current === null) return
    this.#sent++
    this.#send(current.buffer, current.used)
  }

  /** The memory of a batch; to read it took so much of a processor. */
  giveBack(buffer: ArrayBuffer, tookMs: number): void {
    this.#read++
    this.#free.push(buffer)
    this.#reading.spend(tookMs)
  }

  /** There is room for nothing from now on. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#stopped = true
    this.#current = null
  }

  #roomFor(bytes: number): RecordWriter | null {
    if (this.#current !== null && this.#current.room < bytes) this.flush()
    return (this.#current ??= this.#take())
  }

  #take(): RecordWriter | null {
    if (this.#stopped) return null
    let buffer = this.#free.pop()
    if (buffer === undefined) {
      if (this.#made === MOST_BATCHES) return null
      this.#made++
      buffer = new ArrayBuffer(BATCH_BYTES)
    }
    this.#timer.refresh()
    return new RecordWriter(buffer)
  }
}

/** A piece of a long content that is worth a record. */
const MIN_PIECE = 64 * HEAD_BYTES
