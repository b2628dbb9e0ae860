import { isIP } from 'node:net'
import { isFieldName } from '../core/http-fields.js'
import { parseJsonPath } from '../core/json-path.js'
import { Secret } from '../core/secret.js'
import {
  type HostPort,
  isHost,
  isSubdomain,
  type ListenAddress,
  type Network,
  parseHostPort,
  parseListenAddress,
  parseNetwork,
  parsePortRange,
  type PortRange,
} from './addresses.js'
import { Rejected, type Value } from './field.js'
import { formatDuration, formatSize, parseDuration, parseSize } from './units.js'
import { parseUpstream, type Upstream, UPSTREAM_FORMS } from './upstream.js'

export function value<T>(allowed: string, read: (raw: string | number) => T | undefined): Value<T> {
  return {
    allowed,
    parse(raw) {
      const parsed = typeof raw === 'string' || typeof raw === 'number' ? read(raw) : undefined
      return parsed === undefined ? new Rejected(raw) : parsed
    },
  }
}

/** One or several, written as one value or as a list. */
export function oneOrMore<T>(allowed: string, item: Value<T>): Value<readonly T[]> {
  return {
    allowed,
    parse(raw) {
      const parsed: T[] = []
      for (const each of Array.isArray(raw) ? (raw as unknown[]) : [raw]) {
        const result = item.parse(each)
        if (result instanceof Rejected) return result
        parsed.push(result)
      }
      return parsed
    },
  }
}

/** The value, or null when switched off with `off`, `false` or `none`. */
export function orOff<T>(inner: Value<T>): Value<T | null> {
  return {
    allowed: `${inner.allowed}, or off`,
    parse: (raw) => (raw === false || raw === 'off' || raw === 'none' ? null : inner.parse(raw)),
  }
}

export const text = (allowed: string, pattern: RegExp): Value<string> =>
  value(allowed, (raw) => (pattern.test(String(raw)) ? String(raw) : undefined))

export const choice = <const C extends readonly (string | number)[]>(...choices: C): Value<C[number]> =>
  value(oneOf(choices), (raw) => choices.find((each) => String(each) === String(raw)))

/** Switches, as YAML and command lines write them. */
export const onOff: Value<boolean> = {
  allowed: 'true or false',
  parse: (raw) => {
    const text = String(raw).toLowerCase()
    if (['true', 'on', 'yes'].includes(text)) return true
    return ['false', 'off', 'no'].includes(text) ? false : new Rejected(raw)
  },
}

export const fieldNames: Value<readonly string[]> = oneOrMore(
  'a list of names of header fields, such as [X-Customer]',
  value('', (raw) => (isFieldName(String(raw)) ? String(raw) : undefined)),
)

export const jsonPaths: Value<readonly string[]> = oneOrMore(
  'a list of paths in JSON, such as [$.user.card.number, "$.items[*].pin", $..iban]',
  value('', (raw) => (parseJsonPath(String(raw)) === null ? undefined : String(raw))),
)

export const httpUrl: Value<string> = text('an http:// or https:// address', /^https?:\/\/\S+$/)

export const integer = (min: number, max: number): Value<number> =>
  value(`a whole number from ${min} to ${max}`, (raw) => {
    const number = typeof raw === 'string' && !/^\d+$/.test(raw) ? Number.NaN : Number(raw)
    return Number.isInteger(number) && number >= min && number <= max ? number : undefined
  })

/** A number of milliseconds, between two durations written as in the file. */
export const duration = (min: string, max: string): Value<number> => {
  const bounds = [parseDuration(min) ?? 0, parseDuration(max) ?? 0] as const
  return value(
    `a duration from ${formatDuration(bounds[0])} to ${formatDuration(bounds[1])}, such as 30s or 5m`,
    (raw) => within(typeof raw === 'string' ? parseDuration(raw) : undefined, bounds),
  )
}

/** A number of bytes, between two sizes written as in the file. */
export const size = (min: string, max: string): Value<number> => {
  const bounds = [parseSize(min) ?? 0, parseSize(max) ?? 0] as const
  return value(`a size from ${formatSize(bounds[0])} to ${formatSize(bounds[1])}, such as 64KiB or 16MiB`, (raw) =>
    within(parseSize(raw), bounds),
  )
}

