import type { ExchangeBook } from './book.js'
import type { Exchange } from './exchange.js'
import type { RecentRequest } from './messages.js'

const KEPT = 20
/** How often they are told, ms. */
const TOLD_MS = 250
/** No terminal is wider. */
const MAX_TEXT = 512

/** Tells of the newest requests of a book a few times a second, when they changed. Returns what ends that. */
export function tellRecent(book: ExchangeBook, tell: (requests: readonly RecentRequest[]) => void): () => void {
  let timer: NodeJS.Timeout | null = null
  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = null
      tell(newest(book))
    }, TOLD_MS)
  }
  book.on('exchange', soon)
  book.on('cleared', soon)
  return () => {
    book.off('exchange', soon)
    book.off('cleared', soon)
    if (timer !== null) clearTimeout(timer)
  }
}

function newest(book: ExchangeBook): RecentRequest[] {
  const requests: RecentRequest[] = []
  for (const exchange of book.newestFirst()) {
    requests.push(asRecent(exchange))
    if (requests.length === KEPT) break
  }
  return requests
}

function asRecent({ id, method, target, response, kind, state, startedAt, doneMs }: Exchange): RecentRequest {
  return {
    id,
    method: method.slice(0, MAX_TEXT),
    target: target.slice(0, MAX_TEXT),
    status: response?.status ?? null,
    reason: (response?.reason ?? '').slice(0, MAX_TEXT),
    kind,
    state,
    startedAt,
    durationMs: doneMs,
  }
}
