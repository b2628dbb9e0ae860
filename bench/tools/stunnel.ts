import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { portsOf, SERVICES, upstreamAddress } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { missingProgram, onPath, versionOf, waitUntilReady, type Tool } from './tool.js'

const COMMON = `foreground = yes
pid =
syslog = no
debug = err
`

/** Two stunnels, as a TLS link is made without a tunnel: visitor → client stunnel → TLS → server stunnel → upstream. */
export const stunnel: Tool = {
  id: 'stunnel',
  title: 'stunnel pair',
  encrypted: true,
  missing: () => missingProgram('stunnel4'),
  version: () => versionOf('stunnel4', ['-version'], /stunnel [\d.]+/),
  async start(place) {
    const numbers = await freePorts(SERVICES.length * 2)
    const ports = portsOf(numbers.slice(0, SERVICES.length))
    const middle = portsOf(numbers.slice(SERVICES.length))
    const files = {
      client: join(place.folder, 'stunnel-client.conf'),
      server: join(place.folder, 'stunnel-server.conf'),
    }
    const section = (name: string, from: string, to: string): string => `[${name}]\naccept = ${from}\nconnect = ${to}\n`
    const { ca, pem } = place.certificates
    const verify = `client = yes\nCAfile = ${ca}\nverifyChain = yes\ncheckHost = localhost\n`
    const near = SERVICES.map((name) => section(name, `127.0.0.1:${ports[name]}`, `127.0.0.1:${middle[name]}`))
    const far = SERVICES.map((name) => section(name, `127.0.0.1:${middle[name]}`, upstreamAddress(place, name)))
    writeFileSync(files.client, COMMON + near.map((text) => text + verify).join(''))
    writeFileSync(files.server, `${COMMON}cert = ${pem}\n${far.join('')}`)
    const program = onPath('stunnel4') ?? 'stunnel4'
    const agent = place.processes.start('stunnel-server', [program, files.server], { prefix: place.agentPrefix })
    const server = place.processes.start('stunnel-client', [program, files.client])
    return waitUntilReady({ server: [server], agent: [agent], host: '127.0.0.1', ports })
  },
}
