import { Agent as HttpsAgent, request } from 'node:https'
import type { Test } from 'tap'
import { httpKeysFrom, httpOptionsOf, readUpstream } from '../../src/config/index.js'
import { within } from './hang.js'
import { answered, type Answer, type Call, type HttpTunnels } from './http-tunnel.js'

/** What an `http` tunnel asks for, from keys as they stand in an agent's file. */
export function optionsFrom(keys: Readonly<Record<string, unknown>>, to: number | string = 3000) {
  const flags = Object.entries(keys).map(([key, value]) => ({ path: [key], value, origin: key }))
  return httpOptionsOf(httpKeysFrom(flags), readUpstream(String(to)))
}

/** The field of a request that logs in. */
export function login(user: string, password: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

/** Calls by HTTP/1.1 that share one connection, one after another; the second and each later one fails if they do not. */
export function keptAlive(t: Test, tunnels: HttpTunnels, host: string) {
  const agent = new HttpsAgent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  let calls = 0
  return async (path: string, { method, headers, body, host: asked = host }: Call = {}): Promise<Answer> => {
    const place = { host: '127.0.0.1', port: tunnels.port, servername: host, ca: tunnels.ca, agent }
    const message = request({ ...place, path, method, headers: { host: asked, ...headers } })
    message.end(body)
    const answer = await within(`an answer for ${path}`, answered(message))
    if (calls++ > 0 && !message.reusedSocket) throw new Error(`${path} was asked for over a connection of its own`)
    return answer
  }
}

/** The value of a sample on the metrics page, such as `uniroute_http_failures_total{reason="UR_…"}`; 0: there is none. */
export async function metric(tunnels: HttpTunnels, sample: string): Promise<number> {
  const response = await fetch(`http://${tunnels.daemon.addresses.metrics}/metrics`)
  const line = (await response.text()).split('\n').find((each) => each.startsWith(`${sample} `))
  return Number(line?.slice(sample.length) ?? 0)
}
