import type { Pace, PacePair } from '../core/pace.js'
import {
  BORROWED,
  ByteQueue,
  giveBack,
  LENT,
  pins,
  type Stream,
  type StreamHandler,
  type WriteGate,
} from '../wire/index.js'

/** Bytes that one stream may pass on in its turn, before the next one has its. */
const TURN_BYTES = 64 * 1024

/**
 * Stands between a stream and its consumer and holds both directions to their paces. Bytes of the agent that come too
 * fast wait here, inside the window of the stream, which bounds them; a visitor's are not asked for.
 */
export class PacedHandler implements StreamHandler, WriteGate {
  readonly #target: StreamHandler
  readonly #stream: Stream
  #inward: readonly Pace[] = []
  #outward: readonly Pace[] = []
  readonly #held = new ByteQueue()
  #reading = true
  #ended = false
  #endTold = false
  /** Null: not yet closed. */
  #close: { readonly error: Error | null } | null = null
  #done = false
  #hasRoom = true
  #writing = true
  /**
   * What the visitor may still send in his turn, bytes. It is paid for at the beginning of the turn: who is told to go on
   * reads later, and others would be told so too until then.
   */
  #prepaid = 0

  /**
   * The owner makes it the stream's handler, or that of who comes before it, and its `gate`, at the beginning or later.
   * All of `paces` hold at once.
   */
  constructor(target: StreamHandler, stream: Stream, paces: readonly PacePair[]) {
    this.#target = target
    this.#stream = stream
    this.paces = paces
  }

  /** Other ones hold from now on. With none, those go on that are there, which are as good as none by then. */
  set paces(paces: readonly PacePair[]) {
    if (paces.length === 0) return
    this.#inward = paces.map(({ inward }) => inward)
    this.#outward = paces.map(({ outward }) => outward)
  }

  // From the agent.

  onData(slice: Buffer, stream: Stream): void {
    if (this.#reading && areFree(this.#outward)) {
      spend(this.#outward, slice.length)
      this.#target.onData(slice, stream)
      return
    }
    if (pins(slice)) {
      this.#held.push(slice, 0, slice.length, BORROWED)
      giveBack(slice, slice.length)
    } else this.#held.push(slice, 0, slice.length, LENT)
    if (this.#reading) this.#waitToRead()
  }

  #waitToRead(): void {
    this.#reading = false
    waitFor(this.#outward, this.#passOn)
  }

  readonly #passOn = (): void => {
    const outward = this.#outward
    let left = TURN_BYTES
    while (left > 0 && this.#held.bytes > 0 && mayPass(outward) && !this.#done) {
      const { buffer, start, end } = this.#held.take(left)
      left -= end - start
      spend(outward, end - start)
      this.#target.onData(buffer.subarray(start, end), this.#stream)
    }
    if (this.#done) return
    if (this.#held.bytes > 0) return this.#waitToRead()
    this.#reading = true
    this.#tell()
  }

  onEnd(): void {
    this.#ended = true
    this.#tell()
  }

  onClose(error: Error | null): void {
    this.#close = { error }
    // What is lost is lost at once, as with any connection that is broken off.
    if (error !== null) this.#held.clear()
    this.#tell()
  }

  #tell(): void {
    if (this.#held.bytes > 0 || this.#done) return
    if (this.#ended && !this.#endTold && (this.#close === null || this.#close.error === null)) {
      this.#endTold = true
      this.#target.onEnd(this.#stream)
    }
    if (this.#close === null) return
    this.#done = true
    this.#target.onClose(this.#close.error, this.#stream)
  }

  // From the visitor.

  take(bytes: number, hasRoom: boolean): boolean {
    this.#hasRoom = hasRoom
    this.#prepaid -= bytes
    while (this.#prepaid <= 0 && areFree(this.#inward)) this.#prepay()
    if (this.#writing && this.#prepaid <= 0) this.#waitToWrite()
    return hasRoom && this.#writing
  }

  #waitToWrite(): void {
    this.#writing = false
    waitFor(this.#inward, this.#goOn)
  }

  #prepay(): void {
    spend(this.#inward, TURN_BYTES)
    this.#prepaid += TURN_BYTES
  }

  readonly #goOn = (): void => {
    if (this.#done) return
    if (mayPass(this.#inward)) this.#prepay()
    if (this.#prepaid <= 0) return this.#waitToWrite()
    this.#writing = true
    if (this.#hasRoom) this.#target.onWritable(this.#stream)
  }

  onWritable(): void {
    this.#hasRoom = true
    if (this.#writing) this.#target.onWritable(this.#stream)
  }
}

function mayPass(paces: readonly Pace[]): boolean {
  for (const pace of paces) if (!pace.open) return false
  return true
}

function spend(paces: readonly Pace[], bytes: number): void {
  for (const pace of paces) pace.spend(bytes)
}

function areFree(paces: readonly Pace[]): boolean {
  for (const pace of paces) if (!pace.free) return false
  return true
}

/** Waits for the first one that is closed, or where others wait; whoever is called looks at all of them again. */
function waitFor(paces: readonly Pace[], turn: () => void): void {
  const first = paces.find((pace) => !pace.open) ?? paces.find((pace) => !pace.free) ?? paces[0]
  first?.wait(turn)
}
