import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import type { Agent, TunnelSpec } from '../../../src/agent/index.js'
import { Authority } from '../../support/certificates.js'
import { HttpTunnels } from '../../support/http-tunnel.js'
import { HttpVisitors } from '../../support/http-visitors.js'

export const HOST = 'shop.localhost'

export interface Terminated {
  readonly server: HttpTunnels
  readonly agent: Agent
  readonly authority: Authority
  /** They trust the authority of the agent's certificate, and not that of the server. */
  readonly visitors: HttpVisitors
}

/** A server, and an agent that ends TLS of `shop.localhost` with a certificate of its own, in front of an upstream. */
export async function terminated(
  t: Test,
  upstream: number | string,
  spec: Partial<Omit<TunnelSpec, 'upstream'>> = {},
): Promise<Terminated> {
  const [server, authority] = await Promise.all([HttpTunnels.start(t), Authority.create(t, 'authority of the agent')])
  const files = await authority.issue([HOST])
  const made = { name: 'shop', kind: 'http', subdomain: 'shop', terminate: { files }, ...spec } as const
  const agent = await server.agent({ ...made, upstream })
  return {
    server,
    agent,
    authority,
    visitors: new HttpVisitors(t, { port: server.port, ca: await readFile(authority.ca) }),
  }
}

/** Settles with the 'close' of something, whatever errors come before. */
export function closing(of: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => of.once('close', () => resolve()))
}
