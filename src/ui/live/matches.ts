import type { ExchangeSummary } from '../../inspector/contract.js'
import type { Filter } from '../text/filter-text.js'

/** Whether the summary alone tells if an exchange matches; otherwise the agent has to be asked. */
export function isLocal(filter: Filter): boolean {
  return filter.q === undefined && filter.header === undefined && filter.body === undefined
}

/** Whether an exchange matches all of a filter that can be told by its summary. */
export function matches(filter: Filter, row: ExchangeSummary): boolean {
  const { totalMs } = row.timing
  return (
    (filter.tunnel === undefined || row.tunnel === filter.tunnel) &&
    (filter.kind === undefined || row.kind === filter.kind) &&
    (filter.method === undefined || row.method.toUpperCase() === filter.method) &&
    (filter.path === undefined || row.target.toLowerCase().includes(filter.path.toLowerCase())) &&
    (filter.status === undefined || hasStatus(filter.status, row.status)) &&
    (filter.minMs === undefined || (totalMs !== null && totalMs >= filter.minMs)) &&
    (filter.maxMs === undefined || (totalMs !== null && totalMs <= filter.maxMs)) &&
    (filter.minBytes === undefined || row.responseBytes >= filter.minBytes) &&
    (filter.maxBytes === undefined || row.responseBytes <= filter.maxBytes)
  )
}

function hasStatus(wanted: string, status: number | null): boolean {
  if (wanted === 'none' || status === null) return wanted === 'none' && status === null
  if (wanted.endsWith('xx')) return Math.floor(status / 100) === Number(wanted.charAt(0))
  const [low = 0, high = low] = wanted.split('-').map(Number)
  return status >= low && status <= high
}
