import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import path from 'node:path'
import { Authority } from './certificates.js'
import { eventually } from './hang.js'
import { freePort, program, temporaryFolder, type Owner } from './places.js'
import { Process } from './processes.js'

export interface PebbleOptions {
  /** Good nonces that are refused, of a hundred. */
  readonly refusedNonces?: number
  /** Key ids and HMAC keys (base64url) of external accounts; then accounts need one of them. */
  readonly eab?: Readonly<Record<string, string>>
  /** Further roots, each with a chain of its own. */
  readonly alternateRoots?: number
  /** Of valid authorizations, how many of a hundred are used again by another order. */
  readonly reusedProofs?: number
  /** HOST:PORT of the name server that it asks, instead of its own. */
  readonly nameServer?: string
  /** Ports to which pebble connects; otherwise nobody listens there. */
  readonly httpPort?: number
  readonly tlsPort?: number
  /** How long its certificates are valid, seconds. Default: five years. */
  readonly validS?: number
}

/** pebble and pebble-challtestsrv on loopback: an authority that forgets all when it starts again, and its DNS. */
export class Pebble {
  readonly directory: string
  /** PEM of the CA that the directory's own server is verified with. */
  readonly ca: string
  /** Ports to which pebble connects to look at proofs. */
  readonly httpPort: number
  readonly tlsPort: number
  /** `HOST:PORT` of its name server: every name has the address 127.0.0.1. */
  readonly resolver: string
  /** Where records of its name server are set. */
  readonly recordsUrl: string
  readonly #start: () => Process
  readonly #managementPort: number
  #process: Process

  private constructor(
    made: Pick<Pebble, 'directory' | 'ca' | 'httpPort' | 'tlsPort' | 'resolver' | 'recordsUrl'>,
    managementPort: number,
    start: () => Process,
  ) {
    this.directory = made.directory
    this.ca = made.ca
    this.httpPort = made.httpPort
    this.tlsPort = made.tlsPort
    this.resolver = made.resolver
    this.recordsUrl = made.recordsUrl
    this.#managementPort = managementPort
    this.#start = start
    this.#process = start()
  }

  static async start(t: Owner, options: PebbleOptions = {}): Promise<Pebble> {
    const [pebble, challtestsrv] = await Promise.all(
      ['pebble', 'pebble-challtestsrv'].map((name) => program(name, 'pebble')),
    )
    const folder = await temporaryFolder(t)
    const authority = await Authority.create(t, 'pebble')
    const pair = await authority.issue(['localhost', '127.0.0.1'])
    const [port, managementPort, dns, dnsPort, http, tls] = await Promise.all(Array.from({ length: 6 }, freePort))
    const { httpPort = http, tlsPort = tls } = options
    const config = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: pair.cert,
      privateKey: pair.key,
      httpPort,
      tlsPort,
      ...(options.validS === undefined ? {} : { certificateValidityPeriod: options.validS }),
      externalAccountBindingRequired: options.eab !== undefined,
      externalAccountMACKeys: options.eab ?? {},
    }
    const file = path.join(folder, 'pebble.json')
    await writeFile(file, JSON.stringify({ pebble: config }))
    const env = {
      ...process.env,
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_WFE_NONCEREJECT: String(options.refusedNonces ?? 0),
      PEBBLE_AUTHZREUSE: String(options.reusedProofs ?? 0),
      PEBBLE_ALTERNATE_ROOTS: String(options.alternateRoots ?? 0),
    }
    const none = ['-http01', '', '-https01', '', '-tlsalpn01', '', '-defaultIPv6', '']
    const binds = ['-dns01', `127.0.0.1:${dns}`, '-management', `127.0.0.1:${dnsPort}`]
    const server = new Process('pebble-challtestsrv', challtestsrv!, [...binds, ...none])
    t.teardown(() => server.stop())
    const args = ['-config', file, '-dnsserver', options.nameServer ?? `127.0.0.1:${dns}`]
    const directory = `https://127.0.0.1:${port}/dir`
    const ca = await readFile(authority.ca, 'utf8')
    const made = {
      directory,
      ca,
      httpPort: httpPort!,
      tlsPort: tlsPort!,
      resolver: `127.0.0.1:${dns}`,
      recordsUrl: `http://127.0.0.1:${dnsPort}`,
    }
    const started = new Pebble(made, managementPort!, () => new Process('pebble', pebble!, args, { env }))
    t.teardown(() => started.#process.stop())
    await started.#answers()
    await eventually('pebble-challtestsrv to answer', () => started.#dns('clear-txt', { host: 'none.invalid.' }))
    return started
  }

  /** Ends it; what it knew is gone. */
  async stop(): Promise<void> {
    await this.#process.stop()
  }

  /** Starts it again, with nothing but its configuration. */
  async restart(): Promise<void> {
    await this.stop()
    this.#process = this.#start()
    await this.#answers()
  }

  /** Everything that it printed since it was started. */
  get log(): string {
    return this.#process.printed
  }

  /** PEM of the root certificates, the default one first. */
  async roots(count = 1): Promise<string[]> {
    const all = Array.from({ length: count }, (_, i) => get(this.#managementPort, `/roots/${i}`, this.ca))
    return Promise.all(all)
  }

  /** TXT records, beside those that a name has. `host`: absolute, without the last dot. */
  async addTxt(host: string, value: string): Promise<void> {
    await this.#dns('set-txt', { host: `${host}.`, value })
  }

  /** Takes all TXT records of a name away. */
  async clearTxt(host: string): Promise<void> {
    await this.#dns('clear-txt', { host: `${host}.` })
  }

  async #answers(): Promise<void> {
    await eventually('pebble to answer', async () => {
      if (this.#process.ending !== null) throw new Error(this.#process.describe())
      await get(Number(new URL(this.directory).port), '/dir', this.ca)
    })
  }

  async #dns(path: string, record: Readonly<Record<string, string>>): Promise<void> {
    const response = await fetch(`${this.recordsUrl}/${path}`, {
      method: 'POST',
      body: JSON.stringify(record),
    })
    if (!response.ok) throw new Error(`pebble-challtestsrv answered ${response.status} to ${path}`)
  }
}

function get(port: number, path: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path, ca, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    })
      .on('error', reject)
      .end()
  })
}
