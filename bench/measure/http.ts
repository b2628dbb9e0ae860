import type { HttpSite } from '../http/tool.js'
import type { Place } from '../lib/place.js'
import { memoryOf } from '../lib/proc.js'
import { handshakes } from './handshakes.js'
import { h2load, type HttpLoadResult, type HttpVersion } from './h2load.js'
import { bothEnds, type Figure, type Measurement } from './measurement.js'

/** A measurement of a fresh site. */
export interface HttpMeasurement extends Measurement {
  run(site: HttpSite, place: Place, seconds: number): Promise<Record<string, number>>
}

/** The first load brings programs up to speed; before the second, 512 handshakes have to be over. */
const LOADS = [
  { connections: 64, warmUpMs: 5000 },
  { connections: 512, warmUpMs: 2000 },
  { connections: 1, warmUpMs: 1000 },
] as const

const SIZES = {
  '1k': {
    path: '/1k',
    title: '1 KiB',
    rate: { unit: 'requests/s', of: ({ requestsPerSecond }: HttpLoadResult) => requestsPerSecond },
    cpu: {
      unit: 'µs per request',
      of: ({ cpu, requestsPerSecond }: HttpLoadResult) => (cpu / requestsPerSecond) * 1e6,
    },
  },
  '1m': {
    path: '/1m',
    title: '1 MiB',
    rate: { unit: 'MB/s', of: ({ bytesPerSecond }: HttpLoadResult) => bytesPerSecond / 1e6 },
    cpu: { unit: 's per GiB', of: ({ cpu, bytesPerSecond }: HttpLoadResult) => (cpu / bytesPerSecond) * 1024 ** 3 },
  },
} as const

const VERSIONS = { http1: 'HTTP/1.1', http2: 'HTTP/2' }

/** One version of HTTP and one size of the answer, with all numbers of connections. */
function http(version: HttpVersion, size: keyof typeof SIZES): HttpMeasurement {
  const { path, title, rate, cpu } = SIZES[size]
  const figures = LOADS.flatMap(({ connections }): Figure[] => [
    {
      key: `rate${connections}`,
      title: `${VERSIONS[version]}, ${title}, ${connections} ${connections === 1 ? 'connection' : 'connections'}, ${rate.unit}`,
      better: 'more',
      digits: 0,
    },
    { key: `p50-${connections}`, title: 'the same, p50 ms', better: 'less', digits: 2 },
    { key: `p99-${connections}`, title: 'the same, p99 ms', better: 'less', digits: 2 },
    { key: `cpu${connections}`, title: `the same, CPU ${cpu.unit}, both ends`, better: 'less', digits: 2 },
  ])
  return {
    id: `${version}-${size}`,
    figures: [
      ...figures,
      { key: 'peak', title: 'after all of these, peak memory, both ends, MiB', better: 'less', digits: 0 },
    ],
    async run(site, place, seconds) {
      const measured: Record<string, number> = {}
      const tunnelled = bothEnds(site).length > 0
      for (const { connections, warmUpMs } of LOADS) {
        const result = await h2load(site, place, { version, path, connections, warmUpMs, seconds })
        measured[`rate${connections}`] = rate.of(result)
        if (result.p50 !== null) measured[`p50-${connections}`] = result.p50 / 1000
        if (result.p99 !== null) measured[`p99-${connections}`] = result.p99 / 1000
        if (tunnelled) measured[`cpu${connections}`] = cpu.of(result)
      }
      if (tunnelled) measured['peak'] = memoryOf(bothEnds(site)).peakRss / 1024
      return measured
    },
  }
}

/** Rows of the HTTP table, in its order. */
export const HTTP: readonly HttpMeasurement[] = [
  http('http1', '1k'),
  http('http2', '1k'),
  http('http1', '1m'),
  http('http2', '1m'),
  handshakes,
]
