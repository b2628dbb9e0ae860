import { EventEmitter } from 'node:events'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { AgentStatus, ConnectionEnd, ConnectionInfo, ConnectionTap, TappedConnection } from '../agent/index.js'
import type { Logger } from '../core/logger.js'
import { Batches } from './capture/batches.js'
import type { RecordKind } from './capture/records.js'
import { Tapped, type TapTarget } from './capture/tapped.js'
import { ConnectionNotes, withoutPort } from './connection-notes.js'
import type {
  AgentReport,
  FromInspector,
  InspectedTunnel,
  InspectorSettings,
  RecentRequest,
  ToInspector,
} from './messages.js'
import { answerTo, type TunnelControl } from './tunnel-control.js'

/** What an inspector tells. */
export interface InspectorEvents {
  /** The newest requests, newest first. */
  recent: [requests: readonly RecentRequest[]]
  /** Where its pages are, at first and after each start of its thread. */
  serving: [url: string]
  /** There are no pages; why. When `isOver`, nothing is captured from now on either. */
  problem: [text: string, isOver: boolean]
  /** Something is not as it should be, and it goes on; it is in the log too. */
  warning: [text: string]
}

/** How often the agent's state is told to the thread, ms. */
const REPORT_MS = 1_000
/** A thread that ends sooner than this after its start is not started again, ms. */
const SHORT_LIFE_MS = 10_000
/** What a thread may take to stop, ms. */
const STOP_MS = 500
/** Records that wait beside the batches. Of more the thread stands still. */
const MOST_APART = 100_000
const MIB = 1024 * 1024
/** The heap of the thread beside what is kept: programs, the API, what is under way. */
const HEAP_MIB = 192

/**
 * The inspector as the agent's thread sees it: it takes copies of what passes, and sends them to a thread that reads them
 * (`worker.ts`). When that one ends, the tunnels go on, and it is started again.
 */
export class Inspector extends EventEmitter<InspectorEvents> implements TapTarget {
  #settings: InspectorSettings
  readonly #log: Logger
  readonly #control: TunnelControl
  /** Tunnels that are inspected, by name. */
  #inspected: ReadonlyMap<string, InspectedTunnel>
  readonly #connections = new Map<number, Tapped>()
  readonly #notes = new ConnectionNotes((notes) => this.#post({ type: 'connections', notes }))
  readonly #reporting: NodeJS.Timeout
  readonly #status: () => AgentStatus
  #worker: Worker | null = null
  #startedAtMs = 0
  #batches = new Batches(() => undefined)
  #generation = 0
  #lastNumber = 0
  #apart = 0
  #url: string | null = null
  #problem: string | null = null
  #settled = false

  /**
   * `status`: how the agent stands, asked once a second. `control` starts and stops its tunnels, when that is asked for.
   * Nothing happens before `start`.
   */
  constructor(settings: InspectorSettings, status: () => AgentStatus, control: TunnelControl, log: Logger) {
    super()
    this.#settings = settings
    this.#status = status
    this.#control = control
    this.#log = log
    this.#inspected = inspectedOf(settings.tunnels)
    this.#reporting = setInterval(() => this.tellStatus(), REPORT_MS).unref()
  }

  /** Starts the thread. */
  start(): void {
    this.#startWorker(this.#settings)
  }

  /** Where its pages are; null: nowhere, yet or any more. */
  get url(): string | null {
    return this.#url
  }

  /** Why there are no pages; null: there are, or will be. */
  get problem(): string | null {
    return this.#problem
  }

