import { fileURLToPath } from 'node:url'
import { portsOf, SERVICES } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { waitUntilReady, type Tool } from './tool.js'

const part = fileURLToPath(new URL('../parts/node-floor.js', import.meta.url))
const ROWS: readonly string[] = ['requests-64', 'requests-512', 'new-connections', 'one-connection']

/** No product: what Node's sockets and TLS alone cost. Without flow control it is good for small answers only. */
export const nodeFloor: Tool = {
  id: 'node-floor',
  title: "Node's floor",
  encrypted: true,
  rows: (row) => ROWS.includes(row),
  missing: () => null,
  version: () => process.version,
  async start(place) {
    const ports = portsOf(await freePorts(SERVICES.length))
    const { ca, certificate, key } = place.certificates
    const command = [process.execPath, part]
    const listen = [ports.http, ports.echo].map(String)
    const server = place.processes.start('floor-server', [...command, 'server', certificate, key, ...listen])
    const port = (await server.line('listening ')).split(' ')[1] ?? ''
    const upstreams = [place.upstreams.http, place.upstreams.echo].map(String)
    const join = [...command, 'agent', ca, place.serverHost, port, ...upstreams]
    const agent = place.processes.start('floor-agent', join, { prefix: place.agentPrefix })
    return waitUntilReady({ server: [server], agent: [agent], host: '127.0.0.1', ports })
  },
}
