import type { ConnectionTap } from '../../agent/index.js'
import type { Direction } from '../reader.js'
import type { Batches } from './batches.js'
import { KINDS, RecordKind, type OpenedConnection } from './records.js'

/** How often it is told how far a body has come that is not copied, ms. */
const PROGRESS_MS = 250

/**
 * Bytes that one HTTP/1.1 connection may have under way to the reading thread in one direction: of a long body that comes
 * at once more is not wanted, as the reader is about to say, and others need the room.
 */
const MOST_UNREAD = 2 * 1024 * 1024

/** Where records of a connection go to. */
export interface TapTarget {
  readonly batches: Batches
  /** Rises when the thread that reads was started again, and knows no connection. */
  readonly generation: number
  /** A record for which there is no room in a batch, but which must not be lost. */
  writeApart(kind: RecordKind, connection: number, atMs: number, content: Buffer): void
  closedTap(number: number): void
}

/** One direction. Offsets count from the first byte of the connection. */
class Lane {
  readonly direction: Direction
  offset = 0
  /** Up to here nothing is wanted. */
  skipUntil = 0
  skipped = 0
  lost = 0
  toldMs = 0
  /** What may be copied until so many batches are read. */
  #room = 0
  #roomUntil = 0

  constructor(direction: Direction) {
    this.direction = direction
  }

  /** How much may be copied now. */
  room(batches: Batches): number {
    if (batches.read >= this.#roomUntil) {
      this.#room = MOST_UNREAD
      this.#roomUntil = batches.written + 1
    }
    return this.#room
  }

  copied(bytes: number): void {
    this.#room -= bytes
  }
}

/** Copies what passes on one connection into batches, but for what is not wanted, or what there is no room for. */
export class Tapped implements ConnectionTap {
  readonly #number: number
  readonly #target: TapTarget
  readonly #connection: Omit<OpenedConnection, 'isUnderWay'>
  readonly #toUpstream = new Lane('to-upstream')
  readonly #toVisitor = new Lane('to-visitor')
  /** That of the thread that knows of it. */
  #generation = -1
  /** The last bytes went to the visitor. */
  #wasAnswered = true
  /** Exchanges are left out whole, as more come than can be read. */
  #rests = false

  constructor(number: number, target: TapTarget, connection: Omit<OpenedConnection, 'isUnderWay'>) {
    this.#number = number
    this.#target = target
    this.#connection = connection
    this.#open(performance.now())
  }

  toSocket(slice: Buffer): void {
    if (this.#wasAnswered) this.#mayBegin()
    this.#pass(this.#toUpstream, slice, 0, slice.length)
  }

  toStream(buffer: Buffer, start: number, end: number): void {
    this.#wasAnswered = true
    this.#pass(this.#toVisitor, buffer, start, end)
  }

  streamEnded(): void {
    this.#end(this.#toUpstream)
  }

  socketEnded(): void {
    this.#end(this.#toVisitor)
  }

  close(error: Error | null): void {
    const atMs = performance.now()
    this.#tellGaps(atMs)
    this.#writeSurely(RecordKind.close, atMs, Buffer.from(error?.message ?? ''))
    this.#target.closedTap(this.#number)
  }

  /** The reader wants nothing of this direction up to an offset. */
  skip(direction: Direction, until: number, generation: number): void {
    if (generation !== this.#generation) return
    const lane = direction === 'to-upstream' ? this.#toUpstream : this.#toVisitor
    lane.skipUntil = Math.max(lane.skipUntil, until)
  }

  /** Of HTTP/1.1 a request begins here, most likely: it is read with its answer, or not at all. */
  #mayBegin(): void {
    this.#wasAnswered = false
    if (this.#connection.protocol !== 'http1') return
    const rested = this.#rests
    this.#rests = this.#target.batches.isCrowded
    // What is missing of an exchange that was begun is not to be taken for one with what is left out whole, and the reader
    // is to know of all that it missed before the request with which it goes on.
    if (rested !== this.#rests) this.#tellGaps(performance.now())
  }

  #pass(lane: Lane, buffer: Buffer, from: number, end: number): void {
    if (this.#rests) {
      lane.offset += end - from
      lane.lost += end - from
      return
    }
    const atMs = performance.now()
    if (this.#generation !== this.#target.generation) this.#open(atMs)
    const offset = lane.offset
    lane.offset = offset + end - from
    let start = from
    if (offset < lane.skipUntil) {
      const skipped = Math.min(end - start, lane.skipUntil - offset)
      lane.skipped += skipped
      start += skipped
      if (lane.offset >= lane.skipUntil || atMs - lane.toldMs >= PROGRESS_MS) this.#tellGap(lane, atMs)
      if (start === end) return
    }
    const { batches } = this.#target
    const room = this.#connection.protocol === 'http1' ? lane.room(batches) : Infinity
    if (room === 0 || ((lane.skipped > 0 || lane.lost > 0) && !this.#tellGap(lane, atMs))) {
      lane.lost += end - start
      return
    }
    const kind = KINDS[lane.direction].bytes
    const written = batches.write(kind, this.#number, atMs, buffer, start, Math.min(end, start + room))
    lane.copied(written)
    lane.lost += end - start - written
  }

  #end(lane: Lane): void {
    const atMs = performance.now()
    this.#tellGaps(atMs)
    this.#writeSurely(KINDS[lane.direction].end, atMs, NOTHING)
  }

  #open(atMs: number): void {
    const isUnderWay = this.#generation >= 0
    this.#generation = this.#target.generation
    for (const lane of [this.#toUpstream, this.#toVisitor]) {
      lane.offset = 0
      lane.skipUntil = 0
      lane.skipped = 0
      lane.lost = 0
    }
    this.#writeSurely(RecordKind.open, atMs, Buffer.from(JSON.stringify({ ...this.#connection, isUnderWay })))
  }

  /** Bytes that were not copied, in front of what comes next. False: there is no room to tell of them. */
  #tellGap(lane: Lane, atMs: number): boolean {
    const { batches } = this.#target
    const kinds = KINDS[lane.direction]
    lane.toldMs = atMs
    if (lane.skipped > 0) {
      if (!batches.writeWhole(kinds.skipped, this.#number, atMs, numberBytes(lane.skipped))) return false
      lane.skipped = 0
    }
    if (lane.lost > 0) {
      if (!batches.writeWhole(kinds.lost, this.#number, atMs, numberBytes(lane.lost))) return false
      lane.lost = 0
    }
    return true
  }

  #tellGaps(atMs: number): void {
    for (const lane of [this.#toUpstream, this.#toVisitor]) {
      const kinds = KINDS[lane.direction]
      if (lane.skipped > 0) this.#writeSurely(kinds.skipped, atMs, numberBytes(lane.skipped))
      if (lane.lost > 0) this.#writeSurely(kinds.lost, atMs, numberBytes(lane.lost))
      lane.skipped = 0
      lane.lost = 0
    }
  }

  #writeSurely(kind: RecordKind, atMs: number, content: Buffer): void {
    const { batches } = this.#target
    if (!batches.writeWhole(kind, this.#number, atMs, content)) {
      this.#target.writeApart(kind, this.#number, atMs, content)
    }
  }
}

function numberBytes(value: number): Buffer {
  return Buffer.from(new Float64Array([value]).buffer)
}

const NOTHING = Buffer.alloc(0)
