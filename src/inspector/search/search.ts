import type { Exchange } from '../exchange.js'
import type { Test } from './filter.js'

/** How long a search may keep the thread at a time, ms. */
const TURN_MS = 20

export interface Found {
  readonly exchanges: readonly Exchange[]
  /** There are more. */
  readonly more: boolean
}

/**
 * The first `limit` of `exchanges` that pass. Lets others of the thread have their turn, so `exchanges` must bear changes
 * meanwhile. Gives up when `signal` is aborted: then what was found so far comes back.
 */
export async function search(
  exchanges: Iterable<Exchange>,
  test: Test,
  limit: number,
  signal?: AbortSignal,
): Promise<Found> {
  const found: Exchange[] = []
  let turn = performance.now()
  for (const exchange of exchanges) {
    if (test(exchange)) {
      if (found.length === limit) return { exchanges: found, more: true }
      found.push(exchange)
    }
    if (performance.now() - turn < TURN_MS) continue
    await new Promise((resolve) => setImmediate(resolve))
    if (signal?.aborted) break
    turn = performance.now()
  }
  return { exchanges: found, more: false }
}
