import { readFile } from 'node:fs/promises'
import { HttpVisitors } from './http-visitors.js'
import type { Owner } from './places.js'
import { Agent, Server, type AgentOptions, type ServerOptions } from './product.js'

/** The domain of the server; its certificate is good for every name right below. */
export const DOMAIN = 'tunnels.test'

/** A `uniroutd` for `http` tunnels, its agents, and visitors of theirs. */
export class HttpProduct extends HttpVisitors {
  readonly server: Server
  readonly #token: string

  private constructor(t: Owner, made: { server: Server; ca: Buffer; token: string }) {
    super(t, { port: made.server.port, ca: made.ca })
    this.server = made.server
    this.#token = made.token
  }

  static async start(t: Owner, options: ServerOptions = {}): Promise<HttpProduct> {
    const server = await Server.start(t, { ...options, config: { domain: DOMAIN, ...options.config }, start: false })
    const pair = await server.authority.issue(['localhost', '127.0.0.1', DOMAIN, `*.${DOMAIN}`])
    await server.reconfigure({ certs: { mode: 'files', files: [pair] } })
    await server.launch()
    const [ca, token] = await Promise.all([readFile(server.authority.ca), server.createToken('agents')])
    return new HttpProduct(t, { server, ca, token })
  }

  /** Starts `uniroute http UPSTREAM --subdomain NAME FLAGS…` and waits until it is ready; every agent has one token. */
  agent(t: Owner, upstream: number | string, name: string, flags: readonly string[] = [], options: AgentOptions = {}) {
    const args = ['http', String(upstream), '--subdomain', name, ...flags]
    return Agent.start(t, this.server, args, { token: this.#token, ...options })
  }

  /** Public address of a path of the tunnel. */
  url(name: string, path = '/'): string {
    return `https://${hostOf(name)}:${this.port}${path}`
  }
}

/** The public name of the tunnel with this subdomain. */
export function hostOf(name: string): string {
  return `${name}.${DOMAIN}`
}
