import { z } from 'zod'
import type * as contract from '../contract.js'

/* The shapes of contract.ts, for checks and for the description of the API. The compiler compares the two. */

const bytes = z.number().int().nonnegative()
const ms = z.number()
const count = z.number().int().nonnegative()
const time = z.iso.datetime({ precision: 3 })

export const exchangeId = z.string().regex(/^[0-9a-f]{16}$/, 'the id of an exchange has 16 hexadecimal digits')

const kind = z.enum(['http', 'sse', 'websocket', 'grpc'])

const Timing = z
  .object({
    sendingMs: ms.nullable(),
    waitingMs: ms.nullable(),
    receivingMs: ms.nullable(),
    totalMs: ms.nullable(),
  })
  .meta({ id: 'Timing' }) satisfies z.ZodType<contract.Timing>

export const ExchangeSummary = z
  .object({
    id: exchangeId,
    kind,
    state: z.enum(['open', 'done', 'cut']),
    tunnel: z.string(),
    visitor: z.string(),
    startedAt: time,
    method: z.string(),
    target: z.string(),
    host: z.string(),
    protocol: z.string(),
    status: z.number().int().nullable(),
    reason: z.string(),
    timing: Timing,
    requestBytes: bytes,
    responseBytes: bytes,
    requestType: z.string(),
    responseType: z.string(),
    messages: count,
    problem: z.string().nullable(),
    requestId: z.string(),
    replayOf: z.string().nullable(),
  })
  .meta({ id: 'ExchangeSummary' }) satisfies z.ZodType<contract.ExchangeSummary>

const Field = z
  .object({ name: z.string(), value: z.string(), secret: z.string().nullable(), redacted: z.boolean() })
  .meta({ id: 'Field' }) satisfies z.ZodType<contract.Field>

const BodyInfo = z
  .object({
    bytes,
    kept: bytes,
    mediaType: z.string(),
    codings: z.array(z.string()).readonly(),
    text: z.boolean(),
    redacted: z.boolean(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'BodyInfo' }) satisfies z.ZodType<contract.BodyInfo>

const MessagePart = z
  .object({ fields: z.array(Field).readonly(), trailers: z.array(Field).readonly(), body: BodyInfo })
  .meta({ id: 'MessagePart' }) satisfies z.ZodType<contract.MessagePart>

export const ExchangeDetail = ExchangeSummary.extend({
  request: MessagePart,
  response: MessagePart.nullable(),
}).meta({ id: 'ExchangeDetail' }) satisfies z.ZodType<contract.ExchangeDetail>

export const ExchangePage = z
  .object({ exchanges: z.array(ExchangeSummary).readonly(), next: exchangeId.nullable() })
  .meta({ id: 'ExchangePage' }) satisfies z.ZodType<contract.ExchangePage>

const TimelineMessage = z
  .object({
    number: count,
    atMs: ms,
    direction: z.enum(['to-upstream', 'to-visitor']),
    kind: z.enum(['text', 'binary', 'ping', 'pong', 'close', 'event', 'grpc']),
    bytes,
    label: z.string(),
    text: z.string().nullable(),
    base64: z.string().nullable(),
    truncated: z.boolean(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'TimelineMessage' }) satisfies z.ZodType<contract.TimelineMessage>

export const MessagePage = z
  .object({ messages: z.array(TimelineMessage).readonly(), total: count, next: z.number().int().nullable() })
  .meta({ id: 'MessagePage' }) satisfies z.ZodType<contract.MessagePage>

const ConnectionSummary = z
  .object({
    id: z.string(),
    tunnel: z.string(),
    visitor: z.string(),
    startedAt: time,
    bytesIn: bytes,
    bytesOut: bytes,
    durationMs: ms.nullable(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'ConnectionSummary' }) satisfies z.ZodType<contract.ConnectionSummary>

export const ConnectionList = z.object({ connections: z.array(ConnectionSummary).readonly() })

const DiffEntry = z
  .object({
    key: z.string(),
    change: z.enum(['added', 'removed', 'changed']),
    before: z.unknown(),
    after: z.unknown(),
  })
  .meta({ id: 'DiffEntry' }) satisfies z.ZodType<contract.DiffEntry>

const DiffLine = z
  .object({ change: z.enum(['same', 'added', 'removed', 'skipped']), text: z.string() })
  .meta({ id: 'DiffLine' }) satisfies z.ZodType<contract.DiffLine>

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

export const ExchangeDiff = z
  .object({
    same: z.boolean(),
    status: z.object({ before: z.number().nullable(), after: z.number().nullable(), same: z.boolean() }),
    fields: z.array(DiffEntry).readonly(),
    body: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('same') }),
      z.object({ kind: z.literal('json'), entries: z.array(DiffEntry).readonly() }),
      z.object({ kind: z.literal('text'), lines: z.array(DiffLine).readonly() }),
      z.object({
        kind: z.literal('binary'),
        before: bytes,
        after: bytes,
        beforeSha256: sha256,
        afterSha256: sha256,
      }),
    ]),
  })
  .meta({ id: 'ExchangeDiff' }) satisfies z.ZodType<contract.ExchangeDiff>

export const ReplayRequest = z
  .strictObject({
    method: z.string().max(100).exactOptional(),
    target: z.string().max(65_536).exactOptional(),
    fields: z
      .array(z.strictObject({ name: z.string(), value: z.string() }))
      .max(1_000)
      .readonly()
      .exactOptional(),
    body: z.union([z.strictObject({ text: z.string() }), z.strictObject({ base64: z.base64() })]).exactOptional(),
    tunnel: z.string().max(200).exactOptional(),
    upstream: z.string().max(1_000).exactOptional(),
  })
  .meta({ id: 'ReplayRequest' }) satisfies z.ZodType<contract.ReplayRequest>

