import type { Logger } from '../core/logger.js'
import { ExchangeBook } from './book.js'
import { Readers } from './capture/readers.js'
import { ReadingTime } from './capture/reading-time.js'
import { readRecords, type OpenedConnection, type RecordKind } from './capture/records.js'
import { ConnectionLog } from './connection-log.js'
import type { CaptureStatus } from './contract.js'
import type {
  AgentReport,
  ConnectionNote,
  FromInspector,
  InspectedTunnel,
  InspectorSettings,
  ToInspector,
} from './messages.js'
import { PostedLog } from './posted-log.js'
import type { ExchangeSink } from './reader.js'
import { newReader } from './readers.js'
import { tellRecent } from './recent.js'
import { Redactor } from './redact/index.js'
import { InflationBudget } from './record/inflation-budget.js'
import { beginExchange, type RecordContext } from './record/writer.js'
import { RemoteControl, type TunnelControl } from './tunnel-control.js'

/** What the API and the pages are served from. */
export interface Inspected {
  readonly settings: InspectorSettings
  readonly book: ExchangeBook
  readonly connections: ConnectionLog
  /** Those of `http` tunnels, which are counted and not shown. */
  readonly httpConnections: ConnectionLog
  /** What exchanges are written with. */
  readonly context: RecordContext
  readonly log: Logger
  /** Starts and stops tunnels. */
  readonly control: TunnelControl
  /** Those of the agent, as they are now; another list after each change. */
  tunnels(): readonly InspectedTunnel[]
  /** How the agent stands; null: it has not said yet. */
  report(): AgentReport | null
  capture(): CaptureStatus
}

/** What is served, and how it ends. */
export interface Serving {
  readonly url: string
  close(): Promise<void>
}

/** Serves the API and the pages; throws when it cannot. */
export type Serve = (inspected: Inspected) => Promise<Serving>

/** What the thread of the inspector does: reads records, keeps exchanges, serves. Its thread is `worker.ts`. */
export class InspectorThread implements Inspected {
  readonly settings: InspectorSettings
  readonly book: ExchangeBook
  readonly connections = new ConnectionLog()
  readonly httpConnections = new ConnectionLog()
  readonly context: RecordContext
  readonly log: Logger
  readonly control: RemoteControl
  readonly #post: (message: FromInspector, transfer?: ArrayBuffer[]) => void
  readonly #readers: Readers
  readonly #stopTelling: () => void
  readonly #time = new ReadingTime()
  #tunnels: readonly InspectedTunnel[]
  #report: AgentReport | null = null
  #epochMs = 0
  #serving: Serving | null = null
  #failures = 0

  constructor(settings: InspectorSettings, post: (message: FromInspector, transfer?: ArrayBuffer[]) => void) {
    const { memoryBytes, bodyLimit, redactHeaders, redactJsonPaths, reveal } = settings
    this.settings = settings
    this.#post = post
    this.#tunnels = settings.tunnels
    this.control = new RemoteControl((request) => post({ type: 'control', request }))
    this.book = new ExchangeBook(memoryBytes)
    const redactor = new Redactor({ headers: redactHeaders, jsonPaths: redactJsonPaths, reveal })
    this.context = { book: this.book, redactor, bodyLimit, inflation: new InflationBudget() }
    this.log = new PostedLog((text) => post({ type: 'warning', text }))
    this.#readers = new Readers({
      reader: ({ protocol }, sink) => newReader(protocol, sink, bodyLimit),
      begin: (connection) => this.#beginner(connection),
      skip: (connection, direction, until) => post({ type: 'skip', connection, direction, until }),
      failed: (error) => this.#onFailure(error),
    })
    this.#stopTelling = tellRecent(this.book, (requests) => post({ type: 'recent', requests }))
  }

  /** Begins to serve. */
  async start(serve: Serve): Promise<void> {
    try {
      this.#serving = await serve(this)
      this.#post({ type: 'serving', url: this.#serving.url })
    } catch (error) {
      this.#post({ type: 'not-serving', problem: error instanceof Error ? error.message : String(error) })
    }
  }

  /** Throws nothing. */
  handle(message: ToInspector): void {
    switch (message.type) {
      case 'batch':
        this.#time.begin()
        this.#epochMs = message.epochMs
        readRecords(message.buffer, message.used, this.#onRecord)
        this.#post({ type: 'read', buffer: message.buffer, tookMs: this.#time.spent() }, [message.buffer])
        return
      case 'record': {
        const { kind, connection, atMs, content } = message
        this.#epochMs = message.epochMs
        this.#onRecord(kind, connection, atMs, Buffer.from(content.buffer, content.byteOffset, content.byteLength))
        return
      }
      case 'connections':
        message.notes.forEach((note) => this.#note(note))
        return
      case 'report':
        this.#report = message.report
        return
      case 'tunnels':
        this.#tunnels = message.tunnels
        return
      case 'answer':
        this.control.onAnswer(message.answer)
        return
      case 'stop':
        void this.stop()
    }
  }

  async stop(): Promise<void> {
    this.#stopTelling()
    try {
      await this.#serving?.close()
    } finally {
      this.#post({ type: 'stopped' })
    }
  }

  // What is served may take these apart from it.

  readonly tunnels = (): readonly InspectedTunnel[] => this.#tunnels

  readonly report = (): AgentReport | null => this.#report

  readonly capture = (): CaptureStatus => {
    const { book, settings } = this
    return {
      exchanges: book.size,
      bytes: book.bytes,
      limitBytes: book.limitBytes,
      bodyLimitBytes: settings.bodyLimit,
      forgotten: book.forgotten,
      missedBytes: this.#readers.missedBytes,
      canReveal: settings.reveal,
      store: settings.store,
    }
  }

  readonly #onRecord = (kind: RecordKind, connection: number, atMs: number, content: Buffer): void => {
    this.#readers.handle(kind, connection, atMs, content)
  }

  #beginner({ tunnel, visitor }: OpenedConnection): ExchangeSink['begin'] {
    return (head) => beginExchange(this.context, { tunnel, visitor, epochMs: this.#epochMs }, head)
  }

  #note(note: ConnectionNote): void {
    const log = note.kind === 'http' ? this.httpConnections : this.connections
    if ('began' in note) log.began(note.began)
    else log.ended(note.id, note.ended)
  }

  #onFailure(error: unknown): void {
    if (this.#failures++ > 0) return
    const text = error instanceof Error ? error.message : String(error)
    this.#post({ type: 'warning', text: `the inspector could not read a connection, and left it out: ${text}` })
  }
}
