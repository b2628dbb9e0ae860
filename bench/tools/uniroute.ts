import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { SERVICES, upstreamAddress, type Place, type Ports } from '../lib/place.js'
import type { Program } from '../lib/processes.js'
import { repository } from '../lib/repository.js'
import { waitUntilReady, type Tool } from './tool.js'

const uniroutd = join(repository, 'bin', 'uniroutd.js')
const agentProgram = join(repository, 'bin', 'uniroute.js')
const log = { level: 'warn' }

/** UniRoute with its defaults. */
export const uniroute = unirouteWith('auto')
/** UniRoute with all carriers there from the start. */
export const uniroute8 = unirouteWith(8)

function unirouteWith(connections: 'auto' | number): Tool {
  return {
    id: connections === 'auto' ? 'uniroute' : `uniroute-${connections}`,
    title: connections === 'auto' ? 'UniRoute' : `UniRoute --connections ${connections}`,
    encrypted: true,
    missing: notBuilt,
    version,
    async start(place) {
      const tunnels = Object.fromEntries(
        SERVICES.map((name) => [name, { kind: 'tcp', upstream: upstreamAddress(place, name) }]),
      )
      const { server, agent, urls, tls, token, ca } = await startUniroute(place, { tunnels, connections })
      const ports = Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, portOf(url)]))
      const tunnel = { server: [server], agent: [agent], host: '127.0.0.1', ports: ports as Ports }
      return waitUntilReady({ ...tunnel, uniroute: { tls, token, ca } })
    },
  }
}

interface AgentOptions {
  /** Default: the inspector is on. */
  inspect?: { enabled: boolean }
  /** As in the agent's configuration. */
  tunnels: Record<string, object>
  connections?: 'auto' | number
}

interface StartedAgent {
  agent: Program
  /** Public URL of each tunnel, by its name. */
  urls: Record<string, string>
}

interface Started extends StartedAgent {
  server: Program
  /** HOST:PORT of the server. */
  tls: string
  token: string
  ca: string
}

/** Starts a server and an agent with these tunnels; resolves when they are bound. */
export async function startUniroute(place: Place, options: AgentOptions): Promise<Started> {
  const { ca, certificate, key, site, rsaSite } = place.certificates
  const file = join(place.folder, 'uniroutd.yml')
  const config = {
    domain: 'localhost',
    data_dir: join(place.folder, 'uniroute-data'),
    listen: { tls: `${place.serverHost}:0`, http: 'off', admin: 'off', metrics: '127.0.0.1:0' },
    certs: {
      mode: 'files',
      files: [
        { cert: certificate, key },
        { cert: site.certificate, key: site.key },
        { cert: rsaSite.certificate, key: rsaSite.key },
      ],
    },
    // The crowd is as large as the default, and the tunnels of the other rows have a session too.
    limits: { sessions: 20_000 },
    log,
  }
  writeFileSync(file, stringify(config))
  const node = process.execPath
  const start = [node, uniroutd, 'run', '--config', file, '--output', 'json']
  const server = place.processes.start('uniroutd', start)
  const { tls } = JSON.parse(await server.line('"ready"')) as { tls: string }
  const create = [node, uniroutd, 'token', 'create', `bench-${Date.now()}`, '--json', '--config', file]
  const { token } = JSON.parse((await place.processes.run('token', create)).trim()) as { token: string }
  return { server, ...(await startAgent(place, { ...options, server: tls, token, ca })), tls, token, ca }
}

/** Starts an agent; resolves when its tunnels are bound. */
export async function startAgent(
  place: Place,
  { connections = 'auto', ...options }: AgentOptions & { server: string; token: string; ca: string },
): Promise<StartedAgent> {
  const file = join(place.folder, 'uniroute.yml')
  writeFileSync(file, stringify({ ...options, connections, log }), { mode: 0o600 })
  const command = [process.execPath, agentProgram, 'start', '--all', '--config', file, '--output', 'json']
  const agent = place.processes.start('uniroute', command, { prefix: place.agentPrefix })
  const ready = JSON.parse(await agent.line('"ready"')) as { tunnels: { name: string; public_url: string }[] }
  return { agent, urls: Object.fromEntries(ready.tunnels.map(({ name, public_url }) => [name, public_url])) }
}

/** The port at the end of a URL or an address. */
export function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)?.[1])
}

export function notBuilt(): string | null {
  return existsSync(join(repository, 'dist')) ? null : 'dist/ is not built: npm run build'
}

export function version(): string {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
  const git = ['-C', repository, 'describe', '--always', '--dirty', '--exclude', '*']
  return `${version} (${execFileSync('git', git, { encoding: 'utf8' }).trim()})`
}
