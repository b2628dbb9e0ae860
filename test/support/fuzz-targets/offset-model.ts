import { crc32 } from 'node:zlib'
import { ProtocolError } from '../../../src/core/errors.js'
import { INITIAL_WINDOW } from '../../../src/wire/frame.js'
import type { FrameSink } from '../../../src/wire/index.js'
import { DATA, FIN, RST, SYN, WINDOW_UPDATE } from '../raw-peer.js'

export const OFFSET = 18
const MODULUS = 2 ** 32

/** A piece of a stream that came. */
interface Piece {
  readonly from: number
  readonly bytes: Buffer
}

/** What the receiver of a stream should have by now. */
export class ModelStream {
  /** The offset up to which the peer may send, as it was told. */
  limit = INITIAL_WINDOW
  /** Payload bytes of all headers, and those of them that were consumed. */
  announced = 0
  consumed = 0
  /** Where the next bytes without an offset belong, and the end of all that was announced. */
  plain = 0
  top = 0
  striped = false
  end: number | null = null
  ended = false
  /** Given on, and the checksum of it. */
  delivered = 0
  crc = 0
  /** What an honest peer has sent: it goes on there. */
  sent = 0
  /** We ended our direction. */
  ourEnd = false
  /** How it was closed; null: it is open. */
  closed: string | null = null
  readonly waiting: Piece[] = []

  constructor(readonly id: number) {}

  get waitingBytes(): number {
    return this.waiting.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** The offset that has these low 32 bits. */
  full(low: number): number {
    let offset = this.delivered - (this.delivered % MODULUS) + low
    if (offset < this.delivered) offset += MODULUS
    return offset
  }

  take(from: number, bytes: Buffer): void {
    const to = from + bytes.length
    const twice = this.waiting.some((piece) => from < piece.from + piece.bytes.length && piece.from < to)
    if (twice || from < this.delivered || (!this.striped && from !== this.delivered)) breach('UR_WIRE_OFFSET')
    this.waiting.push({ from, bytes })
    for (let at = 0; at >= 0;) {
      at = this.waiting.findIndex((piece) => piece.from === this.delivered)
      if (at < 0) break
      const [next] = this.waiting.splice(at, 1) as [Piece]
      this.delivered += next.bytes.length
      this.crc = crc32(next.bytes, this.crc)
    }
    this.endIfWhole()
  }

  endAt(offset: number): void {
    if (this.ended) return
    if (offset > this.limit || offset < this.top || (this.end ?? offset) !== offset) {
      breach('UR_WIRE_WINDOW_EXCEEDED')
    }
    this.end = offset
    this.endIfWhole()
  }

  /** Both directions are through, or were given up. */
  close(how: string): void {
    this.closed ??= how
    this.waiting.length = 0
  }

  endIfWhole(): void {
    if (this.end !== this.delivered) return
    this.ended = true
    if (this.ourEnd) this.close('null')
  }
}

/**
 * The receiving half of docs/protocol.md, "One stream over several carriers", in the plainest way: what a server has to
 * make of the frames of its peer. Throws `ProtocolError` where the page says that the session ends.
 */
export class OffsetModel {
  /** In the order in which they were opened. */
  readonly opened: ModelStream[] = []

  /** The open stream of an id. */
  stream(id: number): ModelStream | null {
    return this.opened.find((stream) => stream.id === id && stream.closed === null) ?? null
  }

  /** Opened by the peer, or `own`. */
  open(id: number, own = false): ModelStream {
    if (!own && (id % 2 === 0 || this.stream(id) !== null)) breach('UR_WIRE_STREAM_ID')
    const stream = new ModelStream(id)
    this.opened.push(stream)
    return stream
  }

  /** For the parser of one more carrier. */
  carrier(): FrameSink {
    return new ModelCarrier(this)
  }
}

class ModelCarrier implements FrameSink {
  /** What OFFSET said of the next frame. */
  #next: { id: number; offset: number } | null = null
  /** Of the current data frame; where its next byte belongs. */
  #stream: ModelStream | null = null
  #flags = 0
  #at = 0

  constructor(readonly model: OffsetModel) {}

  onHeader(type: number, flags: number, id: number, length: number): void {
    if (this.#next !== null && (type !== DATA || id !== this.#next.id)) breach('UR_WIRE_OFFSET')
    if (type === DATA) this.#onData(flags, id, length)
    else if (type === OFFSET) this.#onOffset(flags, id, length)
    else if (type === WINDOW_UPDATE) {
      const stream = flags & SYN ? this.model.open(id) : this.model.stream(id)
      if (stream !== null) applyFlags(stream, flags)
    }
  }

  onPayload(slice: Buffer): void {
    const at = this.#at
    this.#at += slice.length
    if (this.#stream?.closed === null) this.#stream.take(at, slice)
  }

  onPayloadEnd(): void {
    if (this.#stream?.closed === null) applyFlags(this.#stream, this.#flags)
    this.#stream = null
  }

  #onData(flags: number, id: number, length: number): void {
    const given = this.#next?.offset ?? null
    this.#next = null
    this.#stream = null
    const stream = flags & SYN ? this.model.open(id) : this.model.stream(id)
    if (stream === null) return
    if (stream.ended && length > 0) return stream.close('UR_WIRE_AFTER_FIN')
    this.#at = given ?? stream.plain
    const end = this.#at + length
    stream.announced += length
    if (end > Math.min(stream.limit, stream.end ?? Infinity) || stream.announced > stream.limit) {
      breach('UR_WIRE_WINDOW_EXCEEDED')
    }
    if (given === null) stream.plain = end
    if (length > 0) stream.top = Math.max(stream.top, end)
    this.#stream = stream
    this.#flags = flags
  }

  #onOffset(flags: number, id: number, low: number): void {
    const stream = this.model.stream(id)
    if (stream === null) return
    stream.striped = true
    const offset = stream.full(low)
    if (flags & FIN) stream.endAt(offset)
    else this.#next = { id, offset }
  }
}

function applyFlags(stream: ModelStream, flags: number): void {
  if (flags & RST) stream.close('UR_WIRE_RESET')
  else if (flags & FIN && !stream.ended) {
    if (stream.striped) breach('UR_WIRE_OFFSET')
    stream.end = stream.plain
    stream.endIfWhole()
  }
}

type Breach = 'UR_WIRE_OFFSET' | 'UR_WIRE_WINDOW_EXCEEDED' | 'UR_WIRE_STREAM_ID'

function breach(code: Breach): never {
  throw new ProtocolError(code, 'by the model')
}
