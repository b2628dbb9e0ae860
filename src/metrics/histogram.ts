import type { Metric, Registry } from 'prom-client'

/** What it is called, and the upper bounds of its buckets, which rise. */
export interface HistogramShape {
  readonly name: string
  readonly help: string
  readonly bounds: readonly number[]
}

/**
 * A histogram without labels, where a value costs a few additions: that of `prom-client` makes half a dozen objects for
 * each, which the requests of a second feel. It is shown by a registry of that library.
 */
export class Histogram {
  readonly #shape: HistogramShape
  /** How many values lie in each bucket alone; the last are above all bounds. */
  readonly #counts: number[]
  #sum = 0

  constructor(shape: HistogramShape, registry: Registry) {
    this.#shape = shape
    this.#counts = new Array<number>(shape.bounds.length + 1).fill(0)
    const { name, help } = shape
    // What a registry asks of a metric is in its type no interface of its own.
    const metric = { name, help, type: 'histogram', aggregator: 'sum', get: () => Promise.resolve(this.#page()) }
    registry.registerMetric(metric as unknown as Metric)
  }

  observe(value: number): void {
    const { bounds } = this.#shape
    let bucket = 0
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += value
  }

  /** Buckets are shown with all below them (https://prometheus.io/docs/instrumenting/exposition_formats/). */
  #page() {
    const { name, help, bounds } = this.#shape
    let count = 0
    const values = this.#counts.map((inBucket, i) => {
      count += inBucket
      return { labels: { le: bounds[i] ?? '+Inf' }, value: count, metricName: `${name}_bucket` }
    })
    return {
      name,
      help,
      type: 'histogram',
      aggregator: 'sum',
      values: [
        ...values,
        { labels: {}, value: this.#sum, metricName: `${name}_sum` },
        { labels: {}, value: count, metricName: `${name}_count` },
      ],
    }
  }
}
