import { proxyServers, startNginx } from '../lib/nginx.js'
import { upstreamAddress } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { missingProgram, versionOf } from '../tools/tool.js'
import { waitForAnswer, type HttpTool } from './tool.js'

/** nginx as a TLS reverse proxy that reaches the upstream itself: no tunnel, one process instead of two. */
export const nginx: HttpTool = {
  id: 'nginx',
  title: 'nginx, no tunnel',
  encrypted: true,
  missing: () => missingProgram('nginx'),
  version: () => versionOf('nginx', ['-v'], /[\d.]+/),
  async start(place) {
    const [port = 0] = await freePorts(1)
    const servers = proxyServers(`127.0.0.1:${port}`, upstreamAddress(place, 'http'), place.certificates.rsaSite)
    const server = startNginx(place, 'nginx-proxy', () => servers)
    return waitForAnswer({ server: [server], agent: [], host: '127.0.0.1', port }, place)
  },
}
