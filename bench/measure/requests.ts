import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from '../lib/place.js'
import { memoryOf } from '../lib/proc.js'
import type { Tunnel } from '../tools/tool.js'
import { bothEnds, withCpu, type TunnelMeasurement } from './measurement.js'

const REPORT = `done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"micros":%d,"p50":%d,"p99":%d,"errors":%d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`

interface Load {
  connections: number
  /** A new connection for each request. */
  fresh?: boolean
}

interface LoadResult {
  requests: number
  micros: number
  p50: number
  p99: number
  errors: number
}

async function wrk(tunnel: Tunnel, place: Place, load: Load, seconds: number): Promise<LoadResult> {
  const script = join(place.folder, 'report.lua')
  writeFileSync(script, REPORT)
  const size = ['-t', '1', '-c', String(load.connections), '-d', `${seconds}s`, '--timeout', '10s']
  const close = load.fresh === true ? ['-H', 'Connection: close'] : []
  const command = ['wrk', ...size, '-s', script, ...close, `http://${tunnel.host}:${tunnel.ports.http}/`]
  const output = await place.processes.run('wrk', command, { timeoutMs: (seconds + 30) * 1000 })
  const line = output.split('\n').find((text) => text.startsWith('RESULT '))
  if (line === undefined) throw new Error(`wrk printed no result: ${output}`)
  const result = JSON.parse(line.slice('RESULT '.length)) as LoadResult
  if (result.requests === 0) throw new Error('wrk: no request was answered')
  if (result.errors > result.requests / 100) throw new Error(`wrk: ${result.errors} of ${result.requests} failed`)
  return result
}

/**
 * How long a load runs before it is counted, for every tool: programs that run for days are measured, not their first
 * seconds. Ours has become a third faster by then, compiled while it runs.
 */
const WARM_UP_SECONDS = 5

/** Two seconds of requests over 64 connections, before what is too slow a load to warm anything up. */
export async function warmUp(tunnel: Tunnel, place: Place): Promise<void> {
  await wrk(tunnel, place, { connections: 64 }, 2)
}

/** One wrk load, warmed up. */
function requests(id: string, title: string, load: Load): TunnelMeasurement {
  return {
    id,
    figures: [
      { key: 'rate', title: `wrk, ${title}, requests/s`, better: 'more', digits: 0 },
      { key: 'cpu', title: 'the same, CPU µs per request, both ends', better: 'less', digits: 1 },
      { key: 'peak', title: 'the same, peak memory, both ends, MiB', better: 'less', digits: 0 },
    ],
    async run(tunnel, place, seconds) {
      await wrk(tunnel, place, load, WARM_UP_SECONDS)
      const { result, cpu } = await withCpu(tunnel, () => wrk(tunnel, place, load, seconds))
      const figures = { rate: (result.requests / result.micros) * 1e6 }
      if (tunnel.server.length === 0) return figures
      return { ...figures, cpu: (cpu / result.requests) * 1e6, peak: memoryOf(bothEnds(tunnel)).peakRss / 1024 }
    },
  }
}

export const requests64 = requests('requests-64', '64 kept alive', { connections: 64 })
export const requests512 = requests('requests-512', '512 kept alive', { connections: 512 })
export const newConnections = requests('new-connections', 'a new connection each, 16 at once', {
  connections: 16,
  fresh: true,
})

export const oneConnection: TunnelMeasurement = {
  id: 'one-connection',
  figures: [
    { key: 'p50', title: 'wrk, 1 connection, p50 µs', better: 'less', digits: 0 },
    { key: 'p99', title: 'wrk, 1 connection, p99 µs', better: 'less', digits: 0 },
    { key: 'cpu', title: 'the same, CPU µs per request, both ends', better: 'less', digits: 1 },
  ],
  async run(tunnel, place, seconds) {
    const load = { connections: 1 }
    await warmUp(tunnel, place)
    await wrk(tunnel, place, load, 3)
    const { result, cpu } = await withCpu(tunnel, () => wrk(tunnel, place, load, seconds))
    const figures = { p50: result.p50, p99: result.p99 }
    return tunnel.server.length === 0 ? figures : { ...figures, cpu: (cpu / result.requests) * 1e6 }
  },
}
