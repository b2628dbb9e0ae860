import type { Place } from '../lib/place.js'
import type { Program } from '../lib/processes.js'
import type { Tunnel } from '../tools/tool.js'

export interface Flow {
  /** `down`: from the upstream to the visitor. */
  direction: 'down' | 'up'
  seconds: number
  /** Seconds at the start that do not count. */
  omit: number
  streams: number
}

export interface FlowResult {
  bytesPerSecond: number
  /** All bytes, those of the omitted seconds too. */
  bytes: number
}

interface IperfReport {
  error?: string
  intervals: { sum: { bytes: number } }[]
  end: { sum_received: { bits_per_second: number } }
}

/** Starts an iperf3 server beside the agent. It serves one test after the other; end it after use. */
export async function startIperfServer(place: Place): Promise<Program> {
  const listen = ['-B', place.upstreamBind, '-p', String(place.upstreams.iperf)]
  const command = ['iperf3', '-s', '--forceflush', ...listen]
  const program = place.processes.start('iperf3-server', command, { prefix: place.agentPrefix })
  await program.line('Server listening')
  return program
}

/** Runs one iperf3 client through the tunnel. */
export async function runFlow(tunnel: Tunnel, place: Place, flow: Flow): Promise<FlowResult> {
  const target = ['-c', tunnel.host, '-p', String(tunnel.ports.iperf)]
  const shape = ['-t', String(flow.seconds), '-O', String(flow.omit), '-P', String(flow.streams)]
  const command = ['iperf3', ...target, ...shape, ...(flow.direction === 'down' ? ['-R'] : []), '-J']
  const timeoutMs = (flow.seconds + flow.omit + 30) * 1000
  const report = JSON.parse(await place.processes.run('iperf3', command, { timeoutMs })) as IperfReport
  if (report.error !== undefined) throw new Error(`iperf3: ${report.error}`)
  return {
    bytesPerSecond: report.end.sum_received.bits_per_second / 8,
    bytes: report.intervals.reduce((sum, interval) => sum + interval.sum.bytes, 0),
  }
}
