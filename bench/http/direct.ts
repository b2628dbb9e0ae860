import { waitForAnswer, type HttpTool } from './tool.js'

/** The upstream itself, with TLS and HTTP/2 of its own. */
export const directHttps: HttpTool = {
  id: 'direct',
  title: 'direct',
  encrypted: true,
  missing: () => null,
  version: () => 'no tunnel',
  start: (place) =>
    waitForAnswer({ server: [], agent: [], host: place.upstreamHost, port: place.upstreams.https }, place),
}
