import type { AgentStatus, TunnelSpec, TunnelStatus } from '../agent/index.js'
import type { LoggedConnection } from './connection-log.js'
import type { ExchangeSummary } from './contract.js'
import type { Direction } from './reader.js'
import type { RecordKind } from './capture/records.js'
import type { ControlAnswer, ControlRequest } from './tunnel-control.js'

/** What the thread of the inspector is started with. It is copied: no functions, no secrets of ours. */
export interface InspectorSettings {
  /** Where the pages are served; a port that is taken is followed by the next free one. */
  readonly host: string
  readonly port: number
  /** Bytes that all exchanges may take. */
  readonly memoryBytes: number
  /** Bytes of each body that are kept. */
  readonly bodyLimit: number
  readonly redactHeaders: readonly string[]
  readonly redactJsonPaths: readonly string[]
  /** Keep the secrets of fields, in memory, to be shown and replayed. */
  readonly reveal: boolean
  /** Folder where exchanges are kept across restarts; null: they are not. */
  readonly store: string | null
  /** Folder of saved requests. */
  readonly suites: string
  /** Names by which the pages may be called, besides IP addresses and `localhost`. */
  readonly allowHosts: readonly string[]
  /** `.proto` files that describe gRPC messages; without them upstreams are asked. */
  readonly protos: readonly string[]
  /** As they are at the start of the thread. */
  readonly tunnels: readonly InspectedTunnel[]
}

/** As much of a tunnel as the inspector needs, for replays too. */
export interface InspectedTunnel extends Pick<TunnelSpec, 'name' | 'kind' | 'upstream' | 'upstreamTls'> {
  readonly http?: Pick<NonNullable<TunnelSpec['http']>, 'upstreamProtocol'>
  readonly inspected: boolean
}

/** How the agent stands. */
export interface AgentReport extends Omit<AgentStatus, 'tunnels'> {
  readonly tunnels: readonly TunnelReport[]
}

export interface TunnelReport extends Omit<TunnelStatus, 'problem'> {
  readonly problem: string | null
}

/** A connection through a tunnel began, or is over. */
export type ConnectionNote = Pick<InspectedTunnel, 'kind'> &
  ({ readonly began: LoggedConnection } | { readonly id: string; readonly ended: Parameters<ReportEnd>[1] })
type ReportEnd = (id: string, end: Pick<LoggedConnection, 'bytesIn' | 'bytesOut' | 'durationMs' | 'problem'>) => void

/** To the thread of the inspector. */
export type ToInspector =
  /** Records; `epochMs` is what their times lack to be epoch milliseconds. */
  | { readonly type: 'batch'; readonly buffer: ArrayBuffer; readonly used: number; readonly epochMs: number }
  | {
      readonly type: 'record'
      readonly kind: RecordKind
      readonly connection: number
      readonly atMs: number
      readonly content: Uint8Array
      readonly epochMs: number
    }
  | { readonly type: 'connections'; readonly notes: readonly ConnectionNote[] }
  | { readonly type: 'report'; readonly report: AgentReport }
  /** All tunnels as they are now: some came, or went. */
  | { readonly type: 'tunnels'; readonly tunnels: readonly InspectedTunnel[] }
  | { readonly type: 'answer'; readonly answer: ControlAnswer }
  | { readonly type: 'stop' }

/** From it. */
export type FromInspector =
  /** Requests are being taken at this address. */
  | { readonly type: 'serving'; readonly url: string }
  /** They are not. */
  | { readonly type: 'not-serving'; readonly problem: string }
  /** The memory of a batch that was read, and what the thread took of a processor for it. */
  | { readonly type: 'read'; readonly buffer: ArrayBuffer; readonly tookMs: number }
  | { readonly type: 'skip'; readonly connection: number; readonly direction: Direction; readonly until: number }
  /** The newest requests, newest first, when they changed. */
  | { readonly type: 'recent'; readonly requests: readonly RecentRequest[] }
  | { readonly type: 'warning'; readonly text: string }
  /** A tunnel is to be started or stopped. */
  | { readonly type: 'control'; readonly request: ControlRequest }
  | { readonly type: 'stopped' }

/** A request as the terminal shows it. */
export interface RecentRequest extends Pick<
  ExchangeSummary,
  'id' | 'method' | 'target' | 'status' | 'reason' | 'kind' | 'state'
> {
  readonly startedAt: number
  readonly durationMs: number | null
}
