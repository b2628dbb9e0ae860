import { RSA_SITE, SITE } from '../lib/certificates.js'
import { upstreamAddress } from '../lib/place.js'
import { notBuilt, portOf, startUniroute, version } from '../tools/uniroute.js'
import { waitForAnswer, type HttpTool } from './tool.js'

/** An `http` tunnel with its defaults, and without the inspector. */
export const unirouteHttp = httpTunnel('uniroute', 'UniRoute', true)
export const unirouteUninspected = httpTunnel('uniroute-no-inspect', 'UniRoute, inspector off', false)

function httpTunnel(id: string, title: string, enabled: boolean): HttpTool {
  return {
    id,
    title,
    encrypted: true,
    missing: notBuilt,
    version,
    async start(place) {
      const tunnel = (host: string) => ({
        kind: 'http',
        subdomain: host.split('.')[0],
        upstream: upstreamAddress(place, 'http'),
      })
      const tunnels = { web: tunnel(SITE), rsa: tunnel(RSA_SITE) }
      const { server, agent, tls } = await startUniroute(place, { tunnels, inspect: { enabled } })
      return waitForAnswer({ server: [server], agent: [agent], host: '127.0.0.1', port: portOf(tls) }, place)
    },
  }
}

/** A `tcp` tunnel to the upstream's own TLS: what the same bytes cost when nobody reads the requests. */
export const unirouteTcp: HttpTool = {
  id: 'uniroute-tcp',
  title: 'UniRoute tcp, TLS at the upstream',
  encrypted: true,
  missing: notBuilt,
  version,
  async start(place) {
    const web = { kind: 'tcp', upstream: `127.0.0.1:${place.upstreams.https}` }
    const { server, agent, urls } = await startUniroute(place, { tunnels: { web } })
    const port = portOf(urls['web'] ?? '')
    return waitForAnswer({ server: [server], agent: [agent], host: '127.0.0.1', port }, place)
  },
}
