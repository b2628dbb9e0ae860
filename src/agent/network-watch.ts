import { spawn, type ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'
import { Backoff } from '../core/backoff.js'
import { systemClock, type Clock } from '../core/clock.js'
import { addressesText } from './own-addresses.js'

/** From the first sign of a change until it is told, ms: one move of a laptop is a dozen of messages. */
const SETTLE_MS = 200
/** A network that changes all the time, as that of a container host, is told of no more often, ms. */
const APART_MS = 2_000
/** How often addresses are looked at where nothing tells of changes, ms. */
const POLL_MS = 2_000
/** What tells of changes is relied upon after this time, ms. */
const STEADY_MS = 10_000
/** Delays before it is started again, ms. */
const RESTART = { baseMs: 1_000, maxMs: 60_000 }

/**
 * Nothing reads the input of `ip`, which would outlive us until the next change; so a shell does, and ends it when the
 * agent is gone, however that ended. Its own output is closed, so that the end of `ip` is seen.
 */
const MONITOR = `
PATH=$PATH:/usr/sbin:/sbin
command -v ip >/dev/null || exit 127
ip monitor address route </dev/null 2>/dev/null &
exec >&-
read -r end
kill $! 2>/dev/null
`
/** The shell's word for a program that is not there. */
const NO_PROGRAM = 127

export interface NetworkWatchOptions {
  /** An address or a route of this machine has changed. */
  changed(): void
  /** Starts what writes to its stdout at every change, and ends with its stdin. Null: there is nothing like that. */
  readonly start?: () => ChildProcess | null
  /** The machine's addresses, in any form that differs when they do. */
  readonly look?: () => string
  readonly clock?: Clock
  readonly random?: () => number
}

/**
 * Tells when an address or a route of this machine changes, once for a burst: by `ip monitor` (iproute2) on Linux, and by
 * looking at the addresses every 2 s where there is none, and until it has proved to stay. Keeps no process alive.
 */
export class NetworkWatch {
  readonly #changed: () => void
  readonly #start: () => ChildProcess | null
  readonly #look: () => string
  readonly #clock: Clock
  readonly #backoff: Backoff
  #child: ChildProcess | null = null
  #startedAt = 0
  #restart: NodeJS.Timeout | null = null
  #poll: NodeJS.Timeout | null = null
  #settle: NodeJS.Timeout | null = null
  #toldAt = -Infinity
  #known: string
  #stopped = false

  constructor({ changed, start = ipMonitor, look = addressesText, clock = systemClock, random }: NetworkWatchOptions) {
    this.#changed = changed
    this.#start = start
    this.#look = look
    this.#clock = clock
    this.#backoff = new Backoff({ ...RESTART, ...(random && { random }) })
    this.#known = look()
    this.#startChild()
  }

  /** Ends it, with its child process. */
  stop(): void {
    this.#stopped = true
    for (const timer of [this.#restart, this.#settle, this.#poll]) if (timer !== null) clearTimeout(timer)
    this.#child?.stdin?.end()
    this.#child = null
  }

  #startChild(): void {
    this.#restart = null
    this.#poll ??= setInterval(() => this.#onPoll(), POLL_MS).unref()
    const child = this.#start()
    if (child === null) return
    this.#child = child
    this.#startedAt = this.#clock.now()
    child.stdout?.on('data', () => {
      if (child === this.#child) this.#note()
    })
    child.stdout?.on('end', () => child.stdin?.end())
    // It has ended, which is told otherwise.
    child.stdin?.on('error', () => undefined)
    child.once('error', () => this.#onChildEnd(child, true))
    child.once('exit', (code) => this.#onChildEnd(child, code === NO_PROGRAM))
  }

  #onChildEnd(child: ChildProcess, forGood: boolean): void {
    child.stdout?.destroy()
    if (child !== this.#child) return
    this.#child = null
    this.#poll ??= setInterval(() => this.#onPoll(), POLL_MS).unref()
    if (!forGood) this.#restart = setTimeout(() => this.#startChild(), this.#backoff.next()).unref()
  }

  #onPoll(): void {
    if (this.#look() !== this.#known) this.#note()
    if (this.#child === null || this.#poll === null || this.#clock.now() - this.#startedAt < STEADY_MS) return
    clearInterval(this.#poll)
    this.#poll = null
    this.#backoff.reset()
  }

  #note(): void {
    const wait = Math.max(SETTLE_MS, this.#toldAt + APART_MS - this.#clock.now())
    this.#settle ??= setTimeout(() => this.#tell(), wait).unref()
  }

  #tell(): void {
    this.#settle = null
    this.#toldAt = this.#clock.now()
    this.#known = this.#look()
    if (!this.#stopped) this.#changed()
  }
}

/** The one watch of this process, and who wants to be told: many agents need no more. */
let shared: NetworkWatch | null = null
const listeners = new Set<() => void>()

/** Calls `changed` whenever an address or a route of this machine has changed, until the function that it returns is called. */
export function watchNetwork(changed: () => void): () => void {
  const listener = (): void => changed()
  listeners.add(listener)
  shared ??= new NetworkWatch({ changed: () => listeners.forEach((each) => each()) })
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    shared?.stop()
    shared = null
  }
}

function ipMonitor(): ChildProcess | null {
  if (process.platform !== 'linux') return null
  const child = spawn('/bin/sh', ['-c', MONITOR], {
    env: { PATH: process.env['PATH'] },
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
    // Ctrl-C is for the agent, which may still have visitors for a while.
    detached: true,
  })
  child.unref()
  for (const pipe of [child.stdin, child.stdout]) if (pipe instanceof Socket) pipe.unref()
  return child
}
