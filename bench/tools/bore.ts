import { portsOf, SERVICES, waitForPort } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { missingProgram, versionOf, waitUntilReady, type Tool } from './tool.js'

const CONTROL_PORT = 7835

/** bore: no encryption, one client process for each port; it listens on every address and on a fixed port. */
export const bore: Tool = {
  id: 'bore',
  title: 'bore plain',
  encrypted: false,
  missing: (place) =>
    missingProgram('bore') ?? (place.isolated ? null : 'bore listens on every address: run as root, in a namespace'),
  version: () => versionOf('bore', ['--version'], /[\d.]+/),
  async start(place) {
    const ports = portsOf(await freePorts(SERVICES.length))
    const env = { ...process.env, RUST_LOG: 'error' }
    const server = place.processes.start('bore-server', ['bore', 'server'], { env })
    await waitForPort({ host: place.serverHost, port: CONTROL_PORT }, server)
    const agent = SERVICES.map((name) => {
      const command = ['bore', 'local', String(place.upstreams[name]), '--local-host', '127.0.0.1']
      const rest = ['--to', place.serverHost, '--port', String(ports[name])]
      return place.processes.start('bore-local', [...command, ...rest], { env, prefix: place.agentPrefix })
    })
    return waitUntilReady({ server: [server], agent, host: '127.0.0.1', ports })
  },
}
