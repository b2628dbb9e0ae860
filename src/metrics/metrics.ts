import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { Code } from '../core/error-codes.js'
import {
  BUILD_INFO,
  EVENTS,
  type EventMetric,
  EXPIRY,
  LEFT_OUT,
  LIMIT,
  type NumberMetric,
  type NumberName,
  NUMBERS,
} from './definitions.js'
import { Histogram } from './histogram.js'

/** Plain numbers as they are now. Counters (`…Total`, bytes) must never fall while the source is registered. */
export type Source = () => Readonly<Partial<Record<NumberName, number>>>

/** A certificate that is served. */
export interface CertificateEnd {
  readonly names: readonly string[]
  readonly notAfter: Date
}

/** A page with more would be too long. */
const MOST_CERTIFICATES = 1_000

/**
 * The metrics of one process. Hot paths bump numbers of their own, which a source reports when the page is asked for;
 * the methods are for what happens once a request or less often.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #sources = new Set<Source>()
  readonly #numbers = new Map<NumberMetric, Gauge | Counter>()
  readonly #counts: Reasons[] = []
  readonly #limits: Gauge
  readonly #handshake = this.#histogram(EVENTS.handshake)
  readonly #streamOpen = this.#histogram(EVENTS.streamOpen)
  readonly #held = this.#histogram(EVENTS.held)
  readonly #httpDuration = this.#histogram(EVENTS.httpDuration)
  readonly #httpRequests = this.#reasons(EVENTS.httpRequests)
  readonly #httpFailures = this.#reasons(EVENTS.httpFailures)
  readonly #holdEnds = this.#reasons(EVENTS.holdEnds)
  readonly #attaches = this.#reasons(EVENTS.attaches)
  readonly #handshakeFailures = this.#reasons(EVENTS.handshakeFailures)
  readonly #bindRefusals = this.#reasons(EVENTS.bindRefusals)
  readonly #streamFailures = this.#reasons(EVENTS.streamFailures)
  readonly #rejections = this.#reasons(EVENTS.rejections)
  readonly #reloads = this.#reasons(EVENTS.reloads)

  /** `processMetrics`: CPU, memory, descriptors, event-loop delay and garbage collection of this process. */
  constructor({ version, processMetrics = true }: { readonly version: string; readonly processMetrics?: boolean }) {
    const registers = [this.#registry]
    for (const [metric] of Object.values<readonly [NumberMetric, string?]>(NUMBERS)) {
      if (this.#numbers.has(metric)) continue
      const { kind, name, help, label } = metric
      const settings = { name, help, registers, labelNames: label === undefined ? [] : [label] }
      this.#numbers.set(metric, kind === 'gauge' ? new Gauge(settings) : new Counter(settings))
    }
    this.#limits = new Gauge({ name: LIMIT.name, help: LIMIT.help, labelNames: [LIMIT.label], registers })
    new Gauge({ name: BUILD_INFO.name, help: BUILD_INFO.help, labelNames: [BUILD_INFO.label], registers })
      .labels(version)
      .set(1)
    if (!processMetrics) return
    collectDefaultMetrics({ register: this.#registry })
    for (const name of LEFT_OUT) this.#registry.removeSingleMetric(name)
  }

  /** Registers numbers to read at each scrape; the answer takes them out again. */
  addSource(source: Source): () => void {
    this.#sources.add(source)
    return () => void this.#sources.delete(source)
  }

  /** Shows the configured bounds: `limits` of the configuration, durations in ms under names that end in `_timeout`. */
  setLimits(limits: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(limits)) {
      this.#limits.labels(name).set(name.endsWith('_timeout') ? value / 1000 : value)
    }
  }

  /** Shows when certificates end, as they are at each scrape. */
  watchCertificates(describe: () => readonly CertificateEnd[]): void {
    const { name, help, label } = EXPIRY
    const collect = (): void => {
      gauge.reset()
      const ends = describe().filter(({ names }) => names.length > 0)
      const soonest = [...ends].sort((a, b) => a.notAfter.getTime() - b.notAfter.getTime()).slice(0, MOST_CERTIFICATES)
      for (const { names, notAfter } of soonest) gauge.labels(names[0] ?? '').set(notAfter.getTime() / 1000)
    }
    const gauge = new Gauge({ name, help, labelNames: [label], registers: [this.#registry], collect })
  }

  /** An agent was welcomed after `ms`. */
  handshake(ms: number): void {
    this.#handshake.observe(ms / 1000)
  }

  /** A connection wanted to be a carrier and was not. */
  handshakeFailed(code: Code): void {
    this.#handshakeFailures.inc(code)
  }

  /** A Bind was refused. */
  bindRefused(code: Code): void {
    this.#bindRefusals.inc(code)
  }

  /** The upstream accepted a visitor's stream `ms` after it was opened. */
  streamOpened(ms: number): void {
    this.#streamOpen.observe(ms / 1000)
  }

  /** A visitor's stream was not accepted. */
  streamFailed(code: Code): void {
    this.#streamFailures.inc(code)
  }

  /** A connection was attached to a session. */
  attached(reason: string): void {
    this.#attaches.inc(reason)
  }

  /** A session without a connection was held for `ms`. */
  held(ms: number, end: string): void {
    this.#held.observe(ms / 1000)
    this.#holdEnds.inc(end)
  }

  /** A request of an `http` tunnel is over after `ms`. `status` 0: it got no answer; `code`: why, when we said so. */
  httpRequest(status: number, ms: number, code: string | null): void {
    this.#httpRequests.inc(STATUS_CLASSES[Math.floor(status / 100)] ?? 'none')
    this.#httpDuration.observe(ms / 1000)
    if (code !== null) this.#httpFailures.inc(code)
  }

  /** A connection was turned away before it reached a tunnel. */
  rejected(code: Code): void {
    this.#rejections.inc(code)
  }

  /** The configuration was read again. */
  reloaded(result: 'ok' | 'failed'): void {
    this.#reloads.inc(result)
  }

  /** Content type of `page`. */
  get contentType(): string {
    return this.#registry.contentType
  }

  /** The page that Prometheus reads. */
  async page(): Promise<string> {
    const sums = new Map<NumberName, number>()
    for (const source of this.#sources) {
      for (const [name, value] of Object.entries(source()) as [NumberName, number][]) {
        sums.set(name, (sums.get(name) ?? 0) + value)
      }
    }
    for (const reasons of this.#counts) reasons.show()
    for (const metric of this.#numbers.values()) metric.reset()
    for (const [name, value] of sums) {
      const [metric, label] = NUMBERS[name] as readonly [NumberMetric, string?]
      this.#numbers.get(metric)?.inc(metric.label === undefined ? {} : { [metric.label]: label ?? '' }, value)
    }
    return this.#registry.metrics()
  }

  #histogram({ name, help, buckets }: EventMetric): Histogram {
    return new Histogram({ name, help, bounds: buckets ?? [] }, this.#registry)
  }

  #reasons({ name, help, label = '' }: EventMetric): Reasons {
    const reasons = new Reasons(new Counter({ name, help, labelNames: [label], registers: [this.#registry] }))
    this.#counts.push(reasons)
    return reasons
  }
}

const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx']

/** A counter with one label, whose values are added up here until they are shown. */
class Reasons {
  readonly #counter: Counter
  readonly #counts = new Map<string, number>()

  constructor(counter: Counter) {
    this.#counter = counter
  }

  inc(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
  }

  /** Hands the counter what was added since. */
  show(): void {
    for (const [reason, count] of this.#counts) this.#counter.labels(reason).inc(count)
    this.#counts.clear()
  }
}
