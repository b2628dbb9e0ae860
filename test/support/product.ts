import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { stringify } from 'yaml'
import { ApiClient } from '../../src/admin/client.js'
import { adminSocket } from '../../src/admin/socket.js'
import { ensureBuilt } from './build.js'
import { Authority } from './certificates.js'
import { freePort, portSlot, ROOT, temporaryFolder, type Owner } from './places.js'
import { must, Process, run, type Ending, type Event } from './processes.js'

/** Names in the test server's certificate; each is this machine for curl's --resolve. */
export const SERVER_NAMES = ['localhost', 'tunnels.test', '127.0.0.1']

type Config = Readonly<Record<string, unknown>>

export interface ServerOptions {
  /** Laid over the test's configuration, section by section. */
  readonly config?: Config
  /** The command in front of `node bin/uniroutd.js`, such as `['prlimit', '--nofile=64']`. */
  readonly wrapper?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** `false` does not start it: the test does so itself. */
  readonly start?: boolean
  readonly args?: readonly string[]
}

/** A `uniroutd` on loopback with a configuration file, a certificate authority and a port range of its own. */
export class Server {
  readonly folder: string
  readonly configFile: string
  readonly authority: Authority
  /** Port of the TLS listener; the same after a restart. */
  readonly port: number
  readonly ports: { readonly first: number; readonly last: number }
  /** Every token that was created through `createToken`: none may be in a log. */
  readonly tokens: string[] = []
  process!: Process
  /** How many agents got a token of their own. */
  agents = 0
  /** Every process of this server and of its agents. */
  readonly processes: Process[] = []
  /** `HOST:PORT` of the metrics listener. */
  metricsAddress = ''
  private readonly t: Owner
  private readonly options: ServerOptions

  private constructor(t: Owner, options: ServerOptions, made: Pick<Server, 'folder' | 'authority' | 'port' | 'ports'>) {
    this.t = t
    this.options = options
    this.folder = made.folder
    this.authority = made.authority
    this.port = made.port
    this.ports = made.ports
    this.configFile = path.join(made.folder, 'uniroutd.yml')
  }

  static async start(t: Owner, options: ServerOptions = {}): Promise<Server> {
    const started: Server[] = []
    // Clean-up goes backwards: what is left here first runs last, when the processes have ended and said all.
    t.teardown(() => started.forEach((each) => each.assertDecent()))
    await ensureBuilt()
    const folder = await temporaryFolder(t)
    const authority = await Authority.create(t, 'authority of the test server')
    const server = new Server(t, options, { folder, authority, port: await freePort(), ports: await portSlot(t) })
    started.push(server)
    const pair = await authority.issue(SERVER_NAMES)
    await server.configure({ certs: { mode: 'files', files: [pair] }, ...options.config })
    if (options.start !== false) await server.launch()
    return server
  }

  /** Writes the configuration file; takes effect at the next start or SIGHUP. */
  async configure(config: Config): Promise<void> {
    const base: Record<string, unknown> = {
      domain: 'localhost',
      grace_period: '2s',
      data_dir: path.join(this.folder, 'data'),
      listen: {
        tls: `127.0.0.1:${this.port}`,
        http: 'off',
        admin: 'off',
        metrics: '127.0.0.1:0',
        tcp_ports: `127.0.0.1:${this.ports.first}-${this.ports.last}`,
      },
      names: { custom_domains: 'any' },
      log: { level: 'debug', format: 'json' },
    }
    for (const [key, value] of Object.entries(config)) {
      const known = base[key]
      base[key] = isSection(known) && isSection(value) ? { ...known, ...value } : value
    }
    this.written = base
    await mkdir(path.join(this.folder, 'data'), { recursive: true })
    await writeFile(this.configFile, stringify(base))
  }
  private written: Config = {}

  /** Changes sections of the configuration file as it was written last. */
  reconfigure(config: Config): Promise<void> {
    const merged: Record<string, unknown> = { ...this.written }
    for (const [key, value] of Object.entries(config)) {
      const known = merged[key]
      merged[key] = isSection(known) && isSection(value) ? { ...known, ...value } : value
    }
    return this.configure(merged)
  }

