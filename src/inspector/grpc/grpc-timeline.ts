import { TRAILERS } from '../record/timeline.js'
import type { Direction, ExchangeWriter } from '../reader.js'
import { messageDecoder } from './message-coding.js'
import { GrpcMessageReader, type GrpcFrame } from './message-reader.js'

/** gRPC-Web: a frame with this flag has the trailers, as text. */
const WEB_TRAILERS = 0x80

/** Puts the messages of one direction of a gRPC call on the timeline of its exchange. */
export class GrpcTimeline {
  readonly #writer: ExchangeWriter
  readonly #direction: Direction
  readonly #coding: string
  readonly #most: number
  readonly #reader: GrpcMessageReader
  #atMs = 0
  /** Memory that is taken for a message that is not whole yet. */
  #held = 0

  /**
   * @param coding what `grpc-encoding` says; empty: nothing
   * @param most bytes of a message that are kept, and to which one is decompressed
   */
  constructor(writer: ExchangeWriter, direction: Direction, coding: string, most: number) {
    this.#writer = writer
    this.#direction = direction
    this.#coding = coding
    this.#most = most
    this.#reader = new GrpcMessageReader(most, (frame) => this.#onFrame(frame))
    writer.whenForgotten(() => this.#reader.keepNothing())
  }

  push(bytes: Buffer, atMs: number): void {
    this.#atMs = atMs
    if (!this.#writer.wantsMessages) this.#reader.keepNothing()
    this.#reader.push(bytes)
    this.#account()
  }

  /** The direction is over. */
  end(): void {
    if (this.#reader.broken) this.#writer.problem('the last gRPC message is not whole')
  }

  #account(): void {
    const { cost } = this.#reader
    const added = cost - this.#held
    this.#held = cost
    if (added !== 0) this.#writer.holds(added)
  }

  #onFrame(frame: GrpcFrame): void {
    // What it held is given back before it takes room on the timeline.
    this.#account()
    const { payload, problem } = frame.flags & 1 ? this.#decompress(frame) : { payload: frame.payload, problem: null }
    const label = frame.flags & WEB_TRAILERS ? TRAILERS : ''
    const decompressed = (frame.flags & 1) === 1 && problem === null
    const bytes = decompressed ? payload.length : frame.bytes
    const isPart = payload.length < bytes
    const direction = this.#direction
    this.#writer.message({ direction, kind: 'grpc', label, payload, problem, bytes, isPart }, this.#atMs)
  }

  /** What cannot be decompressed is not kept: secrets in it cannot be found. */
  #decompress({ payload, bytes }: GrpcFrame): { payload: Buffer; problem: string | null } {
    if (payload.length < bytes) return { payload: NOTHING, problem: 'it is compressed, and too large to be kept whole' }
    const decoder = messageDecoder(this.#coding)
    if (decoder === null) {
      return { payload: NOTHING, problem: `it is compressed by "${this.#coding}", which is not known` }
    }
    const result = this.#writer.inflation.inflate(
      bytes,
      this.#most,
      this.#atMs,
      (most) => decoder(payload, most),
      (plain) => plain.length,
    )
    switch (result.kind) {
      case 'decoded':
        return { payload: result.value, problem: null }
      case 'too-large':
        return { payload: NOTHING, problem: `it has more than ${this.#most} bytes when decompressed` }
      case 'too-much':
        return { payload: NOTHING, problem: 'too much was to be decompressed at once' }
      case 'invalid':
        return { payload: NOTHING, problem: `it is no ${this.#coding}` }
    }
  }
}

const NOTHING = Buffer.alloc(0)
