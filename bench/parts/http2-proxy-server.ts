import { readFileSync } from 'node:fs'
import {
  Agent as HttpAgent,
  createServer as createHttpServer,
  request,
  type ClientRequest,
  type RequestListener,
  type RequestOptions,
} from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createSecureContext, type TLSSocket } from 'node:tls'
import http2Proxy from 'http2-proxy'
import { RightsBook } from '../../src/access/index.js'
import { systemClock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { Admission, noIngressHooks, TlsPort } from '../../src/ingress/index.js'
import { StreamDuplex } from '../../src/proxy/http/stream-duplex.js'
import { RouteTable } from '../../src/routing/index.js'
import {
  Agents,
  DEFAULT_TUNNEL_LIMITS,
  noTunnelHooks,
  PortRanges,
  Site,
  type Tunnel,
  type TunnelTable,
} from '../../src/tunnels/index.js'
import { SITE } from '../lib/certificates.js'

// Our own server up to HTTP: agents, sessions, streams, and the TLS of visitors. Requests go through http2-proxy, over
// streams that Node's HTTP client keeps alive. usage: http2-proxy-server HOST CERTIFICATE KEY SITE_CERTIFICATE SITE_KEY.
// Prints "listening HOST:PORT".
const [host = '', ...files] = process.argv.slice(2)
const [cert, key, siteCert, siteKey] = files.map((file) => readFileSync(file))
const siteContext = createSecureContext({ cert: siteCert, key: siteKey })
const table: TunnelTable = new RouteTable()
const common = { clock: systemClock, log: silentLogger }
const rights = new RightsBook({
  log: silentLogger,
  domain: 'localhost',
  usage: { bytes: () => Promise.resolve(0), add: () => Promise.resolve(), prune: () => Promise.resolve() },
})
await rights.login({ id: 'bench', rights: null, accountDisabledAt: null, rightsChange: 0 })
const agents = new Agents({
  ...common,
  gate: {
    check: () => Promise.resolve({ id: 'bench', name: 'bench', accountId: 'bench', certificateId: null }),
    checkCarrier: () => Promise.resolve(),
  },
  rights,
  table,
  addresses: { checkHost: () => undefined, checkPort: () => undefined },
  opener: { open: () => Promise.reject(new Error('no tcp tunnels here')) },
  ports: new PortRanges([]),
  domain: 'localhost',
  publicUrl: (scheme, name) => `${scheme}://${name}`,
  serverVersion: 'bench',
  node: 'bench',
  nodeAddress: '',
  limits: () => DEFAULT_TUNNEL_LIMITS,
  wire: () => ({}),
  hooks: noTunnelHooks,
})

/** A stream that Node's HTTP client takes for a socket. */
class StreamSocket extends StreamDuplex {
  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setTimeout(): this {
    return this
  }
}

/** Streams to one tunnel's upstream, kept alive. */
class StreamAgent extends HttpAgent {
  readonly #tunnel: Tunnel

  constructor(tunnel: Tunnel) {
    super({ keepAlive: true, maxFreeSockets: Infinity })
    this.#tunnel = tunnel
  }

  override createConnection(): StreamSocket {
    const { session } = this.#tunnel
    const socket = new StreamSocket()
    const visitor = { address: '127.0.0.1', port: 1, serverAddress: '127.0.0.1', serverPort: 443 }
    const stream = session.openStream(this.#tunnel, visitor, null, socket)
    socket.use(stream)
    socket.once('close', () => session.visitorGone(stream))
    return socket
  }
}

const byTunnel = new WeakMap<Tunnel, StreamAgent>()

function agentOf({ authority, headers }: Http2ServerRequest): StreamAgent {
  const name = (authority || headers.host || '').replace(/:\d+$/, '')
  const site = table.findHost(name)
  const tunnel = site instanceof Site ? site.find('/')?.members[0]?.tunnel : undefined
  if (tunnel === undefined) throw new Error(`no tunnel has the name ${name}`)
  let agent = byTunnel.get(tunnel)
  if (agent === undefined) byTunnel.set(tunnel, (agent = new StreamAgent(tunnel)))
  return agent
}

function onRequest(asked: Http2ServerRequest, answer: Http2ServerResponse): void {
  const agent = agentOf(asked)
  const onReq = (_asked: Http2ServerRequest, options: RequestOptions): Promise<ClientRequest> =>
    Promise.resolve(request({ ...options, agent }))
  void http2Proxy.web(asked, answer, { hostname: 'upstream', port: 80, onReq }, (error: Error | undefined) => {
    if (error === undefined || answer.writableEnded) return
    answer.statusCode = 502
    answer.end()
  })
}

// The package takes requests of both kinds, which look alike.
const http1 = createHttpServer(onRequest as unknown as RequestListener)
const http2 = createSecureServer({}, onRequest)

function onConnection(socket: TLSSocket): void {
  socket.on('error', () => undefined)
  if (socket.alpnProtocol === 'h2') http2.emit('secureConnection', socket)
  else http1.emit('connection', socket)
}

const limits = {
  connections: 100_000,
  addressConnections: 0,
  addressRate: 0,
  pendingConnections: 10_000,
  helloTimeoutMs: 5_000,
  helloBytes: 16_384,
}
const port = await new TlsPort({
  table,
  admission: new Admission(() => limits, noIngressHooks, silentLogger, systemClock),
  limits: () => limits,
  isTrustedProxy: () => false,
  contextFor: (name) => (name === SITE ? siteContext : null),
  defaultPem: { cert: cert ?? '', key: key ?? '' },
  onAgent: (socket, remote) => agents.accept(socket, remote),
  onHttp: onConnection,
}).listen({ host, port: 0 })
console.log(`listening ${host}:${port}`)
