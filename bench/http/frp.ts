import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SITE } from '../lib/certificates.js'
import { waitForPort } from '../lib/place.js'
import { freePorts } from '../lib/sockets.js'
import { frp } from '../tools/frp.js'
import { waitForAnswer, type HttpTool } from './tool.js'

/** frp's way of serving HTTPS: frps passes it through by SNI, and the plugin https2http has the TLS, in frpc. */
export const frpHttps: HttpTool = {
  id: frp.id,
  title: frp.title,
  encrypted: true,
  missing: (place) => frp.missing(place),
  version: () => frp.version(),
  async start(place) {
    const [control = 0, port = 0] = await freePorts(2)
    const { certificate, key } = place.certificates.site
    const files = { server: join(place.folder, 'frps-https.toml'), agent: join(place.folder, 'frpc-https.toml') }
    writeFileSync(
      files.server,
      `bindAddr = "${place.serverHost}"
bindPort = ${control}
proxyBindAddr = "127.0.0.1"
vhostHTTPSPort = ${port}
log.level = "warn"
`,
    )
    writeFileSync(
      files.agent,
      `serverAddr = "${place.serverHost}"
serverPort = ${control}
loginFailExit = false
log.level = "warn"
[[proxies]]
name = "web"
type = "https"
customDomains = ["${SITE}"]
[proxies.plugin]
type = "https2http"
localAddr = "127.0.0.1:${place.upstreams.http}"
crtPath = "${certificate}"
keyPath = "${key}"
`,
    )
    const server = place.processes.start('frps', ['frps', '-c', files.server])
    await waitForPort({ host: place.serverHost, port: control }, server)
    const agent = place.processes.start('frpc', ['frpc', '-c', files.agent], { prefix: place.agentPrefix })
    return waitForAnswer({ server: [server], agent: [agent], host: '127.0.0.1', port }, place)
  },
}
