import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Authority } from './certificates.js'
import { eventually } from './hang.js'
import type { Ports, Service } from './lasting.js'
import { freePort, program, temporaryFolder, type Owner } from './places.js'
import { must, Process } from './processes.js'
import { Agent, BIN, Server } from './product.js'
import { visit } from './pumps.js'
import { sshArgs, startSshd } from './sshd.js'

const SERVER = '10.9.0.1'
const DEVICES = { server: 'path-server', agent: 'path-agent' }
/** Rules of routing that stand before the one that finds our own addresses: as a firewall, they drop what comes in. */
const LOCAL_RULE = '100'
const DROP_RULE = '50'

/** The path of bench/wan/path.sh, from its server's end: we are in one network namespace, the agent in another. */
export class Path {
  /** The command in front of what runs at the agent's end. */
  readonly agent: readonly string[]
  private address = 2

  private constructor(agent: readonly string[]) {
    this.agent = agent
  }

  static async here(): Promise<Path> {
    const path = new Path(['nsenter', '--target', process.env['AGENT_NETNS_PID'] ?? '', '--net'])
    for (const side of [[], path.agent]) {
      await ip(side, 'rule', 'add', 'pref', LOCAL_RULE, 'lookup', 'local')
      await ip(side, 'rule', 'delete', 'pref', '0')
    }
    return path
  }

  /** Everything is lost, in both directions, without a word to anybody. */
  cut(): Promise<void> {
    return this.bothDrop('add')
  }

  mend(): Promise<void> {
    return this.bothDrop('delete')
  }

  private async bothDrop(what: 'add' | 'delete'): Promise<void> {
    await ip([], 'rule', what, ...drop(DEVICES.server))
    await ip(this.agent, 'rule', what, ...drop(DEVICES.agent))
  }

  /** What comes from the agent to these ports is dropped. */
  async closePorts(ports: readonly number[]): Promise<void> {
    for (const port of ports) await ip([], 'rule', 'add', ...drop(DEVICES.server, port))
  }

  async openPorts(ports: readonly number[]): Promise<void> {
    for (const port of ports) await ip([], 'rule', 'delete', ...drop(DEVICES.server, port))
  }

  /** The agent's end has another address from now on, and no longer the one it had. */
  async changeAddress(): Promise<void> {
    const { agent: dev } = DEVICES
    await ip(this.agent, 'address', 'delete', `10.9.0.${this.address}/24`, 'dev', dev)
    this.address += 1
    await ip(this.agent, 'address', 'add', `10.9.0.${this.address}/24`, 'dev', dev)
  }
}

function drop(device: string, port?: number): string[] {
  const what = port === undefined ? [] : ['ipproto', 'tcp', 'dport', String(port)]
  return ['pref', DROP_RULE, 'iif', device, ...what, 'blackhole']
}

async function ip(side: readonly string[], ...args: string[]): Promise<void> {
  const [file = '', ...rest] = [...side, await program('ip', 'iproute2'), ...args]
  await must(file, rest)
}

/** Listens at the agent's end for each of `upstreams`, which are at ours: a socket of the file system leads there. */
export async function bridgeInto(t: Owner, { agent }: Path, upstreams: Ports): Promise<Ports> {
  const folder = await temporaryFolder(t)
  const names = Object.keys(upstreams) as Service[]
  const socat = (listen: string, connect: string) => `const net = require('node:net')
net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
  const far = net.connect({ ...${connect}, allowHalfOpen: true, noDelay: true })
  for (const [from, to] of [[near, far], [far, near]]) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
}).listen({ ...${listen}, backlog: 1000 }, function () { console.log(this.address().port ?? 'ready') })`
  const ports = {} as Record<Service, number>
  for (const name of names) {
    const file = path.join(folder, name)
    const ours = socat(`{ path: '${file}' }`, `{ port: ${upstreams[name]}, host: '127.0.0.1' }`)
    const theirs = socat(`{ port: 0, host: '127.0.0.1' }`, `{ path: '${file}' }`)
    const near = new Process(`bridge to ${name}`, process.execPath, ['-e', ours])
    t.teardown(() => near.stop('SIGKILL'))
    await near.line(/^ready$/)
    const [command = '', ...rest] = [...agent, process.execPath, '-e', theirs]
    const far = new Process(`bridge from ${name}`, command, rest)
    t.teardown(() => far.stop('SIGKILL'))
    ports[name] = Number(await far.line(/^\d+$/))
  }
  return ports
}

/** Where a tunnel is to be. */
export interface Site {
  readonly path: Path
  /** Ports of the upstreams at the agent's end. */
  readonly upstreams: Ports
  readonly authority: Authority
  /** Ports of loopback for the tunnels. */
  readonly slot: { readonly first: number }
  /** The port at which the agent reaches the server that listens at `port`. */
  via(port: number): Promise<number>
}

