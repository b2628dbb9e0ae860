import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { SERVICES, upstreamAddress, type Ports } from '../lib/place.js'
import { repository } from '../lib/repository.js'
import { waitUntilReady, type Tool } from './tool.js'

const uniroutd = join(repository, 'bin', 'uniroutd.js')
const agentProgram = join(repository, 'bin', 'uniroute.js')

/** UniRoute with its defaults. */
export const uniroute = unirouteWith('auto')
/** UniRoute with all carriers there from the start. */
export const uniroute8 = unirouteWith(8)

function unirouteWith(connections: 'auto' | number): Tool {
  return {
    id: connections === 'auto' ? 'uniroute' : `uniroute-${connections}`,
    title: connections === 'auto' ? 'UniRoute' : `UniRoute --connections ${connections}`,
    encrypted: true,
    missing: () => (existsSync(join(repository, 'dist')) ? null : 'dist/ is not built: npm run build'),
    version,
    async start(place) {
      const { ca, certificate, key } = place.certificates
      const files = { server: join(place.folder, 'uniroutd.yml'), agent: join(place.folder, 'uniroute.yml') }
      const data = join(place.folder, 'uniroute-data')
      const server = {
        domain: 'localhost',
        data_dir: data,
        listen: { tls: `${place.serverHost}:0`, http: 'off', admin: 'off', metrics: '127.0.0.1:0' },
        certs: { mode: 'files', files: [{ cert: certificate, key }] },
        log: { level: 'warn' },
      }
      writeFileSync(files.server, stringify(server))
      const node = process.execPath
      const start = [node, uniroutd, 'run', '--config', files.server, '--output', 'json']
      const serverProgram = place.processes.start('uniroutd', start)
      const { tls } = JSON.parse(await serverProgram.line('"ready"')) as { tls: string }
      const create = [node, uniroutd, 'token', 'create', `bench-${Date.now()}`, '--json', '--config', files.server]
      const { token } = JSON.parse((await place.processes.run('token', create)).trim()) as { token: string }
      const tunnels = Object.fromEntries(
        SERVICES.map((name) => [name, { kind: 'tcp', upstream: upstreamAddress(place, name) }]),
      )
      writeFileSync(files.agent, stringify({ server: tls, token, ca, connections, log: { level: 'warn' }, tunnels }))
      const agentCommand = [node, agentProgram, 'start', '--all', '--config', files.agent, '--output', 'json']
      const agent = place.processes.start('uniroute', agentCommand, { prefix: place.agentPrefix })
      const ready = JSON.parse(await agent.line('"ready"')) as { tunnels: { name: keyof Ports; public_url: string }[] }
      const ports = Object.fromEntries(ready.tunnels.map(({ name, public_url }) => [name, portOf(public_url)]))
      const tunnel = { server: [serverProgram], agent: [agent], host: '127.0.0.1', ports: ports as Ports }
      return waitUntilReady({ ...tunnel, uniroute: { tls, token, ca } })
    },
  }
}

function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)?.[1])
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
  const git = ['-C', repository, 'describe', '--always', '--dirty', '--exclude', '*']
  return `${version} (${execFileSync('git', git, { encoding: 'utf8' }).trim()})`
}
