import type { Socket } from 'node:net'
import { Ring } from '../core/ring.js'
import { FLAG_FIN, HEADER_SIZE, TYPE_DATA, TYPE_REPLAY, writeHeader } from './frame.js'
import type { SentLog } from './sent-log.js'
import { BULK, giveBack, LARGE_BULK, lend, Slab } from './slab.js'

/** Who waits in a carrier's ring for its turn. */
export interface RingMember {
  /** For the egress. */
  inRing: boolean
  /** Sends up to `budget` bytes. True when there is more that could be sent now. */
  sendTurn(budget: number): boolean
}

/** Whose the bytes of a chunk are, and what may be done to the bytes before them. */
export const BORROWED = 0
/** Ours to keep. */
export const OWNED = 1
/** As OWNED, and lent by a slab to which it goes back when it has left. */
export const LENT = 2
/** As LENT, and the 12 bytes in front are ours too. */
export const SLAB = 3
export type Ownership = typeof BORROWED | typeof OWNED | typeof LENT | typeof SLAB

/** The arena of a quiet carrier, so that a thousand idle sessions hold little. That of a busy one is a slab. */
const QUIET_ARENA_SIZE = 4 * 1024
/** Payloads below this are cheaper to copy behind their header than to write on their own. */
const COPY_BELOW = 4 * 1024
/** A turn of a waiting stream (deficit round-robin). */
export const QUANTUM = 16 * 1024
/** The largest payload of a frame that is copied. */
const COPY_MOST = LARGE_BULK.slabSize - HEADER_SIZE
/** From so many frames in one turn of the event loop on, the next turn's frames are gathered and leave together. */
const GATHER_FROM = 6

/**
 * One carrier's way out. Frames are formed only while the socket has room; then streams wait in a ring and are
 * served by deficit round-robin. Control frames never wait in the ring. Single owner of the socket's writes.
 */
export class Egress {
  /** Bytes given to the socket since the start: the carrier's offset. */
  written = 0
  /** Bytes of replays that the socket may still hold, on top of its bound. */
  replaying = 0
  #socket: Socket | null
  readonly #backlog: number
  readonly #log: SentLog | null
  readonly #waiting = new Ring<RingMember>()
  /** Frames in slabs that the socket has not taken yet, the oldest first. */
  #slabFrames: Ring<Buffer> | null = null
  /** Small frames are built here, one behind the other, so that many of them leave as one buffer. */
  #arena: Buffer = NO_ARENA
  #arenaStart = 0
  #arenaEnd = 0
  #inFlight = 0
  #turnFrames = 0
  #busyTurn = false
  #turnScheduled = false
  #pumping = false
  #closed = false

  /**
   * @param socket null: there is none any more; what is written goes to the log alone
   * @param backlog bytes in the socket (and gathered) from which on data frames wait
   * @param log keeps what was sent until it has arrived; null: nothing does
   */
  constructor(socket: Socket | null, backlog: number, log: SentLog | null = null) {
    this.#socket = socket
    this.#backlog = backlog
    this.#log = log
  }

  /** Bytes that the socket has not taken yet, gathered frames included. */
  get pending(): number {
    return (this.#socket?.writableLength ?? 0) + this.#arenaEnd - this.#arenaStart
  }

  /** True when a stream may send at once: there is room and nobody waits before it. */
  get direct(): boolean {
    return this.#waiting.length === 0 && this.#hasRoom
  }

  get #hasRoom(): boolean {
    return this.#socket !== null && !this.#closed && this.pending < this.#backlog
  }

