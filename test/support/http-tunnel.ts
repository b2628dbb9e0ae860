import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { Agent, type TunnelSpec } from '../../src/agent/index.js'
import { devServerConfig, readUpstream } from '../../src/config/index.js'
import { silentLogger, type Logger } from '../../src/core/logger.js'
import { Secret } from '../../src/core/secret.js'
import { Daemon } from '../../src/daemon/daemon.js'
import { devTokens } from '../../src/daemon/dev-token.js'
import { within } from './hang.js'
import { HttpVisitors } from './http-visitors.js'

export { upstream } from './http-upstream.js'
export { answered, call2, everything, type Answer, type Call } from './http-visitors.js'

/** A whole UniRoute server in this process, on loopback, for `http` tunnels. Ended with the test. */
export class HttpTunnels extends HttpVisitors {
  readonly daemon: Daemon
  readonly plainPort: number
  readonly #token: string
  readonly #t: Test

  private constructor(t: Test, made: { daemon: Daemon; ca: Buffer; token: string }) {
    const portOf = (address: string | null) => Number(address?.split(':')[1])
    super(t, { port: portOf(made.daemon.addresses.tls), ca: made.ca })
    this.#t = t
    this.daemon = made.daemon
    this.#token = made.token
    this.plainPort = portOf(made.daemon.addresses.http)
  }

  /** `settings`: keys of the configuration, such as `listen.trusted_proxies`. */
  static async start(
    t: Test,
    limits: Readonly<Record<string, unknown>> = {},
    { settings: more = {}, log = silentLogger }: { settings?: Readonly<Record<string, unknown>>; log?: Logger } = {},
  ): Promise<HttpTunnels> {
    const dir = t.testdir()
    const settings = {
      data_dir: dir,
      'listen.tls': '127.0.0.1:0',
      'listen.http': '127.0.0.1:0',
      'listen.admin': '127.0.0.1:0',
      'listen.metrics': '127.0.0.1:0',
      ...Object.fromEntries(Object.entries(limits).map(([key, value]) => [`limits.${key}`, value])),
      ...more,
    }
    const overrides = Object.entries(settings).map(([key, value]) => ({
      path: key.split('.'),
      value,
      origin: 'the test',
    }))
    const config = devServerConfig(overrides)
    const daemon = await Daemon.start({ config, log })
    t.teardown(() => daemon.drain(0))
    const ca = await readFile(daemon.certificates.book.caFile ?? '')
    return new HttpTunnels(t, { daemon, ca, token: (await devTokens(daemon.store, dir)).token })
  }

  /** An agent with these tunnels, once they are bound. */
  async agent(
    ...tunnels: (Omit<TunnelSpec, 'upstream' | 'kind'> &
      Partial<Pick<TunnelSpec, 'kind'>> & { upstream: number | string })[]
  ): Promise<Agent> {
    const agent = new Agent({
      server: { host: '127.0.0.1', port: this.port },
      token: new Secret(this.#token),
      caFile: this.daemon.certificates.book.caFile ?? '',
      tunnels: tunnels.map((tunnel) => ({ kind: 'http', ...tunnel, upstream: readUpstream(String(tunnel.upstream)) })),
    })
    this.#t.teardown(() => agent.kill())
    const ready = new Promise<void>((resolve, reject) => {
      agent.once('ready', () => resolve())
      agent.once('close', (error) => reject(error ?? new Error('closed')))
    })
    agent.start()
    await within('the agent', ready)
    return agent
  }
}
