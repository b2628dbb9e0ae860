import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { portsOf, SERVICES, waitForPort } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { missingProgram, versionOf, waitUntilReady, type Tool } from './tool.js'

/** frp with its defaults: TLS without verification, and all connections multiplexed over one TCP connection. */
export const frp: Tool = {
  id: 'frp',
  title: 'frp',
  encrypted: true,
  missing: () => missingProgram('frps', 'frpc'),
  version: () => versionOf('frps', ['-v'], /[\d.]+/),
  async start(place) {
    const [control = 0, ...numbers] = await freePorts(SERVICES.length + 1)
    const ports = portsOf(numbers)
    const files = { server: join(place.folder, 'frps.toml'), agent: join(place.folder, 'frpc.toml') }
    writeFileSync(
      files.server,
      `bindAddr = "${place.serverHost}"
bindPort = ${control}
proxyBindAddr = "127.0.0.1"
log.level = "warn"
`,
    )
    const proxies = SERVICES.map(
      (name) => `
[[proxies]]
name = "${name}"
type = "tcp"
localIP = "127.0.0.1"
localPort = ${place.upstreams[name]}
remotePort = ${ports[name]}
`,
    )
    writeFileSync(
      files.agent,
      `serverAddr = "${place.serverHost}"
serverPort = ${control}
loginFailExit = false
log.level = "warn"
${proxies.join('')}`,
    )
    const server = place.processes.start('frps', ['frps', '-c', files.server])
    await waitForPort({ host: place.serverHost, port: control }, server)
    const agent = place.processes.start('frpc', ['frpc', '-c', files.agent], { prefix: place.agentPrefix })
    return waitUntilReady({ server: [server], agent: [agent], host: '127.0.0.1', ports })
  },
}
