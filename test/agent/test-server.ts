import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type net from 'node:net'
import tls from 'node:tls'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Test } from 'tap'
import { Agent, type AgentEvents, type AgentOptions, type TunnelSpec } from '../../src/agent/index.js'
import { NetworkError, RefusedError } from '../../src/core/errors.js'
import { Secret } from '../../src/core/secret.js'
import {
  ALPN,
  CAPABILITIES,
  ControlChannel,
  encodeStreamOpen,
  serverHandshake,
  StreamAcceptReader,
  type Attach,
  type Bind,
  type Control,
  type Hello,
  type IncomingCarrier,
  type StreamAccept,
} from '../../src/protocol/index.js'
import { Session, streamToDuplex, type Stream } from '../../src/wire/index.js'
import { Authority } from '../support/certificates.js'
import { within } from '../support/hang.js'
import { listen } from '../support/places.js'

/** A session of an agent with the test server. */
export class TestSession {
  /** What an Attach names it by; change it for a session that the server has forgotten. */
  id: string
  /** What an Attach must have; changed at every return. */
  secret = randomBytes(32)
  readonly hello: Hello
  readonly wire: Session
  control: ControlChannel | null = null
  readonly binds: Bind[] = []
  readonly messages: Control[] = []
  /** Tunnel ids by name. */
  readonly ids = new Map<string, number>()
  closed = false
  readonly #streams = new Set<Stream>()

  constructor(id: string, hello: Hello, wire: Session) {
    this.id = id
    this.hello = hello
    this.wire = wire
  }

  /** Opens a stream as the server does for a visitor, and waits for the agent's answer. */
  async visit(
    tunnelId: number,
    first = Buffer.alloc(0),
  ): Promise<{ accept: StreamAccept; duplex: Duplex; stream: Stream }> {
    const stream = this.wire.open()
    this.#streams.add(stream)
    const header = encodeStreamOpen({
      tunnelId,
      connectionId: 'c0ffee',
      visitorAddress: '192.0.2.7',
      visitorPort: 4711,
      serverAddress: '198.51.100.1',
      serverPort: 20001,
    })
    const reader = new StreamAcceptReader()
    const accept = await within(
      'StreamAccept',
      new Promise<StreamAccept>((resolve, reject) => {
        stream.attach({
          onData(slice) {
            const answer = reader.push(slice)
            stream.consumed(slice.length - reader.rest.length)
            if (answer !== null) resolve(answer)
          },
          onEnd: () => undefined,
          onWritable: () => undefined,
          onClose: (error) => reject(error ?? new Error('closed')),
        })
        stream.write(Buffer.concat([header, first]))
      }),
    )
    const duplex = streamToDuplex(stream)
    if (reader.rest.length > 0) duplex.unshift(reader.rest)
    duplex.on('error', () => undefined)
    return { accept, duplex, stream }
  }

  /** Streams of visitors that are not closed. */
  openStreams(): Stream[] {
    return [...this.#streams].filter((stream) => !stream.closed)
  }
}

/** A server with no more than protocol and wire: each step can be changed by a test. */
export class TestServer {
  readonly authority: Authority
  port = 0
  readonly sessions: TestSession[] = []
  attaches = 0
  connections = 0
  /** Those that this server has. */
  capabilities = CAPABILITIES
  /** Throw to refuse. */
  onHello: (hello: Hello) => void = () => undefined
  onBind: (bind: Bind, session: TestSession) => void = (bind, session) => this.bound(bind, session)
  onAttach: (attach: Attach) => void = () => undefined
  /** How long sessions are held when their last carrier is lost, ms. 0: they end. */
  resumeTimeoutMs = 0
  /** Sent in the same packet as the Welcome, behind it. */
  behindWelcome: Buffer | null = null
  readonly #server: tls.Server
  readonly #sockets = new Set<net.Socket>()
  #nextTunnel = 1
  #waiting: (() => void)[] = []

