import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { processTree } from './proc.js'

const GRACE_MS = 3000

export interface StartOptions {
  /** Goes before the command, such as `nsenter -t PID -n`. It must exec, so that the pid stays the same. */
  prefix?: readonly string[]
  env?: NodeJS.ProcessEnv
}

/** One program that the bench started; its output is kept in a file, whose end explains a failure. */
export class Program {
  readonly pid: number
  readonly exited: Promise<void>
  #ended = false

  constructor(
    readonly name: string,
    readonly logFile: string,
    readonly child: ChildProcess,
  ) {
    if (child.pid === undefined) {
      child.once('error', () => undefined)
      throw new Error(`${name} could not be started: is it installed?`)
    }
    this.pid = child.pid
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended = true
        appendFileSync(logFile, `\n[${name} ended: ${signal ?? code}]\n`)
        resolve()
      })
    })
  }

  get ended(): boolean {
    return this.#ended
  }

  /** What the program printed so far. */
  output(): string {
    return readFileSync(this.logFile, 'utf8')
  }

  /** Why it failed: the line that names an error, otherwise the last lines of its output. */
  reason(): string {
    const output = this.output().trim()
    const found = /^\w*Error\b.*$/m.exec(output) ?? /^.*\b(?:error|failed|refused|denied)\b.*$/im.exec(output)
    return found?.[0].trim() ?? output.split('\n').slice(-3).join(' | ')
  }

  /** Resolves with the first line of the output that contains `text`. */
  async line(text: string, timeoutMs = 15_000): Promise<string> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const lines = this.output().split('\n')
      const found = lines.slice(0, -1).find((line) => line.includes(text))
      if (found !== undefined) return found
      if (this.#ended || Date.now() > deadline)
        throw new Error(`${this.name} did not print '${text}': ${this.reason()}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}

/**
 * Every process that the bench started, so that each is ended by its pid, after a failure too; and the temporary folder
 * that they use, which goes away with them.
 */
export class Processes {
  readonly #programs = new Set<Program>()
  readonly folder = mkdtempSync(join(tmpdir(), 'uniroute-bench-'))
  #count = 0

  constructor() {
    process.once('exit', () => {
      this.#killNow()
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
  }

  /** Starts a program with its output (stdout and stderr) in a file of the folder. */
  start(name: string, command: readonly string[], options: StartOptions = {}): Program {
    const logFile = join(this.folder, `${String(++this.#count).padStart(4, '0')}-${name}.log`)
    const [file, ...args] = [...(options.prefix ?? []), ...command]
    if (file === undefined) throw new Error('no command')
    const log = openSync(logFile, 'a')
    const child = spawn(file, args, { stdio: ['ignore', log, log], env: options.env ?? process.env })
    closeSync(log)
    const program = new Program(name, logFile, child)
    this.#programs.add(program)
    void program.exited.then(() => this.#programs.delete(program))
    return program
  }

  /** Runs a program to its end; resolves with its output, throws when it fails or takes too long. */
  async run(name: string, command: readonly string[], options: StartOptions & { timeoutMs?: number } = {}) {
    const program = this.start(name, command, options)
    const timer = setTimeout(() => void this.end(program), options.timeoutMs ?? 60_000)
    await program.exited
    clearTimeout(timer)
    const output = program.output()
    if (program.child.exitCode !== 0) throw new Error(`${name} failed: ${program.reason()}`)
    return output.slice(0, output.lastIndexOf(`\n[${name} ended`))
  }

  /** Ends the given programs and all their children: SIGTERM, and SIGKILL after three seconds. */
  async end(...programs: Program[]): Promise<void> {
    const pids = processTree(programs.map((program) => program.pid))
    for (const pid of pids) signal(pid, 'SIGTERM')
    const timer = setTimeout(() => {
      for (const pid of pids) signal(pid, 'SIGKILL')
    }, GRACE_MS)
    await Promise.all(programs.map((program) => program.exited))
    clearTimeout(timer)
  }

  async endAll(): Promise<void> {
    await this.end(...this.#programs)
  }

  #killNow(): void {
    for (const pid of processTree([...this.#programs].map((program) => program.pid))) signal(pid, 'SIGKILL')
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
