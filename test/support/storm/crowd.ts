import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { portSlot } from '../places.js'
import { Process, TYPESCRIPT, type Event } from '../processes.js'
import { Server } from '../product.js'
import type { AgentsReport, AgentsTask } from './agents.js'
import type { NewcomersTask, Wait } from './newcomers.js'
import type { PathTask } from './path.js'
import type { VisitorsTask } from './visitors.js'
import { ask, HANG_MS } from './words.js'

export interface CrowdOptions {
  readonly sessions: number
  /** Visitors of each session. */
  readonly visitors: number
  /** Time between two records of a visitor, ms. */
  readonly gapMs: number
  /** Processes that the agents share. */
  readonly hosts: number
  /** Time between two newcomers of a kind, ms. */
  readonly newcomerMs: number
  /** `limits.held_bytes` of the server. */
  readonly heldBytes: number
}

/** New visitors wait for an agent that is away as long as any test lasts, ms. */
const HOLD_MS = 10 * 60_000
/** Ports beside those of the sessions: for newcomers, which leave again. */
const SPARE_PORTS = 50

/** A server, and processes with everybody who has to do with it. */
export class Crowd {
  readonly server: Server
  /** Between the agents and the server. */
  readonly path: Process
  private readonly hosts: readonly Process[]
  private readonly visitors: Process
  private readonly newcomers: Process

  private constructor(
    parts: Pick<Crowd, 'server' | 'path'> & Record<'visitors' | 'newcomers', Process>,
    hosts: Process[],
  ) {
    this.server = parts.server
    this.path = parts.path
    this.hosts = hosts
    this.visitors = parts.visitors
    this.newcomers = parts.newcomers
  }

  /** Starts them, and resolves when all sessions stand and every visitor has got an answer. */
  static async gather(t: Test, options: CrowdOptions): Promise<Crowd> {
    const { sessions, visitors: each, gapMs, newcomerMs: everyMs } = options
    const server = await serverFor(t, options)
    const token = await server.createToken('storm')
    const trust = { NODE_EXTRA_CA_CERTS: server.authority.ca }
    const path = await start(t, 'path', { server: server.port } satisfies PathTask)
    const via = Number((await path.event('ready'))['port'])

    const hosts: Process[] = []
    for (let host = 0; host < options.hosts; host++) {
      const [from, to] = [host, host + 1].map((at) => Math.floor((at * sessions) / options.hosts)) as [number, number]
      hosts.push(await start(t, 'agents', { via, token, from, to, holdMs: HOLD_MS } satisfies AgentsTask, trust))
    }
    for (const host of hosts) await host.event('ready', { ms: HANG_MS })
    const tunnels = hosts.flatMap(({ events }) => events.filter(({ event }) => event === 'tunnel'))
    const ports = tunnels.map(({ port }) => Number(port))

    const visitors = await start(t, 'visitors', { ports, each, gapMs } satisfies VisitorsTask)
    await visitors.event('ready', { ms: HANG_MS })
    const task: NewcomersTask = { server: server.port, token, everyMs, away: ports }
    const newcomers = await start(t, 'newcomers', task, trust)
    await newcomers.event('ready', { ms: HANG_MS })
    return new Crowd({ server, path, visitors, newcomers }, hosts)
  }

  /** When each visitor had back all that it had sent when this was called (`sharedNow`). */
  async flows(): Promise<readonly number[]> {
    return (await ask<{ at: number[] }>(this.visitors, 'flows')).at
  }

  /** When connections came through the path since this was last called (`sharedNow`). */
  async dials(): Promise<readonly number[]> {
    return (await ask<{ dials: number[] }>(this.path, 'dials')).dials
  }

  /** What became of the agents of each process. */
  reports(): Promise<AgentsReport[]> {
    return Promise.all(this.hosts.map((host) => ask<AgentsReport>(host, 'report')))
  }

  /** What newcomers have waited for. */
  async waits(): Promise<readonly Wait[]> {
    return (await ask<{ waits: Wait[] }>(this.newcomers, 'waits')).waits
  }

  /** Nobody comes any more; visitors get back what is under way, and go. */
  async disperse(): Promise<{ newcomers: { sessions: number; away: number }; visitors: Sums }> {
    const newcomers = await ask<{ sessions: number; away: number }>(this.newcomers, 'finish', 'finished')
    const visitors = await ask<Sums>(this.visitors, 'finish', 'finished')
    return { newcomers, visitors }
  }

  /** What went wrong for visitors and newcomers. */
  get faults(): Event[] {
    return [...this.visitors.events, ...this.newcomers.events].filter(({ event }) => event === 'fault')
  }
}

/** Bytes that visitors sent and got back, and in how many records. */
interface Sums {
  readonly sent: number
  readonly came: number
  readonly records: number
}

async function serverFor(t: Test, { sessions, heldBytes }: CrowdOptions): Promise<Server> {
  const ranges: string[] = []
  for (let ports = 0; ports < sessions + SPARE_PORTS;) {
    const { first, last } = await portSlot(t)
    ranges.push(`127.0.0.1:${first}-${last}`)
    ports += last - first + 1
  }
  const config = {
    listen: { tcp_ports: ranges },
    limits: { held_bytes: `${heldBytes}B` },
    log: { level: 'info' },
  }
  return Server.start(t, { config })
}

/** Starts a program of this folder. */
async function start(t: Test, name: string, task: object, env: NodeJS.ProcessEnv = {}): Promise<Process> {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url))
  const command = [TYPESCRIPT, '--enable-source-maps', file, JSON.stringify(task)]
  const stdio = ['pipe' as const, 'pipe' as const, 'pipe' as const]
  const program = new Process(name, process.execPath, command, { stdio, env: { ...process.env, ...env } })
  t.teardown(() => {
    program.kill('SIGCONT')
    return program.stop()
  })
  return program
}
