import type { Direction, TimelineMessage } from '../reader.js'
import { Parts } from '../record/parts.js'
import { MAX_PAYLOAD } from '../record/timeline.js'
import type { MessageInflater } from './deflate.js'
import { FrameError, FrameParser, type FrameEvents, type FrameHead } from './frames.js'

/** Compressed bytes of a message that are collected; a larger one is not decompressed. */
const MAX_COMPRESSED = 1024 * 1024
/** One byte more than is kept tells that there is more. */
const MAX_PLAIN = MAX_PAYLOAD + 1

const CONTINUATION = 0
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10
const MAX_CONTROL = 125

/** Fewer bytes are not worth to be left out. */
const MIN_SKIP = 64 * 1024

export interface MessageEvents {
  /** False: messages are only counted from here on. */
  readonly wants: boolean
  onMessage(message: TimelineMessage, atMs: number): void
  onClose(): void
  /** Of the frame that is under way the next bytes are not needed. */
  skip(bytes: number): void
}

/** A message, or control frame, that is under way. */
class Pending {
  readonly kind: TimelineMessage['kind']
  readonly isCompressed: boolean
  bytes = 0
  missed = false
  readonly #most: number
  readonly #parts = new Parts()

  /** `isWanted`: false: it is only counted. */
  constructor(kind: TimelineMessage['kind'], isCompressed: boolean, isWanted = true) {
    this.kind = kind
    this.isCompressed = isCompressed
    this.#most = isWanted ? (isCompressed ? MAX_COMPRESSED : MAX_PLAIN) : 0
  }

  get wants(): boolean {
    return !this.missed && this.#parts.bytes < this.#most
  }

  /** Memory that is taken, bytes. */
  get cost(): number {
    return this.#parts.cost
  }

  push(bytes: Buffer): void {
    this.bytes += bytes.length
    if (this.missed) return
    const part = bytes.subarray(0, this.#most - this.#parts.bytes)
    if (part.length < bytes.length) this.missed = true
    this.#parts.push(part)
  }

  miss(bytes: number): void {
    this.bytes += bytes
    this.missed = true
  }

  take(): Buffer {
    return this.#parts.take()
  }
}

/** The messages of one direction of a WebSocket (RFC 6455 §5.4), put together and decompressed. */
export class MessageReader implements FrameEvents {
  readonly #direction: Direction
  readonly #events: MessageEvents
  readonly #inflater: MessageInflater | null
  readonly #frames = new FrameParser(this)
  #message: Pending | null = null
  /** It may stand between the frames of a message. */
  #control: Pending | null = null
  #isLast = false

  /** `inflater`: null when compression was not agreed on. */
  constructor(direction: Direction, inflater: MessageInflater | null, events: MessageEvents) {
    this.#direction = direction
    this.#inflater = inflater
    this.#events = events
  }

  /** Memory that is taken, bytes. */
  get cost(): number {
    return (this.#message?.cost ?? 0) + (this.#control?.cost ?? 0) + (this.#inflater?.cost ?? 0)
  }

  /** Throws FrameError. */
  push(bytes: Buffer, atMs: number): void {
    this.#frames.push(bytes, atMs)
    const pending = this.#control ?? this.#message
    if (pending?.wants === false && this.#frames.left >= MIN_SKIP) this.#events.skip(this.#frames.left)
  }

  /** Throws FrameError. */
  missed(bytes: number, atMs: number): void {
    this.#frames.missed(bytes, atMs)
  }

  onFrame({ opcode, isLast, isCompressed, length }: FrameHead): void {
    this.#isLast = isLast
    if (opcode === CLOSE || opcode === PING || opcode === PONG) {
      if (!isLast || isCompressed || length > MAX_CONTROL) throw new FrameError('a control frame is none')
      this.#control = new Pending(opcode === CLOSE ? 'close' : opcode === PING ? 'ping' : 'pong', false)
      return
    }
    if (opcode === CONTINUATION) {
      if (this.#message === null || isCompressed) throw new FrameError('a frame goes on with no message')
      return
    }
    if (opcode !== TEXT && opcode !== BINARY) throw new FrameError(`a frame is of the unknown kind ${opcode}`)
    if (this.#message !== null) throw new FrameError('a message begins within another')
    if (isCompressed && this.#inflater === null) throw new FrameError('a message is compressed without agreement')
    this.#message = new Pending(opcode === TEXT ? 'text' : 'binary', isCompressed, this.#events.wants)
  }

  onPayload(bytes: Buffer): void {
    ;(this.#control ?? this.#message)?.push(bytes)
  }

  onMissed(bytes: number): void {
    ;(this.#control ?? this.#message)?.miss(bytes)
  }

  onFrameEnd(atMs: number): void {
    const control = this.#control
    if (control !== null) {
      this.#control = null
      this.#tellControl(control, atMs)
    } else if (this.#isLast && this.#message !== null) {
      const message = this.#message
      this.#message = null
      this.#tell(message, atMs)
    }
  }

  #tellControl(control: Pending, atMs: number): void {
    const { kind, bytes, missed } = control
    const payload = control.take()
    const isClose = kind === 'close'
    const code = isClose && payload.length >= 2 ? String(payload.readUInt16BE(0)) : ''
    this.#events.onMessage(
      {
        direction: this.#direction,
        kind,
        label: code,
        payload: isClose ? payload.subarray(2) : payload,
        bytes,
        isPart: missed,
        problem: null,
      },
      atMs,
    )
    if (isClose) this.#events.onClose()
  }

  #tell(message: Pending, atMs: number): void {
    const { kind, isCompressed, bytes, missed } = message
    const raw = message.take()
    const plain = isCompressed ? this.#inflate(raw, missed, atMs) : raw
    const isRead = typeof plain !== 'string'
    this.#events.onMessage(
      {
        direction: this.#direction,
        kind,
        label: '',
        payload: isRead ? plain : NOTHING,
        bytes: isCompressed && isRead ? plain.length : bytes,
        isPart: missed || !isRead,
        problem: isRead ? null : plain,
      },
      atMs,
    )
  }

  /** What cannot be decompressed is told in words. */
  #inflate(raw: Buffer, missed: boolean, atMs: number): Buffer | string {
    if (!missed && this.#events.wants) return this.#inflater!.inflate(raw, atMs)
    this.#inflater!.lose()
    return 'it could not be decompressed'
  }
}

const NOTHING = Buffer.alloc(0)
