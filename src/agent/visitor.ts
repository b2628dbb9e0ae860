import type { Socket } from 'node:net'
import type { Clock } from '../core/clock.js'
import { UniRouteError, UpstreamError } from '../core/errors.js'
import { formatUpstream } from '../config/index.js'
import { encodeProxyHeader } from '../hello/index.js'
import { acceptOf, AcceptResult, encodeStreamAccept, StreamOpenReader, type StreamOpen } from '../protocol/index.js'
import { Splice, type SpliceResult } from '../proxy/splice.js'
import { streamToDuplex, type Stream, type StreamHandler } from '../wire/index.js'
import { hostPortText } from './addresses.js'
import type { ConnectionEnd, ConnectionInfo, ConnectionTap } from './api.js'
import type { CancelDial } from './dial-upstream.js'
import type { TlsEnd } from './terminate/api.js'
import type { Tunnel } from './tunnel.js'

/** What a visitor's stream needs of its agent. */
export interface VisitorContext {
  readonly clock: Clock
  /** The tunnel of an id that the server gave; undefined: there is none (any more). */
  tunnel(id: number): Tunnel | undefined
  /** The agent takes no new visitors. */
  readonly draining: boolean
  opened(connection: ConnectionInfo): void
  closed(connection: ConnectionEnd): void
}

/**
 * One stream that the server opened, until its upstream is connected: reads StreamOpen, dials, answers StreamAccept.
 * Then a splice takes over. The visitor's bytes that come before wait here, without credit, so within the window.
 */
export class Visitor implements StreamHandler {
  readonly #context: VisitorContext
  #reader: StreamOpenReader | null = new StreamOpenReader()
  #waiting: Buffer[] = []
  #ended = false
  #cancelDial: CancelDial | null = null
  #tunnel: Tunnel | null = null
  #stream: Stream | null = null
  #connection: ConnectionInfo | null = null
  #tap: ConnectionTap | null = null
  #openedAt = 0

  constructor(context: VisitorContext) {
    this.#context = context
  }

  onData(slice: Buffer, stream: Stream): void {
    const reader = this.#reader
    if (reader === null) {
      this.#waiting.push(slice)
      return
    }
    let open: StreamOpen | null
    try {
      open = reader.push(slice)
    } catch (error) {
      stream.reset(error as Error)
      return
    }
    if (open === null) {
      stream.consumed(slice.length)
      return
    }
    this.#reader = null
    const rest = reader.rest
    stream.consumed(slice.length - rest.length)
    if (rest.length > 0) this.#waiting.push(rest)
    this.#onOpen(open, stream)
  }