export interface Tunnel {
  readonly ports: Ports
  /** The port of the server that the agent connects to. */
  readonly control: number
}

export interface Tool {
  readonly name: string
  /** What it says its version is; null when it is not on PATH. */
  version(): Promise<string | null>
  start(t: Owner, site: Site): Promise<Tunnel>
}

const uniroute: Tool = {
  name: 'UniRoute',
  version: async () => said(process.execPath, [BIN.uniroute, '--version']),
  async start(t, { path: { agent: wrapper }, authority, upstreams, via }) {
    const certs = { mode: 'files', files: [await authority.issue([SERVER])] }
    const server = await Server.start(t, { start: false })
    await server.reconfigure({ certs, listen: { tls: `0.0.0.0:${server.port}` } })
    await server.launch()
    const file = path.join(server.folder, 'uniroute.json')
    const tunnels = Object.entries(upstreams).map(([name, port]) => [name, { kind: 'tcp', upstream: port }] as const)
    await writeFile(file, JSON.stringify({ tunnels: Object.fromEntries(tunnels) }))
    const to = { host: SERVER, via: await via(server.port), wrapper, ca: authority.ca }
    const agent = await Agent.start(t, server, ['start', '--all', '--config', file], to)
    return { control: server.port, ports: eachOf(upstreams, (name) => agent.port(name)) }
  },
}

const ssh: Tool = {
  name: 'ssh -R',
  version: async () => said(await program('ssh', 'openssh-client'), ['-V']),
  async start(t, { path: { agent }, upstreams, via, slot }) {
    const sshd = await startSshd(t)
    let next = slot.first
    const ports = eachOf(upstreams, () => next++)
    const forwards = Object.entries(upstreams).flatMap(([name, port]) => [
      '-R',
      `127.0.0.1:${ports[name as Service]}:127.0.0.1:${port}`,
    ])
    const to = sshArgs(sshd, SERVER, await via(sshd.port))
    const [file = '', ...rest] = [...agent, await program('ssh', 'openssh-client'), '-N', ...forwards, ...to]
    const client = new Process('ssh -R', file, rest)
    t.teardown(() => client.stop('SIGKILL'))
    await stands(client, ports)
    return { control: sshd.port, ports }
  },
}

const frp: Tool = {
  name: 'frp',
  version: async () => {
    const found = await Promise.all([program('frps', 'frp'), program('frpc', 'frp')]).catch(() => null)
    return found === null ? null : said(found[0], ['--version'])
  },
  async start(t, { path: { agent }, upstreams, via, slot }) {
    const folder = await temporaryFolder(t)
    const control = await freePort()
    let next = slot.first + 20
    const ports = eachOf(upstreams, () => next++)
    const files = { server: path.join(folder, 'frps.toml'), agent: path.join(folder, 'frpc.toml') }
    await writeFile(files.server, `bindAddr = "0.0.0.0"\nbindPort = ${control}\nproxyBindAddr = "127.0.0.1"\n`)
    const proxies = Object.entries(upstreams).map(
      ([name, port]) =>
        `[[proxies]]\nname = "${name}"\ntype = "tcp"\nlocalIP = "127.0.0.1"\nlocalPort = ${port}\nremotePort = ${ports[name as Service]}\n`,
    )
    const to = `serverAddr = "${SERVER}"\nserverPort = ${await via(control)}\nloginFailExit = false\n`
    await writeFile(files.agent, to + proxies.join(''))
    const server = new Process('frps', await program('frps', 'frp'), ['-c', files.server])
    t.teardown(() => server.stop('SIGKILL'))
    const [file = '', ...rest] = [...agent, await program('frpc', 'frp'), '-c', files.agent]
    const client = new Process('frpc', file, rest)
    t.teardown(() => client.stop('SIGKILL'))
    await stands(client, ports)
    return { control, ports }
  },
}

/** Ours first. */
export const TOOLS: readonly Tool[] = [uniroute, ssh, frp]

/** The version in what a program says about itself. */
async function said(file: string, args: readonly string[]): Promise<string> {
  const { out, err } = await must(file, args)
  return /\d+\.\d+[\w.]*/.exec(out + err)?.[0] ?? 'of an unknown version'
}

function eachOf(upstreams: Ports, port: (name: Service) => number): Ports {
  const names = Object.keys(upstreams) as Service[]
  return Object.fromEntries(names.map((name) => [name, port(name)])) as Record<Service, number>
}

async function stands(client: Process, ports: Ports): Promise<void> {
  await eventually(`the tunnel of ${client.name}`, async () => {
    if (client.ending !== null) throw new Error(client.describe())
    for (const port of Object.values(ports)) (await visit(port)).destroy()
  })
}
