import type {
  ConnectionSummary,
  ExchangeDetail,
  ExchangePage,
  ExchangeSummary,
  InspectorStatus,
  ReplayResult,
  SuiteRun,
  SuiteSummary,
  TimelineMessage,
} from '../inspector/contract.js'

/* As much of a look at what the API answers as keeps a page from breaking on something else. */

type Bag = Readonly<Record<string, unknown>>

export function isSummary(value: unknown): value is ExchangeSummary {
  return isBag(value) && hasText(value, 'id', 'method', 'target', 'kind', 'state') && isBag(value['timing'])
}

export function isPage(value: unknown): value is ExchangePage {
  return isBag(value) && isListOf(isSummary)(value['exchanges'])
}

export function isDetail(value: unknown): value is ExchangeDetail {
  if (!isBag(value) || !isSummary(value)) return false
  const { request, response } = value as unknown as Bag
  return isPart(request) && (response === null || isPart(response))
}

export function isConnection(value: unknown): value is ConnectionSummary {
  return isBag(value) && hasText(value, 'id', 'tunnel', 'visitor', 'startedAt') && hasNumber(value, 'bytesIn')
}

export function isStatus(value: unknown): value is InspectorStatus {
  if (!isBag(value) || !hasText(value, 'version', 'state', 'verdict') || !isBag(value['capture'])) return false
  return isListOf(isTunnel)(value['tunnels']) && Array.isArray(value['carriers'])
}

export function isMessage(value: unknown): value is TimelineMessage {
  return isBag(value) && hasText(value, 'direction', 'kind') && hasNumber(value, 'number', 'bytes', 'atMs')
}

export function isReplayResult(value: unknown): value is ReplayResult {
  return isBag(value) && isSummary(value['exchange']) && isDiff(value['diff']) && Array.isArray(value['omitted'])
}

export function isSuite(value: unknown): value is SuiteSummary {
  return isBag(value) && hasText(value, 'name', 'savedAt') && hasNumber(value, 'requests')
}

export function isSuiteRun(value: unknown): value is SuiteRun {
  return isBag(value) && hasText(value, 'name') && isListOf(isSuiteResult)(value['results'])
}

function isSuiteResult(value: unknown): value is Bag {
  return isBag(value) && hasText(value, 'method', 'target') && Array.isArray(value['omitted'])
}

export function isListOf<T>(isGood: (value: unknown) => value is T): (value: unknown) => value is readonly T[] {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(isGood)
}

function isTunnel(value: unknown): value is Bag {
  return (
    isBag(value) &&
    hasText(value, 'name', 'kind', 'upstream') &&
    isTraffic(value['connections']) &&
    isTraffic(value['requests'])
  )
}

function isTraffic(value: unknown): boolean {
  return isBag(value) && hasNumber(value, 'count', 'open', 'rate1') && isBag(value['duration'])
}

function isPart(value: unknown): boolean {
  return (
    isBag(value) && isListOf(isField)(value['fields']) && isListOf(isField)(value['trailers']) && isBag(value['body'])
  )
}

function isField(value: unknown): value is Bag {
  return isBag(value) && hasText(value, 'name', 'value')
}

function isDiff(value: unknown): boolean {
  return isBag(value) && isBag(value['status']) && Array.isArray(value['fields']) && isBag(value['body'])
}

export function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasText(value: Bag, ...keys: readonly string[]): boolean {
  return keys.every((key) => typeof value[key] === 'string')
}

function hasNumber(value: Bag, ...keys: readonly string[]): boolean {
  return keys.every((key) => typeof value[key] === 'number')
}
