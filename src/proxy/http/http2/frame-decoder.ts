import { ErrorCode, Flag, FrameType, LARGEST } from '../../../http2/index.js'
import { FieldBlock } from './field-block.js'
import { FrameParser, tooMuchPadding, type FrameEvents } from './frame-parser.js'
import { ConnectionViolation } from './violation.js'

/** What the frames of a visitor say. Called synchronously; throws ConnectionViolation to end the connection. */
export interface VisitorEvents extends Pick<FrameEvents, 'onDataFrame' | 'onDataPart' | 'onDataEnd'> {
  /** A whole field block, `bytes[start, end)`, valid during the call; `isWhole`: the stream ends with it. */
  onFields(stream: number, isWhole: boolean, bytes: Buffer, start: number, end: number): void
  onReset(stream: number, code: number): void
  /** The payload of SETTINGS, `bytes[start, end)`. */
  onSettings(bytes: Buffer, start: number, end: number): void
  /** The 8 bytes of PING from `start` on. */
  onPing(bytes: Buffer, start: number, ack: boolean): void
  /** `stream` 0: the window of the connection. */
  onWindowUpdate(stream: number, more: number): void
  /** A frame of PRIORITY has not its size. */
  onWrongPriority(stream: number): void
}

const { PROTOCOL_ERROR, FRAME_SIZE_ERROR } = ErrorCode

/** Reads the frames of a visitor, and refuses those that are wrong whatever the state of their streams (RFC 9113 §6). */
export class FrameDecoder implements FrameEvents {
  readonly #events: VisitorEvents
  readonly #parser = new FrameParser(this)
  readonly #block: FieldBlock

  /** `headerBytes`: what a header section may have. */
  constructor(events: VisitorEvents, headerBytes: number) {
    this.#events = events
    this.#block = new FieldBlock(headerBytes)
  }

  /** Whether a header section, or a frame other than DATA, has begun and is not whole. */
  get begun(): boolean {
    return this.#block.begun || this.#parser.inFrame
  }

  /** Throws ConnectionViolation, and what the events throw; nothing can be read after that. */
  push(chunk: Buffer): void {
    this.#parser.push(chunk)
  }

  // FrameEvents

  onDataFrame(stream: number, length: number): void {
    this.#expect(FrameType.DATA, stream)
    expectStream(stream, true)
    this.#events.onDataFrame(stream, length)
  }

  onDataPart(slice: Buffer): void {
    this.#events.onDataPart(slice)
  }

  onDataEnd(end: boolean): void {
    this.#events.onDataEnd(end)
  }

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    this.#expect(type, stream)
    switch (type) {
      case FrameType.HEADERS:
        return this.#onHeaders(flags, stream, bytes, start, end)
      case FrameType.CONTINUATION:
        return this.#onContinuation(flags, bytes, start, end)
      case FrameType.PRIORITY:
        return this.#onPriority(stream, bytes, start, end)
      case FrameType.RST_STREAM:
        expectStream(stream, true)
        expectSize(end - start, 4)
        return this.#events.onReset(stream, bytes.readUInt32BE(start))
      case FrameType.SETTINGS:
        return this.#onSettings(flags, stream, bytes, start, end)
      case FrameType.PUSH_PROMISE:
        throw new ConnectionViolation(PROTOCOL_ERROR, 'a client does not push')
      case FrameType.PING:
        expectStream(stream, false)
        expectSize(end - start, 8)
        return this.#events.onPing(bytes, start, (flags & Flag.ACK) !== 0)
      case FrameType.GOAWAY:
        expectStream(stream, false)
        if (end - start < 8) throw wrongSize()
        return
      case FrameType.WINDOW_UPDATE:
        expectSize(end - start, 4)
        return this.#events.onWindowUpdate(stream, bytes.readUInt32BE(start) & LARGEST)
    }
  }

  /** RFC 9113 §4.3: a field block is not interrupted. */
  #expect(type: number, stream: number): void {
    const { stream: within } = this.#block
    if (within === 0 ? type === FrameType.CONTINUATION : type !== FrameType.CONTINUATION || stream !== within) {
      throw new ConnectionViolation(PROTOCOL_ERROR, 'a header section is not where it should be')
    }
  }

  #onHeaders(flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    expectStream(stream, true)
    let from = start
    let to = end
    if (flags & Flag.PADDED) {
      if (from === to) throw wrongSize()
      to -= bytes[from++]!
    }
    if (flags & Flag.PRIORITY) {
      if (to - from < 5) throw wrongSize()
      expectOther(stream, bytes.readUInt32BE(from))
      from += 5
    }
    if (from > to) throw tooMuchPadding()
    const isWhole = (flags & Flag.END_STREAM) !== 0
    if (flags & Flag.END_HEADERS) return this.#events.onFields(stream, isWhole, bytes, from, to)
    this.#block.begin(stream, isWhole)
    this.#block.add(bytes, from, to)
  }

  #onContinuation(flags: number, bytes: Buffer, start: number, end: number): void {
    const { stream, isWhole } = this.#block
    this.#block.add(bytes, start, end)
    if ((flags & Flag.END_HEADERS) === 0) return
    const whole = this.#block.finish()
    this.#events.onFields(stream, isWhole, whole, 0, whole.length)
  }

  /** RFC 9113 §5.3: what it says counts no more; but a stream that depends on itself was never right. */
  #onPriority(stream: number, bytes: Buffer, start: number, end: number): void {
    expectStream(stream, true)
    if (end - start !== 5) return this.#events.onWrongPriority(stream)
    expectOther(stream, bytes.readUInt32BE(start))
  }

  #onSettings(flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    expectStream(stream, false)
    if (flags & Flag.ACK) expectSize(end - start, 0)
    else this.#events.onSettings(bytes, start, end)
  }
}

/** A stream's frame has a stream, a connection's frame has none. */
function expectStream(stream: number, wanted: boolean): void {
  if ((stream !== 0) !== wanted) throw new ConnectionViolation(PROTOCOL_ERROR, 'a frame is of the wrong stream')
}

function expectOther(stream: number, dependency: number): void {
  if ((dependency & LARGEST) === stream) throw new ConnectionViolation(PROTOCOL_ERROR, 'a stream depends on itself')
}

function expectSize(size: number, wanted: number): void {
  if (size !== wanted) throw wrongSize()
}

export function wrongSize(): ConnectionViolation {
  return new ConnectionViolation(FRAME_SIZE_ERROR, 'a frame has not the size of its type')
}
