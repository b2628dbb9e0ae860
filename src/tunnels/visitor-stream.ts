import { randomBytes, randomFillSync } from 'node:crypto'
import { NetworkError, ProtocolError, type UniRouteError } from '../core/errors.js'
import { acceptError, encodeStreamOpen, StreamAcceptReader } from '../protocol/index.js'
import { HEADROOM, type Stream, type StreamHandler } from '../wire/index.js'
import type { Visitor } from './api.js'
import type { Tunnel } from './tunnel.js'

/** Characters of a visitor's ALPN that an agent is told. */
const MAX_ALPN = 1024

/** Told how opening a visitor's stream went; exactly one of the two, once. */
export interface OpeningEvents {
  accepted(): void
  failed(error: Error): void
}

/**
 * The first part of a visitor's stream: sends StreamOpen with the visitor's first bytes, and holds the place of the
 * consumer until the agent's StreamAccept came. Then the stream is attached to `target`, with what came behind.
 * When the agent says no, or nothing, `target` gets `onClose` with the reason.
 */
export class VisitorStream implements StreamHandler {
  #target: StreamHandler
  readonly #events: OpeningEvents
  readonly #reader = new StreamAcceptReader()

  constructor(target: StreamHandler, events: OpeningEvents) {
    this.#target = target
    this.#events = events
  }

  /** Puts somebody between the stream and the consumer that it will have. */
  interpose<T extends StreamHandler>(make: (target: StreamHandler) => T): T {
    const between = make(this.#target)
    this.#target = between
    return between
  }

  onData(slice: Buffer, stream: Stream): void {
    let error: UniRouteError | null
    try {
      const accept = this.#reader.push(slice)
      if (accept === null) {
        stream.consumed(slice.length)
        return
      }
      error = acceptError(accept)
    } catch (cause) {
      error = cause as ProtocolError
    }
    if (error !== null) {
      stream.reset(error)
      return
    }
    const rest = this.#reader.rest
    stream.consumed(slice.length - rest.length)
    this.#events.accepted()
    stream.attach(this.#target)
    if (rest.length > 0) this.#target.onData(rest, stream)
  }

  onEnd(stream: Stream): void {
    stream.reset(new ProtocolError('UR_STREAM_UNANSWERED', 'The agent ended a stream without StreamAccept; update it.'))
  }

  onWritable(stream: Stream): void {
    this.#target.onWritable(stream)
  }

  onClose(error: Error | null, stream: Stream): void {
    const reason = error ?? new NetworkError('UR_STREAM_UNANSWERED', 'The stream was closed before the agent answered.')
    this.#events.failed(reason)
    this.#target.onClose(reason, stream)
  }
}

/** StreamOpen and the visitor's first bytes as one slab for `Stream.writeSlab`. */
export function openingSlab(tunnel: Tunnel, connectionId: string, visitor: Visitor, first: Buffer | null): Buffer {
  const header = encodeStreamOpen({
    tunnelId: tunnel.id,
    connectionId,
    kind: tunnel.kind,
    visitorAddress: visitor.address,
    visitorPort: visitor.port,
    serverAddress: visitor.serverAddress,
    serverPort: visitor.serverPort,
    sni: visitor.sni ?? '',
    // A ClientHello has room for more protocols than the header of a stream.
    alpn: visitor.alpn?.slice(0, MAX_ALPN) ?? '',
    traceId: traceparentOf(connectionId),
  })
  const slab = Buffer.allocUnsafe(HEADROOM + header.length + (first?.length ?? 0))
  header.copy(slab, HEADROOM)
  first?.copy(slab, HEADROOM + header.length)
  return slab
}

/** An id that a proxy gave may be of another form than a trace's. */
function traceparentOf(connectionId: string): string {
  const trace = /^[0-9a-f]{32}$/.test(connectionId) ? connectionId : randomBytes(16).toString('hex')
  return `00-${trace}-${trace.slice(8, 24)}-00`
}

/** Connection ids: 16 random bytes in hexadecimal, as W3C trace ids are. Random bytes are drawn for many at once. */
export class ConnectionIds {
  readonly #pool = Buffer.alloc(4096)
  #at = this.#pool.length

  next(): string {
    if (this.#at === this.#pool.length) {
      randomFillSync(this.#pool)
      this.#at = 0
    }
    this.#at += 16
    return this.#pool.toString('hex', this.#at - 16, this.#at)
  }
}