  private constructor(authority: Authority, server: tls.Server) {
    this.authority = authority
    this.#server = server
    server.on('connection', (socket: net.Socket) => {
      this.connections++
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on('secureConnection', (socket) => {
      void serverHandshake(socket, { capabilities: this.capabilities }).then(
        (incoming) => this.#onCarrier(socket, incoming),
        () => undefined,
      )
    })
  }

  static async start(t: Test, alpn = ALPN, names = ['localhost', '127.0.0.1']): Promise<TestServer> {
    const authority = await Authority.create(t, 'test authority')
    const pair = await authority.issue(names)
    const [cert, key] = await Promise.all([readFile(pair.cert), readFile(pair.key)])
    const server = new TestServer(
      authority,
      tls.createServer({ cert, key, ALPNProtocols: [alpn], allowHalfOpen: true }),
    )
    await server.listen()
    t.teardown(() => {
      for (const { wire } of server.sessions) wire.destroy(new NetworkError('UR_SERVER_LOST', 'the end of the test'))
      return server.stop()
    })
    return server
  }

  async listen(): Promise<void> {
    this.port = await listen(this.#server, this.port)
  }

  /** Closes the port and every connection, as a process that was killed does. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  /** Tickets that it gave are worth nothing any more, as after a restart. */
  forgetTickets(): void {
    this.#server.setTicketKeys(randomBytes(48))
  }

  /** Resets every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** The nth session, once it has its control stream. */
  async session(index = 0): Promise<TestSession> {
    await this.until(
      `session ${index}`,
      () => this.sessions[index]?.control !== undefined && this.sessions[index]?.control !== null,
    )
    return this.sessions[index]!
  }

  /** Waits until something that the server hears makes `condition` true. */
  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) await within(what, new Promise<void>((resolve) => this.#waiting.push(resolve)))
  }

  bound(bind: Bind, session: TestSession): void {
    const tunnelId = this.#nextTunnel++
    session.ids.set(bind.name, tunnelId)
    const remotePort = bind.preferredPort || bind.remotePort || 20_000 + tunnelId
    session.control?.send({
      bound: { request: bind.request, tunnelId, publicUrl: `tcp://tunnels.test:${remotePort}`, remotePort },
    })
  }

  #onCarrier(socket: tls.TLSSocket, incoming: IncomingCarrier): void {
    try {
      if (incoming.hello) this.#onHello(socket, incoming, incoming.hello)
      else if (incoming.attach) this.#onAttach(socket, incoming, incoming.attach)
    } catch (error) {
      incoming.refuse(error, { retryable: (error as { retryable?: boolean }).retryable === true })
    }
    this.#heard()
  }

  #onAttach(socket: tls.TLSSocket, incoming: IncomingCarrier, attach: Attach): void {
    this.onAttach(attach)
    const session = this.sessions.find(({ closed, id }) => !closed && id === attach.sessionId)
    if (session === undefined || !session.secret.equals(attach.secret)) {
      throw new RefusedError('UR_SESSION_UNKNOWN', 'There is no such session.')
    }
    this.attaches++
    const { wire } = session
    const number = wire.nextCarrierNumber
    const former = attach.returns ? [...wire.carriers] : []
    if (attach.returns) session.secret = randomBytes(32)
    const secret = attach.returns ? session.secret : Buffer.alloc(0)
    incoming.welcome({ carrier: number, secret, resumeTimeoutMs: this.resumeTimeoutMs })
    wire.addCarrier(socket, incoming.head, number)
    for (const other of former) other.lose()
  }

  #onHello(socket: tls.TLSSocket, incoming: IncomingCarrier, hello: Hello): void {
    this.onHello(hello)
    const id = `s${this.sessions.length}`
    const { resumeTimeoutMs } = this
    const wire = new Session(
      'server',
      {
        resumable: incoming.capabilities.includes('resume'),
        striping: incoming.capabilities.includes('stripe'),
        resumeTimeoutMs,
      },
      {
        onStream: (stream) => {
          session.control = new ControlChannel(stream, {
            onMessage: (message) => {
              session.messages.push(message)
              if (message.bind) {
                session.binds.push(message.bind)
                this.onBind(message.bind, session)
              }
              this.#heard()
            },
            onClose: () => wire.close(),
          })
          this.#heard()
        },
        onCarrierClose: () => this.#heard(),
        onClose: () => {
          session.closed = true
          this.#heard()
        },
      },
    )
    const session = new TestSession(id, hello, wire)
    this.sessions.push(session)
    socket.cork()
    incoming.welcome({
      sessionId: id,
      secret: session.secret,
      serverVersion: '9.9.9',
      node: 'node-1',
      limits: { streams: 1000, tunnels: 10, carriers: 8 },
      carriersWanted: 1,
      carrier: 1,
      resumeTimeoutMs,
    })
    if (this.behindWelcome !== null) socket.write(this.behindWelcome)
    socket.uncork()
    wire.addCarrier(socket, incoming.head)
  }

  #heard(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** A tunnel to a port of this machine. */
export function tcpTunnel(port: number, more: Partial<TunnelSpec> = {}): TunnelSpec {
  return { name: `tcp-${port}`, kind: 'tcp', upstream: { kind: 'tcp', host: '127.0.0.1', port }, ...more }
}

/** An agent of `server` that trusts it, not started. It is killed at the end of the test. */
export function makeAgent(t: Test, server: TestServer, options: Partial<AgentOptions> = {}): Agent {
  const agent = new Agent({
    server: { host: 'localhost', port: server.port },
    token: new Secret('unr_test'),
    caFile: server.authority.ca,
    tunnels: [tcpTunnel(9)],
    env: {},
    ...options,
  })
  t.teardown(() => agent.kill())
  return agent
}

/** The arguments of the next event of that name. */
export async function next<E extends keyof AgentEvents>(agent: Agent, event: E): Promise<AgentEvents[E]> {
  return (await within(`event ${event}`, once(agent as never, event))) as AgentEvents[E]
}

/** Starts the agent and waits until it is ready. */
export async function ready(agent: Agent): Promise<void> {
  const failed = once(agent, 'close').then(([error]) => Promise.reject(error as Error))
  agent.start()
  await Promise.race([next(agent, 'ready'), failed])
}
