import { gunzipSync, inflateSync } from 'node:zlib'
import type { Direction, ExchangeWriter } from '../reader.js'
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
  }

  push(bytes: Buffer, atMs: number): void {
    this.#atMs = atMs
    this.#reader.push(bytes)
  }

  /** The direction is over. */
  end(): void {
    if (this.#reader.broken) this.#writer.problem('the last gRPC message is not whole')
  }

  #onFrame(frame: GrpcFrame): void {
    const { payload, problem } = frame.flags & 1 ? this.#decompress(frame) : { payload: frame.payload, problem: null }
    const label = frame.flags & WEB_TRAILERS ? 'trailers' : ''
    const decompressed = (frame.flags & 1) === 1 && problem === null
    const bytes = decompressed ? payload.length : frame.bytes
    this.#writer.message({ direction: this.#direction, kind: 'grpc', label, payload, problem, bytes }, this.#atMs)
  }

  #decompress({ payload, bytes }: GrpcFrame): { payload: Buffer; problem: string | null } {
    if (payload.length < bytes) return { payload, problem: 'it is compressed, and too large to be kept whole' }
    try {
      if (this.#coding === 'gzip')
        return { payload: gunzipSync(payload, { maxOutputLength: this.#most }), problem: null }
      if (this.#coding === 'deflate') {
        return { payload: inflateSync(payload, { maxOutputLength: this.#most }), problem: null }
      }
    } catch (error) {
      const tooLarge = (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
      const reason = tooLarge ? `it has more than ${this.#most} bytes when decompressed` : `it is no ${this.#coding}`
      return { payload, problem: reason }
    }
    return { payload, problem: `it is compressed by "${this.#coding}", which is not known` }
  }
}
