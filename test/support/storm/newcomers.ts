import { once } from 'node:events'
import { Agent } from '../../../src/agent/index.js'
import { Secret } from '../../../src/core/secret.js'
import { echo, startEcho } from '../pumps.js'
import { obey, say, sharedNow, taskOf } from './program.js'

/**
 * Those who come while others are away: every `everyMs` a new agent (not through the path that is cut) with a visitor of
 * its own, a new visitor of an agent that stays, and one of an agent that is away.
 */
export interface NewcomersTask {
  /** The server's own port. */
  readonly server: number
  readonly token: string
  readonly everyMs: number
  /** Ports of tunnels whose agents go away. */
  readonly away: readonly number[]
}

/** Something that a newcomer waited for. */
export interface Wait {
  /** `session`: from dialling to the tunnel's address. `own`, `standing`, `away`: a visitor, from dialling to the echo. */
  readonly kind: 'session' | 'own' | 'standing' | 'away'
  /** When it began (`sharedNow`). */
  readonly at: number
  readonly ms: number
}

/** Limit against hangs, ms: longer than agents are away. */
const HANG_MS = 60_000

const task = taskOf<NewcomersTask>()
const upstream = await startEcho({ teardown: () => undefined })
const waits: Wait[] = []
const underWay = new Set<Promise<void>>()

async function timed<T>(kind: Wait['kind'], work: () => Promise<T>): Promise<T> {
  const at = sharedNow()
  const result = await work()
  waits.push({ kind, at, ms: sharedNow() - at })
  return result
}

async function comes(name: string): Promise<{ agent: Agent; port: number }> {
  const agent = new Agent({
    server: { host: '127.0.0.1', port: task.server },
    token: new Secret(task.token),
    tunnels: [{ name, kind: 'tcp', upstream: { kind: 'tcp', host: '127.0.0.1', port: upstream.port } }],
  })
  const ready = once(agent, 'ready')
  agent.start()
  const [[tunnel]] = (await ready) as [[{ publicUrl: string }]]
  return { agent, port: Number(new URL(tunnel.publicUrl.replace('tcp:', 'http:')).port) }
}

async function newcomer(name: string): Promise<void> {
  const { agent, port } = await timed('session', () => comes(name))
  await timed('own', () => echo(port, undefined, HANG_MS))
  agent.stop(1000)
  await once(agent, 'close')
}

/** Does it, and tells what went wrong. */
function start(what: string, work: Promise<void>): void {
  const told = work.catch((error: Error) => say('fault', { visitor: what, why: error.message.split('\n')[0] }))
  underWay.add(told)
  void told.finally(() => underWay.delete(told))
}

const standing = await comes('standing')
let count = 0
const timer = setInterval(() => {
  const port = task.away[(count * 7) % task.away.length] ?? 0
  start('a new agent', newcomer(`new-${count++}`))
  start(
    'a new visitor',
    timed('standing', () => echo(standing.port, undefined, HANG_MS)),
  )
  start(
    'a new visitor of an agent that is away',
    timed('away', () => echo(port, undefined, HANG_MS)),
  )
}, task.everyMs)

obey({
  waits: () => say('waits', { waits }),
  finish: async () => {
    clearInterval(timer)
    await Promise.all(underWay)
    say('finished', { sessions: count + 1, away: count })
  },
})
say('ready')