  /** Starts the process without waiting. */
  spawn(): Process {
    const { wrapper = [], args = [] } = this.options
    const command = [...wrapper, process.execPath, BIN.uniroutd, 'run', '--config', this.configFile, '--output', 'json']
    const [file = '', ...rest] = [...command, ...args]
    this.process = new Process('uniroutd', file, rest, { env: this.environment(), cwd: this.folder })
    const mine = this.process
    this.processes.push(mine)
    this.t.teardown(() => mine.end())
    return mine
  }

  /** Starts the process and waits for its ready event. */
  async launch(): Promise<void> {
    const ready = await this.spawn().event('ready')
    this.metricsAddress = String(ready['metrics'] ?? '')
  }

  /** Ends the process (default `kill -9`) and starts it again on the same ports. */
  async restart(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.process.stop(signal)
    await this.launch()
  }

  /** A new token's text: asked of the server that runs, as `uniroutd token create` does, or made by that. */
  async createToken(name: string): Promise<string> {
    const running = new ApiClient(adminSocket(String(this.written['data_dir'])) ?? '')
    const made =
      (await running.health()) === null ? await this.tokenByCommand(name) : await running.createToken({ name })
    this.tokens.push(made.token)
    return made.token
  }

  private async tokenByCommand(name: string): Promise<{ token: string }> {
    const { out } = await must(process.execPath, [...this.cli('token', 'create', name), '--json'], this.cliOptions())
    return JSON.parse(out) as { token: string }
  }

  /** Runs `uniroutd COMMAND… --config FILE` to its end. */
  uniroutd(...args: string[]) {
    return run(process.execPath, this.cli(...args), this.cliOptions())
  }

  private cli(...args: string[]): string[] {
    return [BIN.uniroutd, ...args, '--config', this.configFile]
  }

  private cliOptions() {
    return { env: this.environment(), cwd: this.folder }
  }

  private environment(): NodeJS.ProcessEnv {
    return { ...cleanEnvironment(this.folder), ...this.options.env }
  }

  /** Throws when one of the processes printed a stack trace or a token. */
  assertDecent(): void {
    for (const process of this.processes) assertDecent(process, this.tokens)
  }

  /** The page at `/metrics`, or another path of the same listener. */
  async page(at = '/metrics'): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://${this.metricsAddress}${at}`)
    return { status: response.status, text: await response.text() }
  }

  /** Sum of a metric's samples whose labels contain every pair of `labels`; 0 when there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { text } = await this.page()
    let sum = 0
    for (const line of text.split('\n')) {
      const sample = /^([a-z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line)
      if (sample?.[1] !== name) continue
      if (Object.entries(labels).every(([key, value]) => sample[2]?.includes(`${key}="${value}"`)))
        sum += Number(sample[3])
    }
    return sum
  }
}

export interface AgentOptions {
  readonly token?: string
  /** Port to connect to instead of the server's own, such as a relay's. */
  readonly via?: number
  readonly env?: NodeJS.ProcessEnv
  readonly wrapper?: readonly string[]
  /** Path of the CA file; null for none. */
  readonly ca?: string | null
  /** Name by which the agent knows the server. Default 127.0.0.1. */
  readonly host?: string
}

/** A tunnel as the ready event of an agent tells it. */
export interface ReadyTunnel {
  readonly name: string
  readonly kind: string
  readonly public_url: string
  readonly upstream: string
}

/** A `uniroute` beside an upstream. */
export class Agent {
  readonly process: Process
  tunnels: ReadyTunnel[] = []

  private constructor(process: Process) {
    this.process = process
  }

