import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { Clock } from '../../../src/core/clock.js'

/** What a way brings behind its last byte. */
export type Ending = 'fin' | 'rst'

/** Where a link goes along. */
export interface Path {
  readonly clock: Clock
  /** What each way takes, ms. */
  readonly delayMs: number
  /** Copies what is under way. */
  copy(bytes: Buffer): Buffer
}

/** What is sent is there. */
const NO_PATH: Path = { clock: { now: () => 0 }, delayMs: 0, copy: (bytes) => Buffer.from(bytes) }

/** One direction of a link: bytes under way. */
class Way {
  bytes = 0
  ending: Ending | null = null
  /** What is sent from now on does not arrive. */
  dead = false
  readonly #path: Path
  readonly #chunks: { bytes: Buffer; readonly at: number }[] = []

  constructor(path: Path) {
    this.#path = path
  }

  push(bytes: Buffer): void {
    if (this.dead) return
    const { clock, delayMs } = this.#path
    this.#chunks.push({ bytes: this.#path.copy(bytes), at: clock.now() + delayMs })
    this.bytes += bytes.length
  }

  /** When the next bytes, or what is behind the last, come; null: nothing is under way. */
  get nextAt(): number | null {
    return this.#chunks[0]?.at ?? (this.ending === null ? null : 0)
  }

  /** The next bytes are there, or what is behind the last. */
  get due(): boolean {
    const at = this.nextAt
    return at !== null && at <= this.#path.clock.now()
  }

  /** The next bytes, at most `max` of them. Call only when there are some. */
  take(max: number): Buffer {
    const first = this.#chunks[0]!
    const { bytes } = first
    const taken = bytes.length <= max ? bytes : bytes.subarray(0, max)
    if (taken === bytes) this.#chunks.shift()
    else first.bytes = bytes.subarray(max)
    this.bytes -= taken.length
    return taken
  }

  /** Ends it: of the bytes under way the first `arrive` still come. */
  cut(arrive: number, ending: Ending | null): void {
    const all = Buffer.concat(this.#chunks.map(({ bytes }) => bytes))
    this.#chunks.length = this.bytes = 0
    this.dead = false
    if (arrive > 0) this.push(all.subarray(0, arrive))
    this.dead = true
    this.ending ??= ending
  }
}

interface Write {
  bytes: Buffer
  readonly done: (() => void) | undefined
}

/** As much of a `net.Socket` as the wire uses. Nothing happens in it but by `send`, `receive` and `tellClose`. */
export class SimSocket extends EventEmitter {
  readonly readableLength = 0
  writableLength = 0
  destroyed = false
  #paused = true
  #ended = false
  #endTold = false
  #closeTold = false
  #error: Error | null = null
  readonly #writes: Write[] = []
  readonly #out: Way
  readonly #in: Way

  constructor(out: Way, into: Way) {
    super()
    this.#out = out
    this.#in = into
  }

  /** For a session. */
  get socket(): Socket {
    return this as unknown as Socket
  }

  /** Whether `tellClose` would tell. */
  get closing(): boolean {
    return this.destroyed && !this.#closeTold
  }

  /** Bytes that came now would be taken. */
  get reads(): boolean {
    return !this.destroyed && !this.#paused
  }

  /** Bytes that `send` could take, and those that `receive` could bring. */
  get sendable(): number {
    return this.destroyed ? 0 : this.writableLength
  }

  get receivable(): boolean {
    return this.#listens && this.#in.due
  }

  /** When there will be something to receive; null: nothing is under way. */
  get receivableAt(): number | null {
    return this.#listens ? this.#in.nextAt : null
  }

  get #listens(): boolean {
    return this.reads && (this.#in.bytes > 0 || !this.#endTold)
  }

  // What the wire calls.