  /** Resolves with where its pages are, or with null when there are none. */
  async ready(): Promise<string | null> {
    if (this.#settled) return this.#url
    return new Promise((resolve) => {
      this.once('serving', resolve)
      this.once('problem', () => resolve(null))
    })
  }

  /** The agent has these tunnels from now on. */
  setTunnels(tunnels: readonly InspectedTunnel[]): void {
    this.#settings = { ...this.#settings, tunnels }
    this.#inspected = inspectedOf(tunnels)
    this.#post({ type: 'tunnels', tunnels })
    this.tellStatus()
  }

  /** To be given to the agent. */
  readonly tap = ({ tunnel, visitor, protocol }: TappedConnection): ConnectionTap | null => {
    if (this.#worker === null || this.#inspected.get(tunnel)?.kind !== 'http') return null
    const number = ++this.#lastNumber
    const connection = new Tapped(number, this, { tunnel, visitor: withoutPort(visitor), protocol })
    this.#connections.set(number, connection)
    return connection
  }

  /** Lets the pages know at once how the agent stands, as they do each second. */
  tellStatus(): void {
    if (this.#worker !== null) this.#post({ type: 'report', report: reportOf(this.#status()) })
  }

  /** A connection of any tunnel began. */
  opened(connection: ConnectionInfo): void {
    const kind = this.#inspected.get(connection.tunnel)?.kind
    if (kind !== undefined) this.#notes.opened(connection, kind)
  }

  closed(connection: ConnectionEnd): void {
    this.#notes.closed(connection)
  }

  /** Ends the thread; resolves within half a second. */
  async stop(): Promise<void> {
    clearInterval(this.#reporting)
    this.#notes.stop()
    const worker = this.#worker
    if (worker === null) return
    this.#batches.flush()
    this.#forget(worker)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, STOP_MS)
      const done = (): void => {
        clearTimeout(timer)
        resolve()
      }
      worker.on('message', (message: FromInspector) => message.type === 'stopped' && done())
      worker.once('exit', done)
      worker.postMessage({ type: 'stop' } satisfies ToInspector)
    })
    await worker.terminate()
  }

  /** Ends the thread as if it had failed. */
  endThread(): void {
    void this.#worker?.terminate()
  }

  // For connections that are tapped.

  get batches(): Batches {
    return this.#batches
  }

  get generation(): number {
    return this.#generation
  }

  writeApart(kind: RecordKind, connection: number, atMs: number, content: Buffer): void {
    if (this.#worker === null) return
    if (++this.#apart > MOST_APART) this.#onEnd(this.#worker, 'it stood still')
    else this.#post({ type: 'record', kind, connection, atMs, content, epochMs: epochMs() })
  }

  closedTap(number: number): void {
    this.#connections.delete(number)
  }

  // The thread.

  #startWorker(settings: InspectorSettings): void {
    const file = new URL(`./worker${path.extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(file, {
      name: 'inspector',
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: Math.ceil((3 * settings.memoryBytes) / MIB) + HEAP_MIB },
    })
    worker.on('message', (message: FromInspector) => this.#onMessage(message, worker))
    worker.on('error', (error) => this.#onEnd(worker, error.message))
    worker.on('exit', (code) => this.#onEnd(worker, `it ended with code ${code}`))
    // The agent decides how long the process lives.
    worker.unref()
    this.#worker = worker
    this.#startedAtMs = performance.now()
    this.#generation++
    this.#apart = 0
    this.#batches = new Batches((buffer, used) =>
      this.#post({ type: 'batch', buffer, used, epochMs: epochMs() }, [buffer]),
    )
    this.tellStatus()
  }

  #onMessage(message: FromInspector, worker: Worker): void {
    switch (message.type) {
      case 'read':
        this.#apart = 0
        this.#batches.giveBack(message.buffer, message.tookMs)
        return
      case 'skip':
        this.#connections.get(message.connection)?.skip(message.direction, message.until, this.#generation)
        return
      case 'recent':
        this.emit('recent', message.requests)
        return
      case 'serving':
        this.#url = message.url
        this.#problem = null
        this.#settled = true
        this.emit('serving', message.url)
        return
      case 'not-serving':
        this.#tellProblem(`the inspector has no pages: ${message.problem}`, false)
        return
      case 'control':
        void answerTo(message.request, this.#control).then((answer) => {
          // Whoever reads it finds things as they are now.
          this.tellStatus()
          worker.postMessage({ type: 'answer', answer } satisfies ToInspector)
        })
        return
      case 'warning':
        this.#log.warn({}, message.text)
        this.emit('warning', message.text)
        return
      case 'stopped':
    }
  }

  #onEnd(worker: Worker, why: string): void {
    if (worker !== this.#worker) return
    this.#forget(worker)
    const ended = worker.terminate()
    const isOver = performance.now() - this.#startedAtMs < SHORT_LIFE_MS
    const what = isOver ? 'the inspector is off' : 'what the inspector kept is lost, and it was started again'
    this.#tellProblem(`${what}, as its thread ended (${why}); tunnels go on`, isOver)
    if (!isOver) void ended.then(() => this.#startWorker(this.#settings))
  }

  #forget(worker: Worker): void {
    this.#worker = null
    this.#url = null
    this.#batches.stop()
    worker.removeAllListeners()
    worker.on('error', () => undefined)
  }

  #tellProblem(text: string, isOver: boolean): void {
    this.#settled = true
    this.#problem = text
    this.emit('problem', text, isOver)
  }

  #post(message: ToInspector, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer)
  }
}

function inspectedOf(tunnels: readonly InspectedTunnel[]): ReadonlyMap<string, InspectedTunnel> {
  return new Map(tunnels.filter(({ inspected }) => inspected).map((tunnel) => [tunnel.name, tunnel]))
}

function reportOf({ tunnels, ...status }: AgentStatus): AgentReport {
  return {
    ...status,
    tunnels: tunnels.map(({ problem, ...tunnel }) => ({ ...tunnel, problem: problem?.message ?? null })),
  }
}

function epochMs(): number {
  return Date.now() - performance.now()
}
