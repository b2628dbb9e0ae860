import { UniRouteError } from '../../../src/core/errors.js'
import { HEADROOM } from '../../../src/wire/frame.js'
import { Slab, SlabPool, lend } from '../../../src/wire/slab.js'
import type { Stream } from '../../../src/wire/index.js'
import { Random } from '../random.js'

export type Side = 'client' | 'server'

const PERIOD = 65_521
/** The largest single write. */
export const LARGEST = 40_000
/** What all streams send, each from a place of its own on; a prime period, so that no two pieces are alike by chance. */
const PATTERN = patterned()
/** Slabs that are overwritten as soon as they were given back: who still reads them reads wrong bytes. */
const SLABS = new SlabPool(HEADROOM + LARGEST, 8)

function patterned(): Buffer {
  const period = new Random(7).bytes(PERIOD)
  return Buffer.concat([period, period])
}

/** The bytes of a flow from `offset` on, for at most a period. */
function bytesOf(flow: number, offset: number, length: number): Buffer {
  const from = (flow * 7919 + offset) % PERIOD
  return PATTERN.subarray(from, from + length)
}

/** What the wire did and may not. It takes what a handler throws for the end of a carrier, and goes on. */
export class Faults {
  #first: Error | null = null

  /** Throws; the first of them is kept. */
  add(what: string): never {
    const error = new Error(what)
    this.#first ??= error
    throw error
  }

  /** Throws the first, if there was one. */
  check(): void {
    if (this.#first !== null) throw this.#first
  }
}

/** One side of a stream and what it was told; the model against which the wire is held. */
export class End {
  sent = 0
  ended = false
  reset = false
  received = 0
  /** Received and not consumed. */
  unconsumed = 0
  endTold = false
  closes = 0
  error: Error | null = null
  /** The handler keeps what comes until it is told otherwise. */
  lazy = false
  peer: End | null = null
  readonly #flow: number
  readonly #faults: Faults

  constructor(
    readonly stream: Stream,
    side: Side,
    faults: Faults,
  ) {
    this.#faults = faults
    this.#flow = 2 * stream.id + (side === 'client' ? 0 : 1)
    stream.attach({
      onData: (slice) => this.#onData(slice),
      onEnd: () => this.#onEnd(),
      onWritable: () => {},
      onClose: (error) => this.#onClose(error),
    })
  }

  get closed(): boolean {
    return this.closes > 0
  }

  write(length: number, how: 'owned' | 'borrowed' | 'slab'): void {
    if (this.ended || this.closed) return
    const bytes = bytesOf(this.#flow, this.sent, length)
    this.sent += length
    if (how === 'owned') this.stream.write(Buffer.from(bytes))
    else if (how === 'borrowed') this.stream.writeCopy(bytes, 0, length)
    else {
      const slab = SLABS.take()
      const view = Buffer.from(slab).fill(0xee)
      bytes.copy(view, HEADROOM)
      lend(view, length)
      Slab.of(view)!.full()
      this.stream.writeSlab(view, HEADROOM, HEADROOM + length)
    }
  }

  end(): void {
    if (this.closed) return
    this.ended = true
    this.stream.end()
  }

  giveUp(): void {
    if (this.closed) return
    this.reset = true
    this.stream.reset(new Error('given up'))
  }

  consume(): void {
    const { unconsumed } = this
    this.unconsumed = 0
    this.stream.consumed(unconsumed)
  }

  #onData(slice: Buffer): void {
    if (this.closed || this.endTold) this.#faults.add('bytes came after the end')
    const { peer } = this
    for (let at = 0; at < slice.length; at += PERIOD) {
      const piece = slice.subarray(at, at + PERIOD)
      if (!piece.equals(bytesOf(this.#flow ^ 1, this.received, piece.length))) {
        this.#faults.add(`stream ${this.stream.id}: wrong bytes at ${this.received}`)
      }
      this.received += piece.length
    }
    if (peer !== null && this.received > peer.sent) this.#faults.add('more came than was sent')
    this.unconsumed += slice.length
    if (this.unconsumed > this.stream.session.options.windowMax) this.#faults.add('more came than the window allows')
    if (!this.lazy) this.consume()
  }

  #onEnd(): void {
    if (this.endTold || this.closed) this.#faults.add('an end was told twice, or after the close')
    const { peer } = this
    if (peer === null || !peer.ended || this.received !== peer.sent) this.#faults.add('an end came that is none')
    this.endTold = true
  }

  #onClose(error: Error | null): void {
    if (++this.closes > 1) this.#faults.add('a close was told twice')
    this.error = error
  }
}

/** A stream: the side that opened it, and the other once it has seen it. */
export class Flow {
  readonly opener: End
  acceptor: End | null = null

  constructor(
    stream: Stream,
    readonly side: Side,
    readonly faults: Faults,
  ) {
    this.opener = new End(stream, side, faults)
  }

  accept(stream: Stream): void {
    if (this.acceptor !== null) this.faults.add(`stream ${stream.id} was opened twice`)
    this.acceptor = new End(stream, this.side === 'client' ? 'server' : 'client', this.faults)
    this.opener.peer = this.acceptor
    this.acceptor.peer = this.opener
  }

  /** When all is told: whole where nobody gave it up, and closed once on each side. Throws where it is not. */
  check(orderly: boolean): void {
    const { opener, acceptor } = this
    const ends = acceptor === null ? [opener] : [opener, acceptor]
    for (const end of ends)
      if (end.closes !== 1) throw new Error(`stream ${opener.stream.id} was closed ${end.closes} times`)
    if (!orderly || ends.some(({ reset }) => reset)) return
    if (acceptor === null) throw new Error(`stream ${opener.stream.id} never came`)
    for (const end of ends) {
      const { received, endTold, error, peer } = end
      if (received === peer!.sent && endTold && error === null) continue
      const code = error instanceof UniRouteError ? error.code : String(error)
      throw new Error(
        `stream ${opener.stream.id}: ${received} of ${peer!.sent} bytes, end ${endTold}, closed with ${code}`,
      )
    }
  }
}
