import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Test } from 'tap'
import { systemClock } from '../../src/core/clock.js'
import { silentLogger } from '../../src/core/logger.js'
import { Admission, HttpPort, TlsPort, type IngressLimits, type TlsPortOptions } from '../../src/ingress/index.js'
import { ByteBudget, PasswordQueue } from '../../src/access/visitor-rules/index.js'
import { DEFAULT_HTTP_LIMITS, HttpProxy, type HttpProxyOptions } from '../../src/proxy/http/index.js'
import { Authority } from '../support/certificates.js'
import { testServer, type TestServer } from '../tunnels/support.js'

export const BOUNDS: IngressLimits = {
  connections: 100,
  addressConnections: 0,
  addressRate: 0,
  pendingConnections: 100,
  helloTimeoutMs: 5000,
  helloBytes: 16_384,
}

export interface TestIngress {
  readonly server: TestServer
  readonly admission: Admission
  readonly port: number
  readonly authority: Authority
  /** Codes of connections that were turned away, in order. */
  readonly rejected: string[]
  /** Agents' TLS sockets that were handed on. */
  readonly agents: TLSSocket[]
}

/** A TLS port on loopback, with the server's side of agents behind it. */
export async function testIngress(
  t: Test,
  given: {
    limits?: Partial<IngressLimits>
    trusted?: boolean
    onAgent?: (socket: TLSSocket) => Promise<void>
    challengeContext?: TlsPortOptions['challengeContext']
  } = {},
): Promise<TestIngress> {
  const server = await testServer(t)
  const authority = await Authority.create(t, 'ingress test')
  const pair = await authority.issue(['tunnels.example.com', '127.0.0.1'])
  const [cert, key] = await Promise.all([readFile(pair.cert), readFile(pair.key)])
  const rejected: string[] = []
  const agents: TLSSocket[] = []
  const limits = (): IngressLimits => ({ ...BOUNDS, ...given.limits })
  const admission = new Admission(limits, { rejected: (code) => rejected.push(code) }, silentLogger, systemClock)
  const tls = new TlsPort({
    table: server.table,
    admission,
    limits,
    isTrustedProxy: () => given.trusted === true,
    contextFor: () => null,
    defaultPem: { cert, key },
    challengeContext: given.challengeContext,
    onHttp: (socket) => socket.destroy(),
    onAgent: (socket, remote) => {
      agents.push(socket)
      return given.onAgent?.(socket) ?? server.agents.accept(socket, remote)
    },
  })
  const port = await tls.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    const closed = tls.close()
    admission.close()
    server.agents.close()
    for (const socket of agents) socket.destroy()
    await closed
  })
  return { server, admission, port, authority, rejected, agents }
}

/** A port for plain HTTP on loopback, in front of the tunnels of a server. */
export async function testHttpPort(
  t: Test,
  { server, admission }: Pick<TestIngress, 'server' | 'admission'>,
  challengeAnswer?: HttpProxyOptions['challengeAnswer'],
): Promise<number> {
  const proxy = new HttpProxy({
    table: server.table,
    clock: systemClock,
    log: silentLogger,
    limits: () => DEFAULT_HTTP_LIMITS,
    rules: {
      clock: systemClock,
      now: () => Date.now(),
      passwords: new PasswordQueue(),
      webhookBudget: new ByteBudget(0),
    },
    isTrustedProxy: () => false,
    httpsUrl: (host) => `https://${host}`,
    challengeAnswer,
    onRequest: () => undefined,
    onMalformed: () => undefined,
  })
  const http = new HttpPort({
    admission,
    limits: () => BOUNDS,
    isTrustedProxy: () => false,
    onHttp: (socket, visitor) => proxy.takePlain(socket, { visitor }),
  })
  const port = await http.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => {
    const closed = http.close()
    proxy.close()
    await closed
  })
  return port
}

/** Connects, sends, and resolves with all that came back until the other side closed. */
export function exchange(t: Test, port: number, bytes: Uint8Array | string): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    const chunks: Buffer[] = []
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(chunks)))
    socket.write(bytes)
  })
}
