import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Certificates } from './certificates.js'
import type { Processes, Program } from './processes.js'
import { connectTo, freePorts } from './sockets.js'

export const SERVICES = ['http', 'iperf', 'echo'] as const
export type Service = (typeof SERVICES)[number]
export type Ports = Record<Service, number>

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
  /** Ports of the upstreams. */
  upstreams: Ports
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

/** Starts nginx (one worker) and the echo server beside the agent. iperf3 is started afresh for each measurement. */
export async function startUpstreams(place: Omit<Place, 'upstreams'>): Promise<Ports> {
  const [http = 0, iperf = 0] = await freePorts(2)
  const folder = join(place.folder, 'nginx')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, nginxConfig(folder, `${place.upstreamBind}:${http}`))
  const options = { prefix: place.agentPrefix }
  const nginx = place.processes.start('nginx', ['nginx', '-p', folder, '-e', 'stderr', '-c', file], options)
  const echoScript = fileURLToPath(new URL('../parts/echo-upstream.js', import.meta.url))
  const echo = place.processes.start('echo', [process.execPath, echoScript, place.upstreamBind], options)
  await waitForPort({ host: place.upstreamHost, port: http }, nginx)
  return { http, iperf, echo: Number((await echo.line('listening ')).split(' ')[1]) }
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

function nginxConfig(folder: string, listen: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server { listen ${listen} backlog=4096; location / { default_type text/plain; return 200 "hello, world\\n"; } }
}
`
}