export const ReplayResult = z
  .object({ exchange: ExchangeSummary, diff: ExchangeDiff, omitted: z.array(z.string()).readonly() })
  .meta({ id: 'ReplayResult' }) satisfies z.ZodType<contract.ReplayResult>

export const Revealed = z.object({ value: z.string() }) satisfies z.ZodType<contract.Revealed>

const Percentiles = z
  .object({ p50: z.number(), p90: z.number(), p95: z.number(), p99: z.number() })
  .meta({ id: 'Percentiles' }) satisfies z.ZodType<contract.Percentiles>

const TrafficStatistics = z
  .object({
    count,
    open: count,
    rate1: z.number(),
    rate5: z.number(),
    rate15: z.number(),
    duration: Percentiles,
  })
  .meta({ id: 'TrafficStatistics' }) satisfies z.ZodType<contract.TrafficStatistics>

export const TunnelInspection = z
  .object({
    name: z.string(),
    kind: z.enum(['tcp', 'tls', 'http']),
    publicUrl: z.string().nullable(),
    upstream: z.string(),
    inspected: z.boolean(),
    problem: z.string().nullable(),
    bytesIn: bytes,
    bytesOut: bytes,
    connections: TrafficStatistics,
    requests: TrafficStatistics,
  })
  .meta({ id: 'TunnelInspection' }) satisfies z.ZodType<contract.TunnelInspection>

export const TunnelStart = z
  .looseObject({
    name: z.string().min(1).max(100),
    kind: z.enum(['tcp', 'tls', 'http']),
    upstream: z.union([z.string().max(1_000), z.number().int()]),
  })
  .meta({
    id: 'TunnelStart',
    description: 'Beside these, the keys that a tunnel may have in uniroute.yml (docs/configuration.md).',
  }) satisfies z.ZodType<contract.TunnelStart>

const CaptureStatus = z
  .object({
    exchanges: count,
    bytes,
    limitBytes: bytes,
    bodyLimitBytes: bytes,
    forgotten: count,
    missedBytes: bytes,
    canReveal: z.boolean(),
    store: z.string().nullable(),
  })
  .meta({ id: 'CaptureStatus' }) satisfies z.ZodType<contract.CaptureStatus>

export const InspectorStatus = z
  .object({
    version: z.string(),
    state: z.enum(['idle', 'connecting', 'online', 'reconnecting', 'draining', 'closed']),
    server: z.string(),
    serverVersion: z.string().nullable(),
    node: z.string().nullable(),
    rttMs: ms.nullable(),
    carriers: z.array(z.object({ number: z.number(), rttMs: ms.nullable() })).readonly(),
    tunnels: z.array(TunnelInspection).readonly(),
    timeSpent: z.object({ sending: ms, waiting: ms, receiving: ms }).nullable(),
    verdict: z.string(),
    capture: CaptureStatus,
  })
  .meta({ id: 'InspectorStatus' }) satisfies z.ZodType<contract.InspectorStatus>

const SuiteSummary = z
  .object({ name: z.string(), requests: count, savedAt: z.iso.datetime() })
  .meta({ id: 'SuiteSummary' }) satisfies z.ZodType<contract.SuiteSummary>

export const SuiteList = z.object({ suites: z.array(SuiteSummary).readonly() }) satisfies z.ZodType<contract.SuiteList>

const SuiteResult = z.object({
  method: z.string(),
  target: z.string(),
  exchange: ExchangeSummary.nullable(),
  diff: ExchangeDiff.nullable(),
  problem: z.string().nullable(),
  omitted: z.array(z.string()).readonly(),
}) satisfies z.ZodType<contract.SuiteResult>

export const SuiteRun = z
  .object({
    name: z.string(),
    same: count,
    different: count,
    failed: count,
    results: z.array(SuiteResult).readonly(),
  })
  .meta({ id: 'SuiteRun' }) satisfies z.ZodType<contract.SuiteRun>

export const SuiteRunRequest = z
  .strictObject({
    tunnel: z.string().max(200).exactOptional(),
    upstream: z.string().max(1_000).exactOptional(),
    ignoredFields: z.array(z.string().max(200)).max(100).readonly().exactOptional(),
    ignoredPointers: z.array(z.string().max(1_000)).max(100).readonly().exactOptional(),
  })
  .meta({ id: 'SuiteRunRequest' }) satisfies z.ZodType<contract.SuiteRunRequest>

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().meta({ description: 'docs/errors.md explains each.' }),
  })
  .meta({ id: 'Problem' }) satisfies z.ZodType<contract.ProblemBody>

const amount = z.coerce.number().min(0).max(Number.MAX_SAFE_INTEGER)
const word = z.string().max(2_000)

const narrowing = {
  q: word.exactOptional(),
  tunnel: word.exactOptional(),
  kind: kind.exactOptional(),
  method: word.exactOptional(),
  path: word.exactOptional(),
  status: word.exactOptional(),
  minMs: amount.exactOptional(),
  maxMs: amount.exactOptional(),
  minBytes: amount.exactOptional(),
  maxBytes: amount.exactOptional(),
  header: word.exactOptional(),
  body: word.exactOptional(),
}

export const ExchangeFilter = z.strictObject({
  ...narrowing,
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  before: exchangeId.exactOptional(),
}) satisfies z.ZodType<contract.ExchangeFilter>

/** As ExchangeFilter, or these alone. */
export const HarFilter = z.strictObject({
  ...narrowing,
  id: z.union([exchangeId.transform((id) => [id]), z.array(exchangeId).max(1_000)]).exactOptional(),
})

export const flag = z.enum(['0', '1', 'false', 'true']).transform((text) => text === '1' || text === 'true')
