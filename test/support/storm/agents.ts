import { once } from 'node:events'
import { Agent } from '../../../src/agent/index.js'
import { Secret } from '../../../src/core/secret.js'
import { startEcho } from '../pumps.js'
import { obey, say, sharedNow, taskOf } from './program.js'

/** Many agents of the product in one process, each with one tunnel to the same echo. */
export interface AgentsTask {
  /** Port of loopback at which they find the server. */
  readonly via: number
  readonly token: string
  /** Their tunnels are called by these numbers. */
  readonly from: number
  readonly to: number
  /** How long new visitors may wait for an agent that is away, ms. */
  readonly holdMs: number
}

/** What became of the agents. */
export interface AgentsReport {
  /** Sessions that went on after a loss: the agent's number, and when (`sharedNow`). */
  readonly returns: readonly (readonly [number, number])[]
  /** Sessions that an agent began anew. */
  readonly anew: number
  /** Visitors whose connection was cut, by why. */
  readonly cut: readonly string[]
  /** Codes of what tries to return failed with, and how often. */
  readonly failures: Readonly<Record<string, number>>
  /** Connections that the upstream ever had. */
  readonly upstream: number
}

/** Agents that connect for the first time at the same time. */
const AT_ONCE = 10

const task = taskOf<AgentsTask>()
const echo = await startEcho({ teardown: () => undefined })
const returns: [number, number][] = []
const cut: string[] = []
const failures: Record<string, number> = {}
let anew = 0

async function start(number: number): Promise<void> {
  const agent = new Agent({
    server: { host: '127.0.0.1', port: task.via },
    token: new Secret(task.token),
    tunnels: [
      {
        name: `s${number}`,
        kind: 'tcp',
        upstream: { kind: 'tcp', host: '127.0.0.1', port: echo.port },
        holdMs: task.holdMs,
      },
    ],
  })
  let onlines = 0
  agent.on('online', (_session, resumed) => {
    if (resumed !== null) returns.push([number, sharedNow()])
    else if (onlines++ > 0) anew++
  })
  agent.on('offline', ({ code }) => (failures[code] = (failures[code] ?? 0) + 1))
  agent.on('closed', ({ error }) => error !== null && cut.push(error.message))
  const ready = once(agent, 'ready')
  agent.start()
  const [[tunnel]] = (await ready) as [[{ publicUrl: string }]]
  say('tunnel', { number, port: Number(new URL(tunnel.publicUrl.replace('tcp:', 'http:')).port) })
}

obey({
  report: () => say('report', { returns, anew, cut, failures, upstream: echo.total() } satisfies AgentsReport),
})
for (let next = task.from; next < task.to; next += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, task.to - next) }, (_, offset) => start(next + offset))
  await Promise.all(some)
}
say('ready')
