import type { Socket } from 'node:net'
import { Ring } from '../../../core/ring.js'
import { Flag, FRAME_HEAD, FRAME_SIZE, FrameType } from '../../../http2/index.js'
import { GATHER_FROM } from '../../splice.js'

/** What frames are written into: few bytes for most turns, four records of TLS for bodies. */
const SMALL = 8 * 1024
const LARGE = 64 * 1024
/** Bytes of DATA in one frame: with its head it fills a record of TLS. */
export const MOST_DATA = 16 * 1024 - FRAME_HEAD
/** So much may wait for the socket before no more DATA is given to it. */
const MOST_WAITING = 128 * 1024
/** So many writes may wait for the socket before what is little is gathered: each of them holds a slab. */
const MOST_WRITES = 4

/** Memory that frames are written into, again and again, of all connections. */
class Slabs {
  readonly size: number
  readonly #most: number
  readonly #spare: Buffer[] = []

  /** @param most spare ones that are kept */
  constructor(size: number, most: number) {
    this.size = size
    this.#most = most
  }

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.size)
  }

  giveBack(slab: Buffer): void {
    if (this.#spare.length < this.#most) this.#spare.push(slab)
  }
}

const smallSlabs = new Slabs(SMALL, 128)
const largeSlabs = new Slabs(LARGE, 32)

/** Who wants to know that his last frame has been handed to the system, or not. */
export interface Leaving {
  left(whole: boolean): void
}

interface Write {
  readonly slab: Buffer
  readonly leaving: readonly Leaving[]
}

/**
 * Writes the frames of one connection (RFC 9113 §4, §6). What is written in one turn of the event loop leaves together:
 * one system call, and one record of TLS, for the answers to many requests.
 */
export class FrameWriter {
  /** Bytes that were written. */
  bytes = 0
  /** Those who were not told yet that their last frame has left. */
  unleft = 0
  readonly #socket: Socket
  readonly #onRoom: () => void
  #slab: Buffer | null = null
  #used = 0
  #leaving: Leaving[] = []
  /** Those that the socket has not taken. */
  readonly #writes = new Ring<Write>(4)
  #scheduled = false

  /** `onRoom` is called when the socket has taken something. */
  constructor(socket: Socket, onRoom: () => void) {
    this.#socket = socket
    this.#onRoom = onRoom
  }

  /** Whether DATA may be written; otherwise `onRoom` is called once it may. */
  get hasRoom(): boolean {
    return this.waiting < MOST_WAITING
  }

