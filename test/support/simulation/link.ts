import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'

/** What a way brings behind its last byte. */
export type Ending = 'fin' | 'rst'

/** One direction of a link: bytes under way. */
class Way {
  bytes = 0
  ending: Ending | null = null
  /** What is sent from now on does not arrive. */
  dead = false
  readonly #chunks: Buffer[] = []

  push(chunk: Buffer): void {
    if (this.dead) return
    this.#chunks.push(chunk)
    this.bytes += chunk.length
  }

  /** The next bytes, at most `max` of them. Call only when `bytes` > 0. */
  take(max: number): Buffer {
    const [first] = this.#chunks as [Buffer]
    const taken = first.length <= max ? first : first.subarray(0, max)
    if (taken === first) this.#chunks.shift()
    else this.#chunks[0] = first.subarray(max)
    this.bytes -= taken.length
    return taken
  }

  /** Ends it: of the bytes under way the first `arrive` still come. */
  cut(arrive: number, ending: Ending | null): void {
    const all = Buffer.concat(this.#chunks)
    this.#chunks.length = 0
    this.bytes = Math.min(arrive, all.length)
    if (this.bytes > 0) this.#chunks.push(all.subarray(0, this.bytes))
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
    return !this.destroyed && !this.#paused && (this.#in.bytes > 0 || (this.#in.ending !== null && !this.#endTold))
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
      this.#out.push(Buffer.from(write.bytes.subarray(0, length)))
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
  readonly #up = new Way()
  readonly #down = new Way()

  constructor(
    readonly number: number,
    /** The client has no other, so it says. */
    readonly returns: boolean,
  ) {
    this.client = new SimSocket(this.#up, this.#down)
    this.server = new SimSocket(this.#down, this.#up)
  }

  get ends(): readonly [SimSocket, SimSocket] {
    return [this.client, this.server]
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
