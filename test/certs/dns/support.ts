import { DnsLookup } from '../../../src/dns/lookup.js'
import type { Test } from 'tap'
import { Knot, type KnotOptions } from '../../support/knot.js'
import { freePort } from '../../support/places.js'

/** SOA and name servers of a zone, the first on 127.0.0.1, the next on 127.0.0.2 and so on. */
export function zoneHead(nameServers: number): string {
  const lines = ['@ SOA ns1 hostmaster 1 3600 600 86400 0']
  for (let i = 1; i <= nameServers; i++) lines.push(`@ NS ns${i}`, `ns${i} A 127.0.0.${i}`)
  return `${lines.join('\n')}\n`
}

/** Name servers with the same zones, on 127.0.0.1, 127.0.0.2 and so on, with one port. */
export async function knots(t: Test, count: number, zones: Record<string, string>, options: KnotOptions = {}) {
  const port = await freePort()
  const made: Knot[] = []
  for (let i = 1; i <= count; i++) made.push(await Knot.start(t, zones, { ...options, address: `127.0.0.${i}`, port }))
  return { port, made }
}

/** Asks the first of them as if it was a resolver. */
export function lookupAt(port: number, timeoutMs = 2000): DnsLookup {
  return new DnsLookup({ resolvers: [{ host: '127.0.0.1', port }], timeoutMs })
}

export const signal: AbortSignal = new AbortController().signal