  /** Writes a frame without payload ahead of all waiting data. */
  control(type: number, flags: number, streamId: number, length: number): void {
    if (this.#closed) return
    const at = this.#reserve(HEADER_SIZE)
    writeHeader(this.#arena, at, type, flags, streamId, length)
    this.#appended()
  }

  /**
   * Writes one data frame with `buffer[start, end)` as payload. The bytes belong to the egress from now on; `BORROWED`
   * ones are copied before it returns.
   */
  data(streamId: number, flags: number, buffer: Buffer, start: number, end: number, ownership: Ownership): void {
    if (this.#closed) return
    const length = end - start
    if (length >= COPY_BELOW && ownership === SLAB) {
      this.flush()
      writeHeader(buffer, start - HEADER_SIZE, TYPE_DATA, flags, streamId, length)
      lend(buffer, HEADER_SIZE)
      this.#writeSlabFrame(buffer.subarray(start - HEADER_SIZE, end))
      return
    }
    if (length > QUANTUM) this.#writeCopies(streamId, flags, buffer, start, end)
    else {
      const at = this.#reserve(HEADER_SIZE + length)
      writeHeader(this.#arena, at, TYPE_DATA, flags, streamId, length)
      this.#arena.set(buffer.subarray(start, end), at + HEADER_SIZE)
      this.#appended()
    }
    if (ownership >= LENT) giveBack(buffer, length)
  }

  #writeCopies(streamId: number, flags: number, buffer: Buffer, start: number, end: number): void {
    this.flush()
    for (let at = start; at < end; at += COPY_MOST) {
      const payload = buffer.subarray(at, Math.min(end, at + COPY_MOST))
      const size = HEADER_SIZE + payload.length
      const slab = (size <= BULK.slabSize ? BULK : LARGE_BULK).take()
      const frame = Buffer.from(slab, 0, size)
      writeHeader(frame, 0, TYPE_DATA, at === start ? flags : 0, streamId, payload.length)
      frame.set(payload, HEADER_SIZE)
      slab.lend(size)
      slab.full()
      this.#writeSlabFrame(frame)
    }
  }

  /** Puts a stream that has something to send into the ring. It is served as soon as there is room. */
  wait(stream: RingMember): void {
    if (stream.inRing || this.#closed) return
    stream.inRing = true
    this.#waiting.push(stream)
    if (!this.#pumping && this.#hasRoom) this.pump()
  }

  /** Serves waiting streams while there is room. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    while (this.#waiting.length > 0 && this.#hasRoom) {
      const stream = this.#waiting.shift()!
      stream.inRing = false
      const alone = this.#waiting.length === 0
      if (stream.sendTurn(alone ? Infinity : QUANTUM)) this.wait(stream)
    }
    this.#pumping = false
  }

  /** The socket is gone. Control frames go to the log from now on, data waits in its streams. */
  detach(): void {
    this.flush()
    this.#socket = null
    this.#inFlight = 0
    this.#slabFrames = null
  }

  /** Everything sent from `offset` on, after which nothing is written any more. Null: it cannot be had. */
  takeFrom(offset: number): Buffer[] | null {
    this.flush()
    const pieces = this.#log?.takeFrom(offset) ?? null
    this.close()
    return pieces
  }

  /** Sends `pieces`, the rest of what another carrier should have brought. Ours from now on. */
  replay(carrierNumber: number, pieces: readonly Buffer[]): void {
    if (this.#closed) return
    this.flush()
    for (const piece of pieces) {
      this.replaying += HEADER_SIZE + piece.length
      this.#write(replayHeader(carrierNumber, piece.length))
      this.#write(piece)
    }
    this.control(TYPE_REPLAY, FLAG_FIN, carrierNumber, 0)
  }

  /** Nothing is written any more. */
  close(): void {
    this.#closed = true
    this.#log?.clear()
    this.#build(NO_ARENA)
    for (let stream = this.#waiting.shift(); stream !== undefined; stream = this.#waiting.shift()) stream.inRing = false
  }

  /** Hands gathered frames to the socket now. */
  flush(): void {
    if (this.#arenaEnd === this.#arenaStart) return
    const frames = this.#arena.subarray(this.#arenaStart, this.#arenaEnd)
    this.#arenaStart = this.#arenaEnd
    if (Slab.of(frames) === null) return this.#write(frames)
    lend(frames, frames.length)
    this.#writeSlabFrame(frames)
  }

  #reserve(size: number): number {
    if (this.#arenaEnd + size > this.#arena.length) {
      this.flush()
      const isBusy = this.#busyTurn || size > QUIET_ARENA_SIZE
      this.#build(isBusy ? Buffer.from(BULK.take()) : Buffer.allocUnsafeSlow(QUIET_ARENA_SIZE))
    }
    const at = this.#arenaEnd
    this.#arenaEnd += size
    return at
  }

  /** Frames are built there from now on. */
  #build(arena: Buffer): void {
    Slab.of(this.#arena)?.full()
    this.#arena = arena
    this.#arenaStart = this.#arenaEnd = 0
  }

  #appended(): void {
    this.#turnFrames++
    if (!this.#turnScheduled) {
      this.#turnScheduled = true
      setImmediate(this.#endTurn)
    }
    if (this.#inFlight === 0 && !this.#busyTurn) this.flush()
  }

  readonly #endTurn = (): void => {
    this.#turnScheduled = false
    this.#busyTurn = this.#turnFrames >= GATHER_FROM
    this.#turnFrames = 0
    this.flush()
  }

  #writeSlabFrame(frame: Buffer): void {
    if (this.#log?.push(frame) === true) {
      this.#send(frame, this.#onWritten)
      return
    }
    this.#slabFrames ??= new Ring<Buffer>(8)
    this.#slabFrames.push(frame)
    this.#send(frame, this.#onSlabFrameWritten)
  }

  #write(bytes: Buffer): void {
    if (this.#closed) return
    this.#log?.push(bytes)
    this.#send(bytes, this.#onWritten)
  }

  #send(bytes: Buffer, onWritten: () => void): void {
    this.written += bytes.length
    if (this.#socket === null) return
    this.#inFlight++
    this.#socket.write(bytes, onWritten)
  }

  /** A socket calls back in the order of its writes. */
  readonly #onSlabFrameWritten = (): void => {
    const frame = this.#slabFrames?.shift()
    if (frame !== undefined) giveBack(frame, frame.length)
    this.#onWritten()
  }

  readonly #onWritten = (): void => {
    if (this.#closed || this.#socket === null) return
    this.#inFlight--
    if (this.#inFlight === 0) {
      this.replaying = 0
      this.flush()
    }
    if (this.#waiting.length > 0) this.pump()
  }
}

function replayHeader(carrierNumber: number, length: number): Buffer {
  const header = Buffer.allocUnsafeSlow(HEADER_SIZE)
  writeHeader(header, 0, TYPE_REPLAY, 0, carrierNumber, length)
  return header
}

const NO_ARENA = Buffer.alloc(0)