  /** Starts `uniroute ARGS…` against `server` without waiting for anything. A token is made unless one is given. */
  static async spawn(t: Owner, server: Server, args: readonly string[], options: AgentOptions = {}): Promise<Agent> {
    const token = options.token ?? (await server.createToken(`agent-${server.agents++}`))
    const home = await temporaryFolder(t)
    const { wrapper = [], ca = server.authority.ca, host = '127.0.0.1' } = options
    const env: NodeJS.ProcessEnv = {
      ...cleanEnvironment(home),
      UNIROUTE_SERVER: `${host}:${options.via ?? server.port}`,
      UNIROUTE_TOKEN: token,
      ...(ca === null ? {} : { UNIROUTE_CA: ca }),
      ...options.env,
    }
    const command = [...wrapper, process.execPath, BIN.uniroute, ...args, '--output', 'json', '--log-format', 'json']
    const grace = args.includes('--grace-period') ? [] : ['--grace-period', '2s']
    // Its pages would be at a port of its own, and its thread beside what is measured.
    const inspect = args.some((arg) => arg.startsWith('--inspect')) ? [] : ['--no-inspect']
    const [file = '', ...rest] = [...command, '--log-level', 'debug', ...grace, ...inspect]
    const agent = new Agent(new Process(`uniroute ${args.join(' ')}`, file, rest, { env, cwd: home }))
    if (!server.tokens.includes(token)) server.tokens.push(token)
    server.processes.push(agent.process)
    t.teardown(() => {
      agent.process.kill('SIGCONT')
      return agent.process.end()
    })
    return agent
  }

  /** As `spawn`, and waits for the ready event. */
  static async start(t: Owner, server: Server, args: readonly string[], options: AgentOptions = {}): Promise<Agent> {
    const agent = await Agent.spawn(t, server, args, options)
    await agent.ready()
    return agent
  }

  /** Waits for the ready event and remembers its tunnels. */
  async ready(): Promise<void> {
    const ready = await this.process.event('ready')
    this.tunnels = ready['tunnels'] as ReadyTunnel[]
  }

  /** Public port of the tunnel of this name (default: the first). */
  port(name?: string): number {
    const tunnel = name === undefined ? this.tunnels[0] : this.tunnels.find((each) => each.name === name)
    if (tunnel === undefined) throw new Error(`no tunnel ${name ?? ''} among ${JSON.stringify(this.tunnels)}`)
    return Number(new URL(tunnel.public_url.replace(/^\w+:/, 'http:')).port)
  }

  /** Waits until a visitor's connection ended for this reason, a code or a pattern of codes. */
  failed(code: string | RegExp, ms?: number): Promise<Event> {
    const when = (event: Event) => {
      const reason = String(event['code'] ?? '')
      return event['state'] === 'closed' && (typeof code === 'string' ? reason === code : code.test(reason))
    }
    return this.process.event('connection', { when, ...(ms === undefined ? {} : { ms }) })
  }

  /** Waits for the process to end by itself. */
  get exit(): Promise<Ending> {
    return this.process.exit
  }
}

/** Runs `uniroute ARGS…` to its end with the environment of an agent of `server`. */
export async function runAgent(t: Owner, server: Server, args: readonly string[], options: AgentOptions = {}) {
  const agent = await Agent.spawn(t, server, args, options)
  const ending = await agent.process.exit
  return { ...ending, events: agent.process.events, out: agent.process.out, err: agent.process.err.join('\n') }
}

/** The programs as they are installed. */
export const BIN = {
  uniroutd: path.join(ROOT, 'bin/uniroutd.js'),
  uniroute: path.join(ROOT, 'bin/uniroute.js'),
}

/** Throws when a process printed a stack trace or one of the secrets. */
export function assertDecent(process: Process, secrets: readonly string[]): void {
  const { printed, name } = process
  const trace = /^.*(?:^|\\n)\s+at .*:\d+:\d+\)?.*$/m.exec(printed)
  if (trace) throw new Error(`${name} printed a stack trace: ${trace[0]}`)
  if (secrets.some((secret) => secret !== '' && printed.includes(secret))) throw new Error(`${name} printed a token`)
}

/** Our environment without what would change a program's behaviour: settings of the user, proxies, colours. */
function cleanEnvironment(home: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([key]) => !/^(UNIROUTE_|TAP|NODE_|.*_proxy$|.*_PROXY$|NOTIFY_|LISTEN_)/.test(key),
  )
  return { ...Object.fromEntries(kept), HOME: home, XDG_CONFIG_HOME: path.join(home, '.config') }
}

function isSection(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
