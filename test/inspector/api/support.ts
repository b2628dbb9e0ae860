import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '../../../src/core/clock.js'
import { readUpstream } from '../../../src/config/index.js'
import type { GrpcNames } from '../../../src/inspector/grpc/describer.js'
import { inspectorApp } from '../../../src/inspector/api/app.js'
import { ExchangeBook } from '../../../src/inspector/book.js'
import { ConnectionLog } from '../../../src/inspector/connection-log.js'
import type { InspectorStatus, TrafficStatistics, TunnelInspection } from '../../../src/inspector/contract.js'
import type { Exchange } from '../../../src/inspector/exchange.js'
import { Suites } from '../../../src/inspector/files/suites.js'
import { Replayer } from '../../../src/inspector/replay/replayer.js'
import type { UpstreamSpec } from '../../../src/inspector/replay/send.js'
import type { TunnelControl } from '../../../src/inspector/tunnel-control.js'
import { request, type Reply } from '../../admin/support.js'
import { RecordedLog } from '../../support/log.js'
import { temporaryFolder, type Owner } from '../../support/places.js'
import { exchange } from '../support.js'
import { recorder as recorderOf } from '../messages.js'

const none: TrafficStatistics = {
  count: 0,
  open: 0,
  rate1: 0,
  rate5: 0,
  rate15: 0,
  duration: { p50: 0, p90: 1.5, p95: 0, p99: 0 },
}

export function tunnel(name: string, parts: Partial<TunnelInspection> = {}): TunnelInspection {
  return {
    name,
    kind: 'http',
    publicUrl: `https://${name}.example.com`,
    upstream: 'localhost:80',
    inspected: true,
    problem: null,
    bytesIn: 0,
    bytesOut: 0,
    connections: none,
    requests: none,
    ...parts,
  }
}

export interface ApiOptions {
  readonly grpc?: GrpcNames
  /** Where replays go. */
  readonly upstream?: string
  readonly control?: TunnelControl
  readonly canReveal?: boolean
  readonly bookBytes?: number
}

export interface Call {
  readonly method?: string
  readonly body?: unknown
  readonly raw?: string
  readonly headers?: Record<string, string>
}

/** The inspector's API on a free port, over a book of its own. */
export class InspectorApi {
  readonly book: ExchangeBook
  readonly connections = new ConnectionLog()
  readonly log = new RecordedLog()
  readonly tunnels: TunnelInspection[] = [tunnel('web')]
  readonly suites: Suites
  /** The folder of the pages. */
  readonly pages: string
  port = 0
  url = ''

  private constructor(folder: string, bookBytes: number) {
    this.book = new ExchangeBook(bookBytes)
    this.suites = new Suites(path.join(folder, 'suites'))
    this.pages = path.join(folder, 'pages')
  }

  static async start(t: Owner, options: ApiOptions = {}): Promise<InspectorApi> {
    const { upstream = '1', canReveal = false, bookBytes = 50_000_000 } = options
    const folder = await temporaryFolder(t)
    const api = new InspectorApi(folder, bookBytes)
    const { book, connections, suites, log, pages } = api
    const recorder = recorderOf(book)
    const web: UpstreamSpec = { name: 'web', kind: 'http', upstream: readUpstream(upstream) }
    const replayer = new Replayer({ clock: systemClock, recorder, tunnels: () => [web] })
    await mkdir(path.join(pages, 'assets'), { recursive: true })
    await writeFile(path.join(pages, 'index.html'), '<!doctype html><title>Inspector</title>')
    await writeFile(path.join(pages, 'assets', 'index-B1x2y3z4.js'), 'void 0')
    await writeFile(path.join(folder, 'secret.txt'), 'secret')
    const app = await inspectorApp({
      book,
      connections,
      recorder,
      replayer,
      suites,
      grpc: options.grpc ?? { describe: () => Promise.resolve({ type: '', json: null }) },
      log,
      pages,
      status: () => api.status(canReveal),
      allowedHosts: new Set(['inspector.example.com']),
      control: options.control ?? {
        start: () => Promise.reject(new Error('no')),
        stop: () => Promise.resolve(false),
      },
    })
    t.teardown(() => app.close())
    api.url = await app.listen({ host: '127.0.0.1', port: 0 })
    api.port = Number(new URL(api.url).port)
    return api
  }

  status(canReveal: boolean): InspectorStatus {
    const { book } = this
    return {
      version: '0.1.0',
      state: 'online',
      server: 'tunnels.example.com:443',
      serverVersion: '0.1.0',
      node: 'n1',
      rttMs: 12.5,
      carriers: [{ number: 1, rttMs: 12.5 }],
      tunnels: this.tunnels,
      timeSpent: null,
      verdict: 'Nothing is slow.',
      capture: {
        exchanges: book.size,
        bytes: book.bytes,
        limitBytes: book.limitBytes,
        bodyLimitBytes: 1_000,
        forgotten: book.forgotten,
        missedBytes: 0,
        canReveal,
        store: null,
      },
    }
  }

  add(parts: Partial<Exchange> = {}): Exchange {
    const made = exchange(this.book.nextId(Date.now()), parts)
    this.book.add(made)
    return made
  }

  /** One request; `body` is sent as JSON. */
  call(at: string, { method = 'GET', body, raw, headers = {} }: Call = {}): Promise<Reply> {
    const content = raw ?? (body === undefined ? null : JSON.stringify(body))
    const type = content === null ? {} : { 'content-type': 'application/json' }
    return request({ host: '127.0.0.1', port: this.port, path: at, method, headers: { ...type, ...headers } }, content)
  }

  /** As `call`, below `/api/inspect`. */
  inspect(at: string, call?: Call): Promise<Reply> {
    return this.call(`/api/inspect/${at}`, call)
  }
}
