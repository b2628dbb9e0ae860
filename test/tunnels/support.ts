import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { RightsBook } from '../../src/access/index.js'
import { systemClock } from '../../src/core/clock.js'
import { NetworkError, RefusedError, type LimitError } from '../../src/core/errors.js'
import { silentLogger, type Logger } from '../../src/core/logger.js'
import { Admission, noIngressHooks, TcpPorts } from '../../src/ingress/index.js'
import {
  agentHandshake,
  CAPABILITIES,
  ControlChannel,
  encodeStreamAccept,
  Kind,
  StreamOpenReader,
  type BindInit,
  type Control,
  type ControlInit,
  type StreamAcceptInit,
  type StreamOpen,
  type Welcome,
} from '../../src/protocol/index.js'
import { RouteTable } from '../../src/routing/index.js'
import {
  Agents,
  DEFAULT_TUNNEL_LIMITS,
  noTunnelHooks,
  PortRanges,
  type AddressGate,
  type TunnelHooks,
  type TunnelLimits,
  type TunnelTable,
} from '../../src/tunnels/index.js'
import type { Rights } from '../../src/store/index.js'
import type { SessionOptions, Stream } from '../../src/wire/index.js'
import { portSlot } from '../support/places.js'
import { within } from '../support/hang.js'
import { sessionEnd, socketPair, type SessionEnd } from '../support/wire-pair.js'

export interface TestServer {
  readonly agents: Agents
  readonly table: TunnelTable
  readonly first: number
  readonly last: number
  /** What tokens may do; those that log in first have all rights, or those that the test gave them. */
  readonly rights: RightsBook
}

const noUsage = { bytes: () => Promise.resolve(0), add: () => Promise.resolve(), prune: () => Promise.resolve() }

/** Tokens `alice`, `bob`, and `alice2` and `bob2` of the same accounts, are good, everything else is not. */
export async function testServer(
  t: Test,
  given: {
    limits?: Partial<TunnelLimits>
    hooks?: Partial<TunnelHooks>
    addresses?: AddressGate
    log?: Logger
    wire?: Partial<SessionOptions>
    rights?: Readonly<Record<string, Rights>>
    memory?: { readonly problem: LimitError | null }
  } = {},
): Promise<TestServer> {
  const { first, last } = await portSlot(t)
  const table: TunnelTable = new RouteTable()
  const ranges = new PortRanges([{ host: '127.0.0.1', from: first, to: last }])
  const address = { addressConnections: 0, addressRate: 0 }
  const bounds = { ...address, connections: 1000, pendingConnections: 100, helloTimeoutMs: 5000, helloBytes: 16384 }
  const ports = new TcpPorts({
    table,
    ranges,
    admission: new Admission(() => bounds, noIngressHooks, silentLogger, systemClock),
    limits: () => bounds,
    isTrustedProxy: () => false,
  })
  const rights = new RightsBook({ usage: noUsage, log: silentLogger, domain: 'tunnels.example.com' })
  const agents = new Agents({
    gate: {
      async check(token) {
        const accountId = /^(alice|bob)2?$/.exec(token)?.[1]
        if (accountId === undefined) throw new RefusedError('UR_TOKEN_INVALID', 'The token is not known here.')
        await rights.login({
          id: token,
          rights: given.rights?.[token] ?? null,
          accountDisabledAt: null,
          rightsChange: 0,
        })
        return { id: token, name: token, accountId, certificateId: null }
      },
      async checkCarrier() {},
    },
    rights,
    table,
    addresses: given.addresses ?? { checkHost: () => undefined, checkPort: () => undefined },
    opener: ports,
    ports: ranges,
    domain: 'tunnels.example.com',
    publicUrl: (scheme, host, port) => (port === null ? `${scheme}://${host}` : `${scheme}://127.0.0.1:${port}`),
    serverVersion: 'test',
    node: 'n1',
    nodeAddress: '',
    limits: () => ({ ...DEFAULT_TUNNEL_LIMITS, ...given.limits }),
    wire: () => given.wire ?? {},
    ...(given.memory && { memory: given.memory }),
    hooks: { ...noTunnelHooks, ...given.hooks },
    clock: systemClock,
    log: given.log ?? silentLogger,
  })
  t.teardown(() => {
    agents.close()
    ports.close()
    return rights.close()
  })
  return { agents, table, first, last, rights }
}

/** Gives a token that has logged in other rights, as the store would tell of them. `enforce`: its sessions are looked at. */
export async function changeRights(server: TestServer, id: string, rights: Rights | null, enforce = true) {
  const rightsChange = server.rights.of(id).change + 1
  await server.rights.change({ id, rights, accountDisabledAt: null, rightsChange })
  if (enforce) server.agents.rightsChanged(id)
}

