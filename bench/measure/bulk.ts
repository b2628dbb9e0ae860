import { memoryOf } from '../lib/proc.js'
import { runFlow, startIperfServer } from './iperf.js'
import { bothEnds, withCpu, type Figure, type TunnelMeasurement } from './measurement.js'

const GIB = 1024 ** 3

/** One iperf3 stream in one direction. */
function bulk(direction: 'down' | 'up', words: string): TunnelMeasurement {
  const figures: Figure[] = [
    { key: 'rate', title: `one iperf3 stream ${words}, MB/s`, better: 'more', digits: 0 },
    { key: 'cpu', title: `the same, CPU seconds per GiB, both ends`, better: 'less', digits: 2 },
    { key: 'peak', title: `the same, peak memory, both ends, MiB`, better: 'less', digits: 0 },
  ]
  return {
    id: `bulk-${direction}`,
    figures,
    async run(tunnel, place, seconds) {
      const server = await startIperfServer(place)
      try {
        const flow = { direction, seconds, omit: 1, streams: 1 }
        const { result, cpu } = await withCpu(tunnel, () => runFlow(tunnel, place, flow))
        const figures = { rate: result.bytesPerSecond / 1e6 }
        if (tunnel.server.length === 0) return figures
        return { ...figures, cpu: cpu / (result.bytes / GIB), peak: memoryOf(bothEnds(tunnel)).peakRss / 1024 }
      } finally {
        await place.processes.end(server)
      }
    },
  }
}

export const bulkDown = bulk('down', 'to the visitor')
export const bulkUp = bulk('up', 'to the upstream')
