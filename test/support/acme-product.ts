import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { HttpVisitors } from './http-visitors.js'
import { Pebble, type PebbleOptions } from './pebble.js'
import { freePort, type Owner } from './places.js'
import { Agent, Server, type ServerOptions } from './product.js'

/** The domain of the server: the name server of the authority has 127.0.0.1 for it and every name below. */
export const DOMAIN = 'tunnels.test'

/** An agent finds names below `.test` on this machine, as with the authority's name server. */
const NAMES_ARE_HERE = `--import=data:text/javascript,${encodeURIComponent(`
import dns from 'node:dns'
const { lookup } = dns
dns.lookup = (name, options, done) =>
  lookup(String(name).endsWith('.test') ? '127.0.0.1' : name, options, done)
`)}`

type Keys = Readonly<Record<string, unknown>>

export interface AcmeOptions {
  readonly pebble?: PebbleOptions
  /** Keys of `certs.acme`. */
  readonly acme?: Keys
  /** Keys of the configuration beside `certs`. */
  readonly config?: Keys
  readonly server?: ServerOptions
}

/** A `uniroutd` that gets its certificates from a pebble. */
export class AcmeProduct {
  readonly server: Server
  readonly pebble: Pebble
  readonly httpPort: number
  readonly #owner: Owner
  /** The root certificates of the authority; another one after it was restarted. */
  rootFile = ''
  #token = ''

  private constructor(owner: Owner, made: { server: Server; pebble: Pebble; httpPort: number }) {
    this.#owner = owner
    this.server = made.server
    this.pebble = made.pebble
    this.httpPort = made.httpPort
  }

  /** Starts the authority, and writes the configuration of a server that is not yet started. */
  static async prepare(t: Owner, options: AcmeOptions = {}): Promise<AcmeProduct> {
    const server = await Server.start(t, { ...options.server, start: false })
    const httpPort = await freePort()
    const pebble = await Pebble.start(t, { tlsPort: server.port, httpPort, ...options.pebble })
    const product = new AcmeProduct(t, { server, pebble, httpPort })
    await product.configure(server, httpPort, options)
    product.rootFile = path.join(server.folder, 'root.pem')
    await writeFile(product.rootFile, (await pebble.roots()).join(''))
    return product
  }

  static async start(t: Owner, options: AcmeOptions = {}): Promise<AcmeProduct> {
    const product = await AcmeProduct.prepare(t, options)
    await product.server.launch()
    return product
  }

  /** Writes the configuration of a server that gets its certificates from the authority. */
  async configure(server: Server, httpPort: number, { acme = {}, config = {} }: AcmeOptions): Promise<void> {
    const { pebble } = this
    const ca = path.join(server.folder, 'directory-ca.pem')
    await writeFile(ca, pebble.ca)
    const listen = { tls: `127.0.0.1:${server.port}`, http: `127.0.0.1:${httpPort}` }
    await server.reconfigure({
      domain: DOMAIN,
      listen,
      names: { custom_domains: 'reserved' },
      dns: { resolvers: [pebble.resolver] },
      certs: { mode: 'acme', files: [], acme: { directory: pebble.directory, ca, ...acme } },
      ...config,
    })
  }

  /** Visitors that trust the authority. */
  async visitors(port = this.server.port): Promise<HttpVisitors> {
    return new HttpVisitors(this.#owner, { port, ca: await readFile(this.rootFile) })
  }

  /** Starts `uniroute http UPSTREAM FLAGS…`, which trusts the authority, and waits until it is ready. */
  async agent(t: Owner, upstream: number, flags: readonly string[], server = this.server): Promise<Agent> {
    this.#token ||= await this.server.createToken('agents')
    return Agent.start(t, server, ['http', String(upstream), ...flags], {
      token: this.#token,
      ca: this.rootFile,
      host: DOMAIN,
      env: { NODE_OPTIONS: NAMES_ARE_HERE },
    })
  }
}
