import type { Writable } from 'node:stream'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { ConfigError } from '../core/errors.js'
import type { Logger } from '../core/logger.js'
import { printable } from '../core/printable.js'

type Environment = Readonly<Record<string, string | undefined>>

const FIRST_FD = 3
/** `FileDescriptorName=` of the socket units. */
const SOCKET_NAMES = ['tls', 'http'] as const

/** Listening sockets that were opened for us, by what they are for. */
export type InheritedSockets = { readonly [Name in (typeof SOCKET_NAMES)[number]]?: number }

/**
 * The sockets that systemd handed to this process (sd_listen_fds(3)); none without socket activation.
 * Throws ConfigError UR_SOCKET_NAME for a socket that has none of our names, or the name of another one.
 */
export function inheritedSockets(env: Environment, pid: number = process.pid): InheritedSockets {
  if (env['LISTEN_PID'] !== String(pid)) return {}
  const names = (env['LISTEN_FDNAMES'] ?? '').split(':')
  const sockets: { tls?: number; http?: number } = {}
  for (let i = 0; i < Number(env['LISTEN_FDS'] ?? 0); i++) {
    const name = SOCKET_NAMES.find((known) => known === names[i])
    if (name === undefined || sockets[name] !== undefined) {
      throw new ConfigError(
        'UR_SOCKET_NAME',
        `systemd handed over socket ${FIRST_FD + i} under the name "${printable(names[i] ?? '')}". What to do: write ` +
          `FileDescriptorName=tls or FileDescriptorName=http in its socket unit, one socket for each.`,
      )
    }
    sockets[name] = FIRST_FD + i
  }
  return sockets
}

/** Reads messages, one a line, fields parted by tabs. Signals are for the server, which ends it by closing its input. */
const HELPER = `trap '' HUP INT TERM; set -f; IFS='\t'; while read -r message; do systemd-notify $message; done`

/**
 * Tells systemd how the service is (sd_notify(3)). Node.js has no Unix datagram sockets, so a small shell runs
 * `systemd-notify` for each message: a process of this size is not forked for it, and a server without a file
 * descriptor left can still say that it lives. Outside of systemd nothing is done.
 */
export class SystemdNotifier {
  readonly #log: Logger
  readonly #socket: string | undefined
  #helper: ChildProcess | null = null
  readonly #watchdog: NodeJS.Timeout | null

  constructor(env: Environment, log: Logger, pid: number = process.pid) {
    this.#log = log
    this.#socket = env['NOTIFY_SOCKET']
    const isForUs = env['WATCHDOG_PID'] === undefined || env['WATCHDOG_PID'] === String(pid)
    const watchdogMs = isForUs ? Number(env['WATCHDOG_USEC'] ?? 0) / 1000 : 0
    const isWatched = this.#socket !== undefined && watchdogMs > 0
    this.#watchdog = isWatched ? setInterval(() => this.#send('WATCHDOG=1'), watchdogMs / 2).unref() : null
  }

  /** The service is up, or a reload is over. `status` is what `systemctl status` shows. */
  ready(status: string): void {
    this.#send('READY=1', `STATUS=${status}`)
  }

  /** A reload begins; `ready` ends it. */
  reloading(): void {
    // process.hrtime is CLOCK_MONOTONIC, which is what systemd compares with
    this.#send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
  }

  /** The service comes to an end, at the latest in `graceMs`; systemd waits for that long and a little longer. */
  stopping(graceMs: number): void {
    this.#send('STOPPING=1', 'STATUS=open connections may end', `EXTEND_TIMEOUT_USEC=${(graceMs + 15_000) * 1000}`)
  }

  /** Resolves when all that was told has arrived. */
  async close(): Promise<void> {
    if (this.#watchdog) clearInterval(this.#watchdog)
    const helper = this.#helper
    this.#helper = null
    if (!helper || helper.exitCode !== null || helper.signalCode !== null) return
    const ended = once(helper, 'exit')
    helper.ref()
    helper.stdin?.end()
    await ended
  }

  #send(...fields: string[]): void {
    if (this.#socket === undefined) return
    this.#helper ??= this.#startHelper(this.#socket)
    this.#helper.stdin?.write(`${fields.map(printable).join('\t')}\n`)
  }

  #startHelper(socket: string): ChildProcess {
    const env = { PATH: process.env['PATH'], NOTIFY_SOCKET: socket }
    const helper = spawn('/bin/sh', ['-c', HELPER], { env, stdio: ['pipe', 'ignore', 'inherit'] })
    const lost = (error: Error | null): void => {
      if (this.#helper !== helper) return
      this.#helper = null
      this.#log.warn(
        { error },
        'what tells systemd of this service has ended; it is started again with the next message',
      )
    }
    helper.on('error', lost)
    helper.on('exit', () => lost(null))
    // Without file descriptors there are no pipes, whatever the types say, and 'error' follows.
    const input = helper.stdin as Writable | null | undefined
    input?.on('error', lost)
    helper.unref()
    return helper
  }
}
