import { fileURLToPath } from 'node:url'
import type { Certificates } from './certificates.js'
import { startNginx, upstreamServers } from './nginx.js'
import type { Processes, Program } from './processes.js'
import { connectTo, freePorts } from './sockets.js'

export const SERVICES = ['http', 'iperf', 'echo'] as const
export type Service = (typeof SERVICES)[number]
export type Ports = Record<Service, number>

/** Ports of the upstreams. */
export interface Upstreams extends Ports {
  /** The same nginx as `http`, with TLS and HTTP/2 of its own. */
  https: number
}

/** Where a tunnel is built: on one machine over loopback, or between two network namespaces. */
export interface Place {
  processes: Processes
  /** Temporary folder for configuration files. */
  folder: string
  certificates: Certificates
  /** Address of the server as the agent sees it, and the one that it listens on. */
  serverHost: string
  /** Address of the upstreams as a visitor without a tunnel sees them. */
  upstreamHost: string
  /** What the upstreams listen on. */
  upstreamBind: string
  /** Goes before each command that runs beside the upstreams. */
  agentPrefix: readonly string[]
  /** True in a network namespace of its own: nothing that is started can be reached from outside. */
  isolated: boolean
  upstreams: Upstreams
}

/** One port for each service, in the order of SERVICES. */
export function portsOf(numbers: readonly number[]): Ports {
  const [http, iperf, echo] = numbers
  if (http === undefined || iperf === undefined || echo === undefined) throw new Error('a port for each service')
  return { http, iperf, echo }
}

/** Where the agent's side of a tunnel finds the service. */
export function upstreamAddress(place: Place, service: Service): string {
  return `127.0.0.1:${place.upstreams[service]}`
}

/** Starts nginx and the echo server beside the agent. iperf3 is started afresh for each measurement. */
export async function startUpstreams(place: Omit<Place, 'upstreams'>): Promise<Upstreams> {
  const [http = 0, https = 0, iperf = 0] = await freePorts(3)
  const listen = { plain: `${place.upstreamBind}:${http}`, tls: `${place.upstreamBind}:${https}` }
  const nginx = startNginx(place, 'nginx-upstream', (folder) => upstreamServers(folder, listen), place.agentPrefix)
  const echoScript = fileURLToPath(new URL('../parts/echo-upstream.js', import.meta.url))
  const command = [process.execPath, echoScript, place.upstreamBind]
  const echo = place.processes.start('echo', command, { prefix: place.agentPrefix })
  await waitForPort({ host: place.upstreamHost, port: http }, nginx)
  return { http, https, iperf, echo: Number((await echo.line('listening ')).split(' ')[1]) }
}

/** Resolves when the port accepts. */
export async function waitForPort(address: { host: string; port: number }, program: Program): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    try {
      ;(await connectTo(address, 1000)).destroy()
      return
    } catch (error) {
      if (program.ended || Date.now() > deadline) throw new Error(program.reason(), { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
