import type { Direction } from '../reader.js'

/**
 * What happened on connections, one record behind the other, as it goes from the thread that moves bytes to the one that
 * reads them. A record is 24 bytes and its content, padded to a multiple of 8: kind and connection (uint32 each), time
 * (float64, ms), length of the content (uint32), 4 bytes of nothing. The byte order is that of the machine.
 */
export const RecordKind = {
  /** A connection, as JSON: `OpenedConnection`. */
  open: 1,
  toUpstream: 2,
  toVisitor: 3,
  /** So many bytes (float64) passed that were not wanted; or that there was no room for. */
  skippedToUpstream: 4,
  skippedToVisitor: 5,
  lostToUpstream: 6,
  lostToVisitor: 7,
  endToUpstream: 8,
  endToVisitor: 9,
  /** Why it was cut; empty: in good order. */
  close: 10,
} as const
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind]

/** A connection whose bytes are told of. */
export interface OpenedConnection {
  readonly tunnel: string
  /** The address of who opened it, without its port. */
  readonly visitor: string
  readonly protocol: 'http1' | 'http2'
  /** Some of it passed before. */
  readonly isUnderWay: boolean
}

export const HEAD_BYTES = 24

/** Kinds of what goes in one direction. */
export const KINDS = {
  'to-upstream': {
    bytes: RecordKind.toUpstream,
    skipped: RecordKind.skippedToUpstream,
    lost: RecordKind.lostToUpstream,
    end: RecordKind.endToUpstream,
  },
  'to-visitor': {
    bytes: RecordKind.toVisitor,
    skipped: RecordKind.skippedToVisitor,
    lost: RecordKind.lostToVisitor,
    end: RecordKind.endToVisitor,
  },
} as const satisfies Record<Direction, Record<string, RecordKind>>

/** Writes records into one block of memory. */
export class RecordWriter {
  readonly buffer: ArrayBuffer
  /** Bytes that are written. */
  used = 0
  readonly #bytes: Buffer
  readonly #words: Uint32Array
  readonly #floats: Float64Array

  constructor(buffer: ArrayBuffer) {
    this.buffer = buffer
    this.#bytes = Buffer.from(buffer)
    this.#words = new Uint32Array(buffer)
    this.#floats = new Float64Array(buffer)
  }

  /** The longest content that there is room for; negative: none. */
  get room(): number {
    return this.#bytes.length - this.used - HEAD_BYTES
  }

  /** There must be room. */
  write(kind: RecordKind, connection: number, atMs: number, content: Uint8Array, start: number, end: number): void {
    const at = this.used
    const length = end - start
    this.#words[at >> 2] = kind
    this.#words[(at >> 2) + 1] = connection
    this.#floats[(at >> 3) + 1] = atMs
    this.#words[(at >> 2) + 4] = length
    if (content instanceof Buffer) content.copy(this.#bytes, at + HEAD_BYTES, start, end)
    else this.#bytes.set(content.subarray(start, end), at + HEAD_BYTES)
    this.used = (at + HEAD_BYTES + length + 7) & ~7
  }
}

export interface RecordHandler {
  (kind: RecordKind, connection: number, atMs: number, content: Buffer): void
}

/** Reads what a `RecordWriter` wrote; the content is valid as long as `buffer` is. */
export function readRecords(buffer: ArrayBuffer, used: number, handler: RecordHandler): void {
  const bytes = Buffer.from(buffer)
  const words = new Uint32Array(buffer)
  const floats = new Float64Array(buffer)
  for (let at = 0; at < used;) {
    const start = at + HEAD_BYTES
    const end = start + words[(at >> 2) + 4]!
    const kind = words[at >> 2] as RecordKind
    handler(kind, words[(at >> 2) + 1]!, floats[(at >> 3) + 1]!, bytes.subarray(start, end))
    at = (end + 7) & ~7
  }
}