export const path: Value<string> = text('a path', /^[^\0]+$/)

export const paths: Value<readonly string[]> = oneOrMore('a path, or a list of them', path)

export const secret = (allowed: string, pattern: RegExp): Value<Secret> =>
  value(allowed, (raw) => (pattern.test(String(raw)) ? new Secret(String(raw)) : undefined))

export const hostName: Value<string> = value('a host name, such as tunnels.example.com', (raw) =>
  isHost(String(raw)) ? String(raw).toLowerCase() : undefined,
)

export const hostNames: Value<readonly string[]> = oneOrMore(
  'a list of host names, such as [admin.example.com]',
  hostName,
)

export const variableNames: Value<readonly string[]> = oneOrMore(
  'a list of names of variables, such as [DNS_TOKEN]',
  value('', (raw) => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(String(raw)) ? String(raw) : undefined)),
)

/** The address of a server that answers DNS: its IP address, with a port other than 53 behind it. */
export const resolverAddress: Value<HostPort> = value('', (raw) => {
  const text = String(raw)
  const address = isIP(text) !== 0 ? { host: text, port: 53 } : parseHostPort(text, 53)
  return address !== undefined && isIP(address.host) !== 0 ? address : undefined
})

export const resolvers: Value<readonly HostPort[]> = oneOrMore(
  'a list of IP addresses, with a port or without, such as [9.9.9.9, "127.0.0.1:5353"]',
  resolverAddress,
)

/** Labels of host names, as they stand in DNS. */
export const labels: Value<readonly string[]> = oneOrMore(
  'a list of labels, such as [www, admin]; one in another script as punycode (xn--…)',
  value('', (raw) => {
    const label = String(raw).toLowerCase()
    return isHost(label) && !label.includes('.') ? label : undefined
  }),
)

export const hostPattern: Value<string> = value(
  'a host name, such as shop.example.com, or *.example.com for every name one label below',
  (raw) => (isHost(String(raw).replace(/^\*\./, '')) ? String(raw).toLowerCase() : undefined),
)

export const subdomain: Value<string> = value('one label of a host name, such as shop', (raw) =>
  isSubdomain(String(raw)) ? String(raw) : undefined,
)

export const listenAddress: Value<ListenAddress> = value(
  'a port or host:port, such as 443, 127.0.0.1:8443 or "[::1]:8443"',
  parseListenAddress,
)

export const hostPort = (defaultPort: number): Value<HostPort> =>
  value(`host:port, such as tunnels.example.com:${defaultPort} (${defaultPort} when no port is given)`, (raw) =>
    parseHostPort(String(raw), defaultPort),
  )

const onePortRange: Value<PortRange> = value('', parsePortRange)

export const portRanges: Value<readonly PortRange[]> = {
  allowed: 'a range of ports, such as 20000-29999 or 127.0.0.1:20000-29999, or a list of ranges that do not overlap',
  parse(raw) {
    const parsed = oneOrMore('', onePortRange).parse(raw)
    if (parsed instanceof Rejected) return parsed
    const sorted = [...parsed].sort((a, b) => a.from - b.from)
    return sorted.some((range, i) => range.from <= (sorted[i - 1]?.to ?? 0)) ? new Rejected(raw) : parsed
  },
}

export const networks: Value<readonly Network[]> = oneOrMore(
  'a list of networks, such as [10.0.0.0/8, fd00::/8]',
  value('', (raw) => parseNetwork(String(raw))),
)

export const upstream: Value<Upstream> = value(UPSTREAM_FORMS, parseUpstream)

/** The first of two readings that accepts the value. */
export function either<A, B>(a: Value<A>, b: Value<B>): Value<A | B> {
  return {
    allowed: `${a.allowed}, or ${b.allowed}`,
    parse(raw) {
      const first: A | Rejected = a.parse(raw)
      return first instanceof Rejected ? b.parse(raw) : first
    },
  }
}

function within(amount: number | undefined, [min, max]: readonly [number, number]): number | undefined {
  return amount !== undefined && amount >= min && amount <= max ? amount : undefined
}

function oneOf(choices: readonly (string | number)[]): string {
  return choices.length === 1 ? String(choices[0]) : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}