  write(bytes: Buffer, done?: () => void): boolean {
    if (this.#ended) throw new Error('written after the end')
    if (this.destroyed) return false
    this.#writes.push({ bytes, done })
    this.writableLength += bytes.length
    return true
  }

  end(): void {
    this.#ended = true
    if (this.writableLength === 0) this.#sendEnd()
  }

  destroy(error?: Error): void {
    this.#destroy(error ?? null, 'fin')
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
  }

  // What the test calls.

  /** Moves up to `max` written bytes onto the way. */
  send(max: number): void {
    let left = max
    while (left > 0 && this.#writes.length > 0 && !this.destroyed) {
      const write = this.#writes[0]!
      const length = Math.min(left, write.bytes.length)
      this.#out.push(write.bytes.subarray(0, length))
      left -= length
      this.writableLength -= length
      write.bytes = write.bytes.subarray(length)
      if (write.bytes.length > 0) return
      this.#writes.shift()
      write.done?.()
    }
    if (this.#ended && this.writableLength === 0 && !this.destroyed) this.#sendEnd()
  }

  /** Brings up to `max` bytes from the way, or what is behind the last one. */
  receive(max: number): void {
    if (this.#in.bytes > 0) this.emit('data', this.#in.take(max))
    else if (this.#in.ending === 'rst') this.#destroy(new Error('read ECONNRESET'), 'rst')
    else {
      this.#endTold = true
      this.emit('end')
      if (this.#ended && this.writableLength === 0) this.#destroy(null, 'fin')
    }
  }

  /** The connection fails on this side alone. */
  fail(): void {
    this.#destroy(new Error('read ETIMEDOUT'), 'rst')
  }

  /** Tells the owner of the socket that it is closed. */
  tellClose(): void {
    this.#closeTold = true
    if (this.#error !== null) this.emit('error', this.#error)
    this.emit('close')
  }

  #sendEnd(): void {
    this.#out.ending ??= 'fin'
    if (this.#endTold) this.#destroy(null, 'fin')
  }

  #destroy(error: Error | null, ending: Ending): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#error = error
    this.writableLength = 0
    this.#writes.length = 0
    this.#out.ending ??= this.#in.bytes > 0 ? 'rst' : ending
  }
}

/** One connection between two sessions, in memory. */
export class Link {
  /** The client's end and the server's. */
  readonly client: SimSocket
  readonly server: SimSocket
  /** The client has had the server's answer; until then it does not know the connection. */
  welcomed = false
  readonly #up: Way
  readonly #down: Way
  readonly #both: readonly SimSocket[]
  readonly #server: readonly SimSocket[]

  constructor(
    readonly number: number,
    /** The client has no other, so it says. */
    readonly returns: boolean,
    path = NO_PATH,
  ) {
    this.#up = new Way(path)
    this.#down = new Way(path)
    this.client = new SimSocket(this.#up, this.#down)
    this.server = new SimSocket(this.#down, this.#up)
    this.#server = [this.server]
    this.#both = [this.client, this.server]
  }

  /** The ends that are in the hands of a session. */
  get held(): readonly SimSocket[] {
    return this.welcomed ? this.#both : this.#server
  }

  /** Nothing comes over it any more, and both sides know. */
  get over(): boolean {
    return this.#isOver(this.server) && (this.#vain || this.#isOver(this.client))
  }

  /** The answer cannot come any more. */
  get #vain(): boolean {
    return !this.welcomed && (this.#down.ending !== null || this.#down.dead) && this.#down.bytes === 0
  }

  #isOver(end: SimSocket): boolean {
    return end.destroyed && !end.closing
  }

  get dead(): boolean {
    return this.#up.dead
  }

  /** Cuts it at some byte each way; what each side notices of it, if anything. */
  cut(arrive: { up: number; down: number }, ending: { up: Ending | null; down: Ending | null }): void {
    this.#up.cut(arrive.up, ending.up)
    this.#down.cut(arrive.down, ending.down)
  }

  /** Bytes under way. */
  get underWay(): { up: number; down: number } {
    return { up: this.#up.bytes, down: this.#down.bytes }
  }
}
