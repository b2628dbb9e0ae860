import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { portsOf, SERVICES, upstreamAddress, waitForPort } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { missingProgram, versionOf, waitUntilReady, type Tool } from './tool.js'

/** rathole over TLS with a certificate that its client verifies, as its own Cargo.toml builds it: with OpenSSL. */
export const rathole = ratholeOver('tls', { id: 'rathole', title: 'rathole TLS', program: 'rathole' })
/** The same built with its `rustls` feature. */
export const ratholeRustls = ratholeOver('tls', {
  id: 'rathole-rustls',
  title: 'rathole TLS (rustls)',
  program: 'rathole-rustls',
})
/** rathole as it comes: plain TCP. */
export const ratholePlain = ratholeOver('tcp', { id: 'rathole-plain', title: 'rathole plain', program: 'rathole' })

interface Build {
  id: string
  title: string
  /** Its name on PATH. */
  program: string
}

function ratholeOver(transport: 'tls' | 'tcp', { id, title, program }: Build): Tool {
  return {
    id,
    title,
    encrypted: transport === 'tls',
    missing: () => missingProgram(program),
    version: () => versionOf(program, ['--version'], /(?<=Build Version:\s+)[\d.]+/),
    async start(place) {
      const [control = 0, ...numbers] = await freePorts(SERVICES.length + 1)
      const ports = portsOf(numbers)
      const files = {
        server: join(place.folder, 'rathole-server.toml'),
        agent: join(place.folder, 'rathole-client.toml'),
      }
      const services = (side: string, value: (name: (typeof SERVICES)[number]) => string): string =>
        SERVICES.map((name) => `[${side}.services.${name}]\n${value(name)}\n`).join('')
      const { ca, pkcs12, pkcs12Password } = place.certificates
      writeFileSync(
        files.server,
        `[server]
bind_addr = "${place.serverHost}:${control}"
default_token = "bench"
[server.transport]
type = "${transport}"
${transport === 'tls' ? `[server.transport.tls]\npkcs12 = "${pkcs12}"\npkcs12_password = "${pkcs12Password}"\n` : ''}
${services('server', (name) => `bind_addr = "127.0.0.1:${ports[name]}"`)}`,
      )
      writeFileSync(
        files.agent,
        `[client]
remote_addr = "${place.serverHost}:${control}"
default_token = "bench"
[client.transport]
type = "${transport}"
${transport === 'tls' ? `[client.transport.tls]\ntrusted_root = "${ca}"\nhostname = "localhost"\n` : ''}
${services('client', (name) => `local_addr = "${upstreamAddress(place, name)}"`)}`,
      )
      const env = { ...process.env, RUST_LOG: 'error' }
      const server = place.processes.start('rathole-server', [program, '--server', files.server], { env })
      await waitForPort({ host: place.serverHost, port: control }, server)
      const command = [program, '--client', files.agent]
      const agent = place.processes.start('rathole-client', command, { env, prefix: place.agentPrefix })
      return waitUntilReady({ server: [server], agent: [agent], host: '127.0.0.1', ports })
    },
  }
}
