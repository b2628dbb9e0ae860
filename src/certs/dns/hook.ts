import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { printable } from '../../core/printable.js'

/** How a hook ended. */
export type HookEnd =
  | { readonly kind: 'exit'; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'not-started'; readonly error: NodeJS.ErrnoException }
  | { readonly kind: 'timeout' }

export interface HookResult {
  readonly end: HookEnd
  /** The last lines of what it printed, safe to print. */
  readonly lastLines: readonly string[]
}

export interface HookRun {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Between SIGTERM and SIGKILL, ms. */
  readonly graceMs: number
  readonly signal: AbortSignal
}

/** What is kept of the output of a hook. */
const KEPT_BYTES = 4096
const KEPT_LINES = 8
const MOST_LINE = 200
/** How long the output is waited for after the end: processes that a hook leaves behind may keep it open. */
const OUTPUT_MS = 500

/**
 * Runs a program without a shell, in a process group of its own, which is killed when its time is over or `signal` is
 * aborted. Never rejects but with what `signal` was aborted with.
 */
export async function runHook({ file, args, env, timeoutMs, graceMs, signal }: HookRun): Promise<HookResult> {
  signal.throwIfAborted()
  const child = spawn(file, args, { cwd: '/', env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const tail = new Tail(child)
  const ended = exitOf(child)
  let isLate = false
  const stop = (): void => killGroup(child, 'SIGTERM')
  let kill: NodeJS.Timeout | undefined
  const late = setTimeout(() => {
    isLate = true
    stop()
  }, timeoutMs)
  const last = setTimeout(() => killGroup(child, 'SIGKILL'), timeoutMs + graceMs)
  const abort = (): void => {
    stop()
    kill = setTimeout(() => killGroup(child, 'SIGKILL'), graceMs)
  }
  signal.addEventListener('abort', abort)
  try {
    const end = await ended
    await tail.end()
    // What a stopped hook started in its group has not ended with it.
    if (isLate || signal.aborted) killGroup(child, 'SIGKILL')
    signal.throwIfAborted()
    return { end: isLate ? { kind: 'timeout' } : end, lastLines: tail.lines() }
  } finally {
    signal.removeEventListener('abort', abort)
    for (const timer of [late, last, kill]) clearTimeout(timer)
  }
}

async function exitOf(child: ChildProcess): Promise<HookEnd> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return { kind: 'exit', code, signal }
  } catch (error) {
    return { kind: 'not-started', error: error as NodeJS.ErrnoException }
  }
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** The end of what a process prints; the rest is read and forgotten. */
class Tail {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #kept = Buffer.alloc(0)

  constructor(child: ChildProcess) {
    this.#child = child
    this.#closed = new Promise((resolve) => child.once('close', resolve))
    for (const output of [child.stdout, child.stderr]) {
      output?.on('data', (chunk: Buffer) => {
        this.#kept = Buffer.concat([this.#kept, chunk]).subarray(-KEPT_BYTES)
      })
      output?.on('error', () => {})
    }
  }

  /** Resolves when the output has ended, or after a short time: then it is read no more. */
  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, OUTPUT_MS)
    })
    await Promise.race([this.#closed, enough])
    clearTimeout(timer)
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }

  lines(): string[] {
    const lines = this.#kept
      .toString('utf8')
      .split(/\r?\n/)
      .map((line) => printable(line.slice(-MOST_LINE)).trimEnd())
    return lines.filter((line) => line !== '').slice(-KEPT_LINES)
  }
}