  onEnd(stream: Stream): void {
    this.#ended = true
    if (this.#reader !== null) stream.reset()
  }

  onWritable(): void {
    // Only StreamAccept is written from here.
  }

  onClose(error: Error | null): void {
    this.#cancelDial?.()
    this.#finish({ bytesIn: 0, bytesOut: 0, error })
  }

  #onOpen(open: StreamOpen, stream: Stream): void {
    const tunnel = this.#context.tunnel(open.tunnelId)
    if (tunnel === undefined) {
      const detail = `the agent has no tunnel ${open.tunnelId}`
      return refuse(stream, new UpstreamError('UR_NO_SUCH_TUNNEL', detail))
    }
    if (this.#context.draining) {
      return refuse(stream, new UpstreamError('UR_AGENT_DRAINING', 'the agent is stopping'))
    }
    this.#tunnel = tunnel
    this.#stream = stream
    this.#openedAt = this.#context.clock.now()
    const visitor = hostPortText({ host: open.visitorAddress, port: open.visitorPort })
    this.#connection = { id: open.connectionId, tunnel: tunnel.spec.name, visitor }
    tunnel.visitorsTotal++
    tunnel.visitors.add(stream)
    this.#context.opened(this.#connection)
    if (tunnel.end !== null) return this.#endTls(tunnel.end, open, tunnel, stream)
    this.#tap = tunnel.tapOf(this.#connection)
    this.#cancelDial = tunnel.dialer.dial({
      connected: (socket) => this.#onConnected(open, tunnel, stream, socket),
      failed: (error) => {
        this.#cancelDial = null
        tunnel.failures++
        if (this.#tap !== null) for (const slice of this.#waiting) this.#tap.toSocket(slice)
        this.#finish({ bytesIn: 0, bytesOut: 0, error })
        refuse(stream, error)
      },
    })
  }

  #onConnected(open: StreamOpen, tunnel: Tunnel, stream: Stream, socket: Socket): void {
    this.#cancelDial = null
    const version = tunnel.spec.proxyProtocol
    if (version !== undefined) {
      const source = { address: open.visitorAddress, port: open.visitorPort }
      const destination = { address: open.serverAddress, port: open.serverPort }
      socket.write(encodeProxyHeader(version, { source, destination }))
    }
    const splice = new Splice(stream, socket, {
      total: tunnel.traffic,
      tap: this.#tap,
      onClose: (result) => this.#finish({ ...result, error: cutError(tunnel, result.error) }),
    })
    stream.attach(splice)
    splice.startOpening((first) => {
      const accept = encodeStreamAccept({ result: AcceptResult.OK })
      stream.write(first === null ? accept : Buffer.concat([accept, first]))
      return stream
    })
    for (const slice of this.#waiting) splice.onData(slice)
    this.#waiting = []
    if (this.#ended) splice.onEnd()
  }

  /** Its TLS ends here: the upstream is dialled by whoever reads what is inside. */
  #endTls(end: TlsEnd, open: StreamOpen, tunnel: Tunnel, stream: Stream): void {
    const count = { bytesIn: 0, bytesOut: 0 }
    const waiting = this.#waiting
    this.#waiting = []
    let parts = 2
    let failure: Error | null = null
    const over = (error: Error | null): void => {
      failure ??= error
      if (--parts === 0) this.#finish({ ...count, error: failure })
    }
    stream.write(encodeStreamAccept({ result: AcceptResult.OK }))
    const duplex = streamToDuplex(stream, {
      onBytes: (received, sent) => {
        count.bytesOut += received
        count.bytesIn += sent
        tunnel.traffic.addBytes(sent, received)
      },
      onClose: over,
    })
    for (const slice of waiting) stream.handler?.onData(slice, stream)
    if (this.#ended) stream.handler?.onEnd(stream)
    const { visitorAddress: address, visitorPort: port, serverAddress, serverPort, sni, alpn, connectionId } = open
    end.take(duplex, { address, port, serverAddress, serverPort, sni, alpn, connectionId }, over)
  }

  #finish({ bytesIn, bytesOut, error }: SpliceResult): void {
    this.#waiting = []
    const connection = this.#connection
    if (this.#tunnel === null || this.#stream === null || connection === null) return
    this.#tunnel.visitors.delete(this.#stream)
    this.#tunnel = null
    this.#tap?.close(error)
    const durationMs = this.#context.clock.now() - this.#openedAt
    const { id, tunnel, visitor } = connection
    this.#context.closed({ id, tunnel, visitor, bytesIn: bytesOut, bytesOut: bytesIn, durationMs, error })
  }
}

/** Says why, and ends the stream; what the visitor still sends is dropped by the server once it has read the reason. */
function refuse(stream: Stream, error: UpstreamError): void {
  stream.write(encodeStreamAccept(acceptOf(error)))
  stream.end()
}

/** Why a connection was cut: our own error, or else that of the socket to the upstream. */
function cutError(tunnel: Tunnel, error: Error | null): Error | null {
  if (error === null || error instanceof UniRouteError) return error
  const message = `the upstream ${formatUpstream(tunnel.spec.upstream)} cut the connection: ${error.message}`
  return new UpstreamError('UR_UPSTREAM_RESET', message, { cause: error })
}
