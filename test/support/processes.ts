import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { createInterface } from 'node:readline'
import { within } from './hang.js'

/** How a process ended: exactly one of the two is set. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** One line of `--output json`. */
export type Event = Readonly<Record<string, unknown>> & { readonly event: string }

type LineMatch = (line: string) => boolean

const running = new Set<Process>()
process.on('exit', () => {
  for (const each of running) each.kill('SIGKILL')
})

/** The last lines of every process that is still running or failed, for the message of a hang. */
export function describeProcesses(): string {
  return Array.from(running, (each) => each.describe()).join('\n')
}

/** A child process whose lines can be waited for. Ended with the test file at the latest, by its own pid. */
export class Process {
  readonly name: string
  readonly child: ChildProcess
  /** Every line of stdout so far. */
  readonly out: string[] = []
  /** Every line of stderr so far. */
  readonly err: string[] = []
  readonly exit: Promise<Ending>
  ending: Ending | null = null
  private readonly waiting = new Set<() => void>()

  constructor(name: string, command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.name = name
    // tap puts its own loader into NODE_OPTIONS of every child; the product must run as it does for its users.
    const wanted = options.env?.['NODE_OPTIONS'] ?? ''
    const own = wanted === process.env['NODE_OPTIONS'] ? '' : wanted
    const plain = ['env', '-u', 'NODE_OPTIONS', ...(own === '' ? [] : [`NODE_OPTIONS=${own}`]), command, ...args]
    // And when the test file is killed because it takes too long, its children go with it.
    const mortal = ['--pdeathsig', 'KILL', ...plain]
    this.child = spawn('/usr/bin/setpriv', mortal, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    running.add(this)
    this.exit = new Promise((resolve) => {
      const end = (ending: Ending) => {
        if (this.ending !== null) return
        this.ending = ending
        running.delete(this)
        this.wake()
        resolve(ending)
      }
      this.child.once('error', (error) => {
        this.err.push(String(error))
        end({ code: 127, signal: null })
      })
      this.child.once('close', (code, signal) => end({ code, signal }))
    })
    this.collect(this.child.stdout, this.out)
    this.collect(this.child.stderr, this.err)
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} did not start: ${this.err.join('\n')}`)
    return this.child.pid
  }

  private collect(stream: NodeJS.ReadableStream | null, into: string[]): void {
    if (stream === null) return
    createInterface({ input: stream }).on('line', (line) => {
      into.push(line)
      this.wake()
    })
  }

  private wake(): void {
    for (const resume of [...this.waiting]) resume()
  }

  private changed(): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        this.waiting.delete(resume)
        resolve()
      }
      this.waiting.add(resume)
    })
  }

  /** The lines of stdout from index `from` on, as they come; ends with the process. */
  async *lines(from = 0): AsyncGenerator<string> {
    for (let next = from; ;) {
      const line = this.out[next]
      if (line !== undefined) {
        next += 1
        yield line
      } else if (this.ending !== null) return
      else await this.changed()
    }
  }

  /** Waits for the first line of `where` (from index `from` on) that matches; throws when the process ends before. */
  async line(match: RegExp | LineMatch, { where = 'out', from = 0, ms }: LineOptions = {}): Promise<string> {
    const accepts: LineMatch = match instanceof RegExp ? (line) => match.test(line) : match
    const look = async (): Promise<string> => {
      for (let next = from; ;) {
        const line = this[where][next]
        if (line === undefined) {
          if (this.ending !== null) {
            throw new Error(`${this.name} ended before it said ${String(match)}\n${this.describe()}`)
          }
          await this.changed()
        } else if (accepts(line)) return line
        else next += 1
      }
    }
    return within(`a line ${String(match)} of ${this.name}`, look(), ms)
  }

  /** Waits for a `--output json` event of this name among the lines of stdout from index `from` on. */
  async event(name: string, options: { from?: number; ms?: number; when?: (event: Event) => boolean } = {}) {
    const { when = () => true, ...rest } = options
    const named = (line: string) => {
      const event = parseEvent(line)
      return event?.event === name && when(event)
    }
    Object.defineProperty(named, 'toString', { value: () => `event "${name}"` })
    return parseEvent(await this.line(named, rest)) as Event
  }

  /** Every event so far. */
  get events(): Event[] {
    return this.out.flatMap((line) => parseEvent(line) ?? [])
  }

  /** Sends a signal; nothing when the process has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.ending === null && this.child.pid !== undefined) this.child.kill(signal)
  }

  /** Sends `signal` and waits for the end; after `ms` kills it with -9 and throws. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', ms = 15_000): Promise<Ending> {
    this.kill(signal)
    try {
      return await within(`${this.name} to end after ${signal}`, this.exit, ms)
    } catch (error) {
      this.kill('SIGKILL')
      throw error
    }
  }

  /** As `stop`, at the end of a test: the product is told so again, and then it grants no open connection a grace time. */
  async end(): Promise<void> {
    const again = setInterval(() => this.kill('SIGTERM'), 100)
    try {
      await this.stop()
    } finally {
      clearInterval(again)
    }
  }

  /** All that it printed on both streams. */
  get printed(): string {
    return [...this.out, ...this.err].join('\n')
  }

  describe(): string {
    const state = this.ending === null ? 'running' : `ended ${JSON.stringify(this.ending)}`
    const tail = (lines: string[]) => lines.slice(-40).map((line) => `  ${line}`)
    return [`--- ${this.name} (${state}), stdout:`, ...tail(this.out), '  stderr:', ...tail(this.err)].join('\n')
  }
}

interface LineOptions {
  where?: 'out' | 'err'
  from?: number
  ms?: number
}

function parseEvent(line: string): Event | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'event' in value ? (value as Event) : undefined
  } catch {
    return undefined
  }
}

/** Runs a command to its end and gives back what it printed. Never throws for an exit code. */
export async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { ms?: number } = {},
): Promise<Ending & { out: string; err: string }> {
  const { ms = 60_000, ...rest } = options
  const child = new Process([command, ...args].join(' '), command, args, rest)
  try {
    const ending = await within(`${child.name} to end`, child.exit, ms)
    return { ...ending, out: child.out.join('\n'), err: child.err.join('\n') }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** As `run`, but an exit code other than 0 throws with all that was printed. */
export async function must(command: string, args: readonly string[], options: SpawnOptions & { ms?: number } = {}) {
  const result = await run(command, args, options)
  if (result.code !== 0) {
    throw new Error(
      `${[command, ...args].join(' ')} ended with ${result.code ?? result.signal}\n${result.out}\n${result.err}`,
    )
  }
  return result
}

/** An argument of node, in front of a TypeScript file of this repository. */
export const TYPESCRIPT = `--import=${new URL('../../scripts/typescript/register.mjs', import.meta.url).href}`

/** An argument of node, in front of a program: at SIGUSR2 it meets a defect, an error that nobody catches. */
export const DEFECT_AT_SIGUSR2 = `--import=data:text/javascript,${encodeURIComponent(
  "process.on('SIGUSR2', () => { throw new TypeError('x is not a function') })",
)}`
