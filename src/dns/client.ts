import { type CaaRecord, promises as dns } from 'node:dns'
import { serverText } from './exchange.js'
import { DnsFailure } from './failure.js'

/** Where and how DNS is asked. */
export interface DnsOptions {
  /** None: those of the system. */
  readonly resolvers: readonly { readonly host: string; readonly port: number }[]
  /** Time for one answer, with all that is sent again for it, ms. */
  readonly timeoutMs: number
}

/** Most aliases that are followed (resolvers themselves follow 8 to 16). */
const MOST_ALIASES = 12

/** Where the aliases of a name lead. */
export interface Aliases {
  /** The names, from the first alias on; empty: it is none. */
  readonly names: readonly string[]
  /** They come back to themselves, or there are too many. */
  readonly loop: boolean
}

/**
 * Questions to DNS. Each is put with a resolver of its own: nothing is remembered, and one that hangs holds no other up.
 * A truncated answer is asked for again over TCP. Every method throws DnsFailure when there is no answer.
 */
export class DnsClient {
  readonly #options: DnsOptions

  constructor(options: DnsOptions) {
    this.#options = options
  }

  /** The TXT records of a name, the strings of each put together (RFC 7208 §3.3); null: there is no such name. */
  async txt(name: string): Promise<readonly string[] | null> {
    const records = await this.#ask('TXT', name, (resolver) => resolver.resolveTxt(name))
    return Array.isArray(records) ? records.map((strings) => strings.join('')) : records === 'ENODATA' ? [] : null
  }

  /** The IPv4 and IPv6 addresses of a name. */
  async addresses(name: string): Promise<readonly string[]> {
    const [four, six] = await Promise.all([
      this.#ask('A', name, (resolver) => resolver.resolve4(name)),
      this.#ask('AAAA', name, (resolver) => resolver.resolve6(name)),
    ])
    return [four, six].flatMap((found) => (Array.isArray(found) ? found : []))
  }

  /** The CAA records of a name (RFC 8659); those of a name that is an alias are those of its target. */
  async caa(name: string): Promise<readonly CaaRecord[]> {
    const records = await this.#ask('CAA', name, (resolver) => resolver.resolveCaa(name))
    return Array.isArray(records) ? records : []
  }

  /** Follows the CNAME records of a name. */
  async aliases(name: string): Promise<Aliases> {
    const names: string[] = []
    const seen = new Set([name])
    for (let at = name; ;) {
      const found = await this.#ask('CNAME', at, (resolver) => resolver.resolveCname(at))
      const next = Array.isArray(found) ? found[0]?.toLowerCase() : undefined
      if (next === undefined) return { names, loop: false }
      names.push(next)
      if (seen.has(next) || names.length === MOST_ALIASES) return { names, loop: true }
      seen.add(next)
      at = next
    }
  }

  async #ask<T>(
    type: string,
    name: string,
    ask: (resolver: dns.Resolver) => Promise<T[]>,
  ): Promise<T[] | 'ENOTFOUND' | 'ENODATA'> {
    const { resolvers, timeoutMs } = this.#options
    // c-ares waits twice as long for the second try as for the first.
    const resolver = new dns.Resolver({ timeout: Math.ceil(timeoutMs / 4), tries: 2 })
    if (resolvers.length > 0) resolver.setServers(resolvers.map(serverText))
    const timer = setTimeout(() => resolver.cancel(), timeoutMs)
    try {
      return await ask(resolver)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOTFOUND' || code === 'ENODATA') return code
      const from = resolver.getServers().join(', ')
      throw new DnsFailure(`asked ${from} for ${type} ${name}: ${reasonOf(code)}`, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }
}

function reasonOf(code: string | undefined): string {
  switch (code) {
    case 'ESERVFAIL':
      return 'the server failed (SERVFAIL)'
    case 'EREFUSED':
      return 'the server refused'
    case 'ETIMEOUT':
    case 'ECANCELLED':
      return 'no answer came in time'
    case 'ECONNREFUSED':
      return 'nothing answers there'
    default:
      return `no usable answer came (${code ?? 'unknown'})`
  }
}
