import { randomBytes } from 'node:crypto'
import { getServers } from 'node:dns'
import { isIP } from 'node:net'
import { type DnsServer, query, serverText } from './exchange.js'
import { DnsFailure } from './failure.js'
import { type DnsMessage, RCODE, rcodeName, TYPE } from './message.js'
import { encodeName, isWithin, readName, upwards } from './name.js'

export interface LookupOptions {
  /** None: those of the system. */
  readonly resolvers: readonly DnsServer[]
  /** For one answer of one resolver, ms. */
  readonly timeoutMs: number
}

/** A name server of a zone. */
export interface ZoneServer {
  readonly name: string
  /** IPv4 and IPv6; none when its name does not resolve. */
  readonly addresses: readonly string[]
}

/** Most aliases that are followed (resolvers themselves follow 8 to 16). */
const MOST_ALIASES = 12

/**
 * Where a name is served: its aliases, its zone, and the name servers of that. Resolvers are asked in turn until one
 * answers. Names are absolute, in lower case, without the last dot. Every method throws DnsFailure when DNS does not
 * say, and what `signal` was aborted with.
 */
export class DnsLookup {
  readonly #options: LookupOptions

  constructor(options: LookupOptions) {
    this.#options = options
  }

  /** For one answer of one server, ms. */
  get timeoutMs(): number {
    return this.#options.timeoutMs
  }

  /** The name at the end of the aliases of a name: itself, when it is none. */
  async target(name: string, signal: AbortSignal): Promise<string> {
    const seen = new Set([name])
    for (let at = name; ;) {
      const next = await this.#alias(at, signal)
      if (next === null) return at
      if (seen.has(next) || seen.size > MOST_ALIASES) {
        throw new DnsFailure(`the aliases of ${name} lead nowhere: ${[...seen, next].join(' → ')}`)
      }
      seen.add(next)
      at = next
    }
  }

  /**
   * Whether `target`, where the aliases of a name led, comes from a wildcard: any other name beside it leads there too.
   * What is at the name itself is not looked at again: the first record that anybody writes there ends the wildcard.
   */
  async isFromWildcard(name: string, target: string, signal: AbortSignal): Promise<boolean> {
    const beside = name.replace(/^[^.]*/, `uniroute-${randomBytes(6).toString('hex')}`)
    return (await this.target(beside, signal)) === target
  }

  async #alias(name: string, signal: AbortSignal): Promise<string | null> {
    const { answers } = await this.#ask(name, TYPE.CNAME, signal)
    return answers.find((record) => record.type === TYPE.CNAME && record.name === name)?.value ?? null
  }

  /** The zone that a name is in, by the SOA record of the name, or the one that comes with the answer that it has none. */
  async zoneOf(name: string, signal: AbortSignal): Promise<string> {
    for (const candidate of upwards(name)) {
      const { answers, authority } = await this.#ask(candidate, TYPE.SOA, signal)
      const soa = [...answers, ...authority].find(
        (record) => record.type === TYPE.SOA && isWithin(candidate, record.name),
      )
      if (soa !== undefined) return soa.name
    }
    throw new DnsFailure(`no zone was found for ${name}`)
  }

  /** The name servers of a zone with all their addresses. */
  async nameServers(zone: string, signal: AbortSignal): Promise<ZoneServer[]> {
    const { answers } = await this.#ask(zone, TYPE.NS, signal)
    const names = answers.flatMap(({ type, name, value }) =>
      type === TYPE.NS && name === zone && value !== null ? [value] : [],
    )
    if (names.length === 0) throw new DnsFailure(`no name servers were found for the zone ${zone}`)
    return Promise.all(names.map(async (name) => ({ name, addresses: await this.#addresses(name, signal) })))
  }

  async #addresses(name: string, signal: AbortSignal): Promise<string[]> {
    const found = await Promise.all(
      [TYPE.A, TYPE.AAAA].map(async (type) => {
        const { answers } = await this.#ask(name, type, signal)
        return answers.flatMap((record) => (record.type === type && record.value !== null ? [record.value] : []))
      }),
    )
    return found.flat()
  }

  async #ask(name: string, type: number, signal: AbortSignal): Promise<DnsMessage> {
    const { resolvers, timeoutMs } = this.#options
    const servers = resolvers.length > 0 ? resolvers : getServers().map(serverOf)
    const failures: string[] = []
    const asked = readName(encodeName(name), 0).name
    for (const server of servers) {
      try {
        const answer = await query(server, asked, type, { recursion: true, timeoutMs, signal })
        if (answer.rcode === RCODE.NOERROR || answer.rcode === RCODE.NXDOMAIN) return answer
        failures.push(`${serverText(server)} answered ${rcodeName(answer.rcode)}`)
      } catch (error) {
        if (!(error instanceof DnsFailure)) throw error
        failures.push(error.message)
      }
    }
    throw new DnsFailure(`asked for ${name}: ${failures.join('; ')}`)
  }
}

/** `1.2.3.4`, `::1`, `1.2.3.4:5353` or `[::1]:5353`, as Node gives them. */
function serverOf(text: string): DnsServer {
  if (isIP(text) !== 0) return { host: text, port: 53 }
  const [, host = text, port = '53'] = /^\[?([^\]]+)\]?:(\d+)$/.exec(text) ?? []
  return { host, port: Number(port) }
}
