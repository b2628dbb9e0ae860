import { portsOf, SERVICES, upstreamAddress, waitForPort } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { missingProgram, versionOf, waitUntilReady, type Tool } from './tool.js'

/** chisel with its defaults: SSH inside a WebSocket, the server's key not pinned. */
export const chisel: Tool = {
  id: 'chisel',
  title: 'chisel',
  encrypted: true,
  missing: () => missingProgram('chisel'),
  version: () => versionOf('chisel', ['--version'], /[\d.]+/),
  async start(place) {
    const [control = 0, ...numbers] = await freePorts(SERVICES.length + 1)
    const ports = portsOf(numbers)
    const listen = ['--host', place.serverHost, '--port', String(control)]
    const server = place.processes.start('chisel-server', ['chisel', 'server', ...listen, '--reverse'])
    await waitForPort({ host: place.serverHost, port: control }, server)
    const remotes = SERVICES.map((name) => `R:127.0.0.1:${ports[name]}:${upstreamAddress(place, name)}`)
    const command = ['chisel', 'client', `http://${place.serverHost}:${control}`, ...remotes]
    const agent = place.processes.start('chisel-client', command, { prefix: place.agentPrefix })
    return waitUntilReady({ server: [server], agent: [agent], host: '127.0.0.1', ports })
  },
}