/** An agent made of the protocol's parts, which does only what a test tells it. */
export class TestAgent {
  readonly streams: Stream[] = []
  readonly messages: Control[] = []
  #waiting: (() => void)[] = []
  #request = 0

  private constructor(
    readonly welcome: Welcome,
    readonly end: SessionEnd,
    readonly socket: Socket,
    readonly control: ControlChannel,
  ) {}

  static async connect(
    t: Test,
    server: TestServer,
    options: { token?: string; instance?: string } = {},
  ): Promise<TestAgent> {
    const [socket, serverSide] = await socketPair()
    t.teardown(() => socket.destroy())
    void server.agents.accept(serverSide, '127.0.0.1')
    const hello = {
      protocol: 1,
      agentVersion: 'test',
      token: options.token ?? 'alice',
      instanceId: options.instance ?? `${Math.random()}`,
      capabilities: [...CAPABILITIES],
    }
    const { welcome, head, capabilities } = await agentHandshake(socket, { hello })
    const end = sessionEnd('client', [], {
      resumable: capabilities.includes('resume'),
      striping: capabilities.includes('stripe'),
    })
    t.teardown(() => end.session.destroy(new NetworkError('UR_SERVER_LOST', 'the end of the test')))
    end.session.addCarrier(socket, head)
    let agent: TestAgent | null = null
    const control = new ControlChannel(end.session.open(), {
      onMessage: (message) => agent?.onMessage(message),
      onClose: () => agent?.wake(),
    })
    agent = new TestAgent(welcome, end, socket, control)
    return agent
  }

  /** Attaches one new connection to its session, which has none. */
  async comeBack(t: Test, server: TestServer): Promise<void> {
    await this.#attach(t, server, true)
  }

  /** Attaches one more connection to its session. */
  grow(t: Test, server: TestServer): Promise<Socket> {
    return this.#attach(t, server, false)
  }

  async #attach(t: Test, server: TestServer, returns: boolean): Promise<Socket> {
    const [socket, serverSide] = await socketPair()
    t.teardown(() => socket.destroy())
    void server.agents.accept(serverSide, '127.0.0.1')
    const { sessionId, secret } = this.welcome
    const attach = { protocol: 1, sessionId, secret, returns }
    const { head, welcome } = await agentHandshake(socket, { attach })
    this.end.session.addCarrier(socket, head, welcome.carrier)
    return socket
  }

  send(message: ControlInit): void {
    this.control.send(message)
  }

  /** Sends a Bind of kind tcp and resolves with the answer. */
  async bind(bind: BindInit = {}): Promise<Control> {
    const request = ++this.#request
    this.send({ bind: { kind: Kind.KIND_TCP, name: `t${request}`, ...bind, request } })
    return this.message((message) => (message.bound ?? message.refused)?.request === request)
  }

  /** The next message that fits, the ones that came already included. */
  async message(fits: (message: Control) => boolean): Promise<Control> {
    for (;;) {
      const index = this.messages.findIndex(fits)
      const found = this.messages[index]
      if (found !== undefined) {
        this.messages.splice(index, 1)
        return found
      }
      await within('a control message', new Promise<void>((resolve) => this.#waiting.push(resolve)))
    }
  }

  /** The next visitor's stream, with its header and what came behind it. */
  async visitor(
    accept?: StreamAcceptInit,
  ): Promise<{ stream: Stream; open: StreamOpen; data: () => string; ended: Promise<Error | null> }> {
    const stream = await within('a stream', this.end.nextStream())
    const reader = new StreamOpenReader()
    let data = ''
    let opened!: (open: StreamOpen) => void
    const open = new Promise<StreamOpen>((resolve) => (opened = resolve))
    let header: StreamOpen | null = null
    let closed!: (error: Error | null) => void
    const ended = new Promise<Error | null>((resolve) => (closed = resolve))
    stream.attach({
      onData: (slice) => {
        stream.consumed(slice.length)
        if (header === null) {
          header = reader.push(slice)
          if (header === null) return
          data += reader.rest.toString()
          opened(header)
        } else data += slice.toString()
      },
      onEnd: () => undefined,
      onWritable: () => undefined,
      onClose: (error) => closed(error),
    })
    const head = await within('StreamOpen', open)
    if (accept !== undefined) stream.write(encodeStreamAccept(accept))
    return { stream, open: head, data: () => data, ended }
  }

  onMessage(message: Control): void {
    this.messages.push(message)
    this.wake()
  }

  wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

/** For `eventually`: throws until it holds. */
export async function must(holds: boolean): Promise<void> {
  if (!holds) throw new Error('it does not hold yet')
}
