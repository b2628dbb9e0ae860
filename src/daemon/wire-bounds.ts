import type { ServerConfig } from '../config/index.js'
import type { NumberName } from '../metrics/index.js'
import { INITIAL_WINDOW, sessionOptions } from '../wire/index.js'

type Numbers = Readonly<Partial<Record<NumberName, number>>>

/** The bounds of the wire's buffers as they are now, in bytes, for the metrics page. */
export function wireBounds({ streams = 0, carriers = 0 }: Numbers, { limits }: ServerConfig): Numbers {
  const { carrierBacklog, controlBacklog } = sessionOptions({})
  return {
    wireUnconsumedLimit: streams * INITIAL_WINDOW + limits.process_window_budget,
    wirePendingLimit: carriers * (carrierBacklog + controlBacklog),
    wireWindowLimit: limits.process_window_budget,
  }
}
