import type { ConnectionReader, Direction, ExchangeSink } from '../reader.js'
import { RecordKind, type OpenedConnection } from './records.js'

export interface ReadersOptions {
  /** Makes the reader of a connection. */
  reader(connection: OpenedConnection, sink: ExchangeSink): ConnectionReader
  /** What the reader's exchanges are made with. `connection` is asked for each. */
  begin(connection: OpenedConnection): ExchangeSink['begin']
  /** Up to this offset of a connection nothing is wanted. */
  skip(connection: number, direction: Direction, until: number): void
  /** A reader failed, which it should not: its connection is not read any more. */
  failed(error: unknown): void
}

interface Read {
  readonly reader: ConnectionReader
  readonly offsets: Record<Direction, number>
  readonly skips: Record<Direction, number>
}

/** Gives records to the readers of their connections. */
export class Readers {
  /** Bytes that came faster than they could be read. */
  missedBytes = 0
  readonly #options: ReadersOptions
  readonly #byNumber = new Map<number, Read>()

  constructor(options: ReadersOptions) {
    this.#options = options
  }

  /** Connections that are open. */
  get size(): number {
    return this.#byNumber.size
  }

  /** `content` is valid only until it returns. Throws nothing. */
  handle(kind: RecordKind, connection: number, atMs: number, content: Buffer): void {
    try {
      if (kind === RecordKind.open) this.#open(connection, JSON.parse(content.toString()) as OpenedConnection, atMs)
      else {
        const read = this.#byNumber.get(connection)
        if (read !== undefined) this.#give(read, kind, connection, atMs, content)
      }
    } catch (error) {
      this.#byNumber.delete(connection)
      this.#options.failed(error)
    }
  }

  #open(number: number, connection: OpenedConnection, atMs: number): void {
    const offsets = { 'to-upstream': 0, 'to-visitor': 0 }
    const skips = { 'to-upstream': 0, 'to-visitor': 0 }
    const reader = this.#options.reader(connection, {
      begin: this.#options.begin(connection),
      skip: (direction, bytes) => {
        const until = offsets[direction] + bytes
        if (until <= skips[direction]) return
        skips[direction] = until
        this.#options.skip(number, direction, until)
      },
    })
    this.#byNumber.set(number, { reader, offsets, skips })
    if (connection.isUnderWay) reader.missed('to-upstream', 1, atMs)
  }

  #give(read: Read, kind: RecordKind, number: number, atMs: number, content: Buffer): void {
    const { reader, offsets } = read
    switch (kind) {
      case RecordKind.toUpstream:
        offsets['to-upstream'] += content.length
        return reader.toUpstream(content, atMs)
      case RecordKind.toVisitor:
        offsets['to-visitor'] += content.length
        return reader.toVisitor(content, atMs)
      case RecordKind.skippedToUpstream:
        return miss(read, 'to-upstream', content, atMs)
      case RecordKind.skippedToVisitor:
        return miss(read, 'to-visitor', content, atMs)
      case RecordKind.lostToUpstream:
        this.missedBytes += countOf(content)
        return miss(read, 'to-upstream', content, atMs)
      case RecordKind.lostToVisitor:
        this.missedBytes += countOf(content)
        return miss(read, 'to-visitor', content, atMs)
      case RecordKind.endToUpstream:
        return reader.end('to-upstream', atMs)
      case RecordKind.endToVisitor:
        return reader.end('to-visitor', atMs)
      case RecordKind.close:
        this.#byNumber.delete(number)
        return reader.close(content.length === 0 ? null : content.toString(), atMs)
      case RecordKind.open:
    }
  }
}

function miss({ reader, offsets }: Read, direction: Direction, content: Buffer, atMs: number): void {
  const bytes = countOf(content)
  offsets[direction] += bytes
  reader.missed(direction, bytes, atMs)
}

/** The content may lie anywhere, as no Float64Array can. */
function countOf(content: Buffer): number {
  return LITTLE_ENDIAN ? content.readDoubleLE(0) : content.readDoubleBE(0)
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