  /** Bytes that the socket has not taken. */
  get waiting(): number {
    return this.#socket.writableLength + this.#used
  }

  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    this.#head(6 * settings.length, FrameType.SETTINGS, 0, 0)
    for (const [id, value] of settings) {
      this.#uint16(id)
      this.#uint32(value)
    }
  }

  settingsAck(): void {
    this.#head(0, FrameType.SETTINGS, Flag.ACK, 0)
  }

  /** PING with these 8 bytes. */
  ping(bytes: Buffer): void {
    this.#head(8, FrameType.PING, 0, 0)
    this.#copy(bytes, 0, 8)
  }

  /** The answer to a PING with the 8 bytes from `start` on. */
  pingAnswer(bytes: Buffer, start: number): void {
    this.#head(8, FrameType.PING, Flag.ACK, 0)
    this.#copy(bytes, start, start + 8)
  }

  goAway(lastStream: number, code: number): void {
    this.#head(8, FrameType.GOAWAY, 0, 0)
    this.#uint32(lastStream)
    this.#uint32(code)
  }

  windowUpdate(stream: number, bytes: number): void {
    this.#head(4, FrameType.WINDOW_UPDATE, 0, stream)
    this.#uint32(bytes)
  }

  reset(stream: number, code: number): void {
    this.#head(4, FrameType.RST_STREAM, 0, stream)
    this.#uint32(code)
  }

  /** A field block, which is copied, in as many frames as it needs. */
  headers(stream: number, block: Buffer, end: boolean): void {
    const endFlag = end ? Flag.END_STREAM : 0
    if (block.length <= FRAME_SIZE) {
      this.#head(block.length, FrameType.HEADERS, endFlag | Flag.END_HEADERS, stream)
      this.#copy(block, 0, block.length)
      return
    }
    for (let at = 0; at < block.length; at += FRAME_SIZE) {
      const to = Math.min(block.length, at + FRAME_SIZE)
      const flags = (at === 0 ? endFlag : 0) | (to === block.length ? Flag.END_HEADERS : 0)
      this.#head(to - at, at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION, flags, stream)
      this.#copy(block, at, to)
    }
  }

  /** As much of `bytes[start, end)` as one frame takes, which is copied. Returns how much that is. */
  data(stream: number, bytes: Buffer, start: number, end: number, isLast: boolean): number {
    const length = Math.min(end - start, MOST_DATA)
    const endsStream = isLast && start + length === end
    this.#head(length, FrameType.DATA, endsStream ? Flag.END_STREAM : 0, stream)
    this.#copy(bytes, start, start + length)
    return length
  }

  /** Tells `leaving` when all that is written until now has been handed to the system. */
  whenLeft(leaving: Leaving): void {
    this.#leaving.push(leaving)
    this.unleft++
  }

  /** Hands over what is written, now. */
  flush(): void {
    const slab = this.#slab
    if (slab === null) return
    const used = this.#used
    const leaving = this.#leaving
    this.#slab = null
    this.#used = 0
    if (leaving.length > 0) this.#leaving = []
    this.#writes.push({ slab, leaving: leaving.length > 0 ? leaving : NOBODY })
    this.#socket.write(slab.subarray(0, used), this.#onWritten)
  }

  readonly #onWritten = (error?: Error | null): void => {
    const write = this.#writes.shift()!
    const whole = error === undefined || error === null
    if (whole) giveBack(write.slab)
    this.unleft -= write.leaving.length
    for (const leaving of write.leaving) leaving.left(whole)
    if (whole) this.#onRoom()
    if (!this.#scheduled) this.flush()
  }

  /** Bodies come in several pieces in a turn of the event loop, one callback each. */
  readonly #onTick = (): void => {
    if (this.#used >= GATHER_FROM) {
      setImmediate(this.#onTurnEnd)
      return
    }
    this.#onTurnEnd()
  }

  readonly #onTurnEnd = (): void => {
    this.#scheduled = false
    if (this.#writes.length < MOST_WRITES) this.flush()
  }

  /** The head of a frame, and room for its payload. */
  #head(length: number, type: number, flags: number, stream: number): void {
    const whole = FRAME_HEAD + length
    const slab = this.#slabFor(whole)
    let at = this.#used
    slab[at++] = length >> 16
    slab[at++] = (length >> 8) & 0xff
    slab[at++] = length & 0xff
    slab[at++] = type
    slab[at++] = flags
    this.#used = at
    this.#uint32(stream)
    this.bytes += whole
  }

  #slabFor(bytes: number): Buffer {
    const slab = this.#slab
    if (slab !== null && this.#used + bytes <= slab.length) return slab
    const large = slab !== null || bytes > SMALL ? largeSlabs.take() : null
    if (slab !== null && large !== null && slab.length === SMALL) {
      slab.copy(large, 0, 0, this.#used)
      giveBack(slab)
    } else this.flush()
    if (!this.#scheduled) {
      this.#scheduled = true
      process.nextTick(this.#onTick)
    }
    return (this.#slab = large ?? smallSlabs.take())
  }

  #uint16(value: number): void {
    const slab = this.#slab!
    slab[this.#used++] = value >> 8
    slab[this.#used++] = value & 0xff
  }

  #uint32(value: number): void {
    this.#uint16(value >>> 16)
    this.#uint16(value & 0xffff)
  }

  #copy(bytes: Buffer, start: number, end: number): void {
    this.#used += bytes.copy(this.#slab!, this.#used, start, end)
  }
}

const NOBODY: readonly Leaving[] = []

function giveBack(slab: Buffer): void {
  if (slab.length === SMALL) smallSlabs.giveBack(slab)
  else largeSlabs.giveBack(slab)
}
