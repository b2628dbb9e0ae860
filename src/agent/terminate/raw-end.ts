import type { Duplex } from 'node:stream'
import { encodeProxyHeader } from '../../hello/index.js'
import { Splice } from '../../proxy/index.js'
import type { Tunnel } from '../tunnel.js'
import type { TlsDone, TlsEnd, TlsVisitor } from './api.js'
import type { TlsFront } from './tls-front.js'
import { UpstreamStream } from './upstream-stream.js'

export interface RawEndOptions {
  readonly tunnel: Tunnel
  readonly front: TlsFront
}

/** What visitors say inside of TLS goes to the upstream as it is, and back. */
export class RawEnd implements TlsEnd {
  readonly #options: RawEndOptions

  constructor(options: RawEndOptions) {
    this.#options = options
  }

  take(duplex: Duplex, visitor: TlsVisitor, done: TlsDone): void {
    const { tunnel, front } = this.#options
    front.take(duplex, visitor, done, (socket) => {
      const pipe = new Splice(null, socket, { onClose: ({ error }) => done(error) })
      pipe.startOpening((first) => {
        const opening = Buffer.concat([this.#header(visitor), first ?? NOTHING])
        return new UpstreamStream(tunnel, pipe, opening, null)
      })
    })
  }

  bound(host: string): void {
    this.#options.front.bound(host)
  }

  drain(): void {
    // Nobody knows where one of these connections could end.
  }

  close(): void {
    this.#options.front.close()
  }

  #header({ address, port, serverAddress, serverPort }: TlsVisitor): Buffer {
    const version = this.#options.tunnel.spec.proxyProtocol
    if (version === undefined) return NOTHING
    const source = { address, port }
    return encodeProxyHeader(version, { source, destination: { address: serverAddress, port: serverPort } })
  }
}

const NOTHING = Buffer.alloc(0)
