import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Logger } from '../../core/logger.js'
import { ThrottledLog } from '../../core/throttled-log.js'
import { Forwarder, type ForwarderOptions } from './forwarder.js'
import type { FrontConnection, FrontOptions } from './front.js'
import { FrontHttp1 } from './front-http1.js'
import { FrontHttp2 } from './front-http2.js'

export interface HttpProxyOptions extends Omit<ForwarderOptions, 'onDefect'> {
  readonly log: Logger
  /** A request that could not even be read was answered with an error of this code. */
  onMalformed(connection: FrontConnection, code: string): void
}

/** `http` tunnels: both fronts, and the way from them to the agents. */
export class HttpProxy {
  readonly forwarder: Forwarder
  readonly #http1: FrontHttp1
  readonly #http2: FrontHttp2

  constructor(options: HttpProxyOptions) {
    const throttled = new ThrottledLog(options.log, options.clock)
    const onDefect = (error: unknown) =>
      throttled.error('UR_INTERNAL', { error }, 'a request failed by a defect of ours')
    this.forwarder = new Forwarder({ ...options, onDefect })
    const front: FrontOptions = {
      limits: options.limits(),
      onExchange: (exchange) => this.forwarder.handle(exchange),
      onMalformed: (connection, code) => options.onMalformed(connection, code),
      onDefect,
    }
    this.#http1 = new FrontHttp1(front, options.clock)
    this.#http2 = new FrontHttp2(front, options.clock)
  }

  /** Takes a connection after its TLS handshake. */
  takeTls(socket: TLSSocket, { visitor, host, certificate }: Omit<FrontConnection, 'scheme'>): void {
    const connection: FrontConnection = { visitor, host, scheme: 'https', certificate }
    socket.on('error', ignore)
    if (socket.alpnProtocol === 'h2') this.#http2.take(socket, connection)
    else this.#http1.take(socket, connection)
  }

  /** Takes a connection without TLS. */
  takePlain(socket: Socket, { visitor }: Pick<FrontConnection, 'visitor'>): void {
    socket.on('error', ignore)
    this.#http1.take(socket, { visitor, host: null, scheme: 'http', certificate: null })
  }

  /** Lets requests end, and closes what has none; resolves when no further ones are taken, in a second or two. */
  async drain(): Promise<void> {
    this.#http1.drain()
    await this.#http2.drain()
    this.forwarder.upstreams.retire()
  }

  /** Closes everything. */
  close(): void {
    this.#http1.close()
    this.#http2.close()
  }
}

/** 'close' follows, and is what counts. */
function ignore(): void {}
