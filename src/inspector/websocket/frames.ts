/** The head of a frame (RFC 6455 §5.2). */
export interface FrameHead {
  readonly isLast: boolean
  readonly isCompressed: boolean
  readonly opcode: number
  /** Bytes of the payload. */
  readonly length: number
}

export interface FrameEvents {
  /** Throws FrameError for a frame that may not be there. */
  onFrame(head: FrameHead): void
  /** A part of the payload, unmasked; valid only until it returns. */
  onPayload(bytes: Buffer): void
  /** So many bytes of the payload passed and were not seen. */
  onMissed(bytes: number): void
  onFrameEnd(atMs: number): void
}

/** What came cannot be read, nor what comes after it. The message says why. */
export class FrameError extends Error {}

const MAX_HEAD = 14

/** Cuts the bytes of one direction of a WebSocket into frames. */
export class FrameParser {
  readonly #events: FrameEvents
  readonly #head = Buffer.alloc(MAX_HEAD)
  #headBytes = 0
  #left = 0
  #inPayload = false
  #mask: Buffer | null = null
  #maskAt = 0

  constructor(events: FrameEvents) {
    this.#events = events
  }

  /** Bytes of the payload that are still to come. */
  get left(): number {
    return this.#left
  }

  /** Throws FrameError. */
  push(bytes: Buffer, atMs: number): void {
    let at = 0
    while (at < bytes.length) {
      if (!this.#inPayload) {
        this.#head[this.#headBytes++] = bytes[at++]!
        if (this.#headBytes === headLength(this.#head, this.#headBytes)) this.#begin(atMs)
        continue
      }
      const part = bytes.subarray(at, Math.min(bytes.length, at + this.#left))
      at += part.length
      this.#left -= part.length
      this.#events.onPayload(this.#mask === null ? part : this.#unmask(part, this.#mask))
      this.#checkEnd(atMs)
    }
  }

  /** So many bytes were not seen. Throws FrameError when they are not all of the payload that is under way. */
  missed(bytes: number, atMs: number): void {
    if (!this.#inPayload || bytes > this.#left) throw new FrameError('bytes were missed')
    this.#left -= bytes
    this.#maskAt = (this.#maskAt + bytes) % 4
    this.#events.onMissed(bytes)
    this.#checkEnd(atMs)
  }

  #begin(atMs: number): void {
    const head = this.#head
    const mask = this.#headBytes - (isMasked(head) ? 4 : 0)
    this.#left = payloadLength(head)
    this.#mask = isMasked(head) ? Buffer.from(head.subarray(mask, mask + 4)) : null
    this.#maskAt = 0
    this.#headBytes = 0
    if ((head[0]! & 0x30) !== 0) throw new FrameError('a frame has bits of an extension that was not agreed on')
    this.#inPayload = true
    this.#events.onFrame({
      isLast: (head[0]! & 0x80) !== 0,
      isCompressed: (head[0]! & 0x40) !== 0,
      opcode: head[0]! & 0x0f,
      length: this.#left,
    })
    this.#checkEnd(atMs)
  }

  #unmask(part: Buffer, mask: Buffer): Buffer {
    const plain = Buffer.allocUnsafe(part.length)
    for (let i = 0; i < part.length; i++) plain[i] = part[i]! ^ mask[(this.#maskAt + i) & 3]!
    this.#maskAt = (this.#maskAt + part.length) & 3
    return plain
  }

  #checkEnd(atMs: number): void {
    if (this.#left > 0) return
    this.#inPayload = false
    this.#events.onFrameEnd(atMs)
  }
}

/** How long the head is, as far as its first bytes tell. */
function headLength(head: Buffer, known: number): number {
  if (known < 2) return 2
  const short = head[1]! & 0x7f
  return 2 + (short === 127 ? 8 : short === 126 ? 2 : 0) + (isMasked(head) ? 4 : 0)
}

function isMasked(head: Buffer): boolean {
  return (head[1]! & 0x80) !== 0
}

function payloadLength(head: Buffer): number {
  const short = head[1]! & 0x7f
  if (short < 126) return short
  if (short === 126) return head.readUInt16BE(2)
  const length = head.readBigUInt64BE(2)
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError('a frame is longer than can be')
  return Number(length)
}
