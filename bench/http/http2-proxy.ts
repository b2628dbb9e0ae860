import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SITE } from '../lib/certificates.js'
import { upstreamAddress } from '../lib/place.js'
import { repository } from '../lib/repository.js'
import { notBuilt, portOf, startAgent } from '../tools/uniroute.js'
import { waitForAnswer, type HttpTool } from './tool.js'

const part = fileURLToPath(new URL('../parts/http2-proxy-server.js', import.meta.url))
const modules = join(repository, 'node_modules', 'http2-proxy')

/** Our own agent, sessions, streams and TLS, with the package http2-proxy in place of our own HTTP. */
export const http2Proxy: HttpTool = {
  id: 'http2-proxy',
  title: 'http2-proxy, over our streams',
  encrypted: true,
  missing: notBuilt,
  version: () => (JSON.parse(readFileSync(join(modules, 'package.json'), 'utf8')) as { version: string }).version,
  async start(place) {
    const { ca, certificate, key, site } = place.certificates
    const pems = [certificate, key, site.certificate, site.key]
    const server = place.processes.start('http2-proxy', [process.execPath, part, place.serverHost, ...pems])
    const tls = (await server.line('listening ')).split(' ')[1] ?? ''
    const web = { kind: 'http', subdomain: SITE.split('.')[0], upstream: upstreamAddress(place, 'http') }
    const { agent } = await startAgent(place, { server: tls, ca, token: 'unr_bench', tunnels: { web } })
    return waitForAnswer({ server: [server], agent: [agent], host: '127.0.0.1', port: portOf(tls) }, place)
  },
}
