/** Connections, or requests, in numbers: rates are those a second over 1, 5 and 15 minutes, durations are seconds. */
export interface TrafficFigures {
  total: number
  open: number
  rate1: number
  rate5: number
  rate15: number
  p50: number
  p90: number
  p95: number
  p99: number
}

const BUCKET_MS = 5_000
const BUCKETS = 180
const DURATIONS = 1_024

/**
 * Counts connections, or requests, in constant memory: a ring of five-second buckets for the rates, and the last 1,024
 * durations for the percentiles. `now` is milliseconds, monotonic.
 */
export class Traffic {
  #total = 0
  #open = 0
  #counts = new Uint32Array(BUCKETS)
  #bucket = 0
  #durations: number[] = []
  #nextDuration = 0

  opened(now: number): void {
    this.#advance(now)
    this.#total++
    this.#open++
    this.#counts[this.#bucket % BUCKETS]!++
  }

  closed(durationMs: number): void {
    this.#open--
    this.#durations[this.#nextDuration] = durationMs
    this.#nextDuration = (this.#nextDuration + 1) % DURATIONS
  }

  figures(now: number): TrafficFigures {
    this.#advance(now)
    const sorted = [...this.#durations].sort((a, b) => a - b)
    return {
      total: this.#total,
      open: this.#open,
      rate1: this.#sum(60_000 / BUCKET_MS) / 60,
      rate5: this.#sum(300_000 / BUCKET_MS) / 300,
      rate15: this.#sum(BUCKETS) / 900,
      p50: percentile(sorted, 0.5) / 1000,
      p90: percentile(sorted, 0.9) / 1000,
      p95: percentile(sorted, 0.95) / 1000,
      p99: percentile(sorted, 0.99) / 1000,
    }
  }

  #advance(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS)
    const steps = Math.min(bucket - this.#bucket, BUCKETS)
    for (let step = 0; step < steps; step++) this.#counts[(bucket - step) % BUCKETS] = 0
    this.#bucket = Math.max(this.#bucket, bucket)
  }

  #sum(buckets: number): number {
    let sum = 0
    for (let back = 0; back < buckets; back++) sum += this.#counts[(this.#bucket - back + BUCKETS) % BUCKETS] ?? 0
    return sum
  }
}

// The smallest value that at least this share of all values do not exceed; 0 of none.
function percentile(sorted: number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}
